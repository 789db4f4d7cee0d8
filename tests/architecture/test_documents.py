"""What is written for people is true: links lead somewhere, commands exist, settings are listed."""

import re
import subprocess
from pathlib import Path

import pytest
import typer.main

from benchmarks.figures import BEGIN, END
from flows.cli import app
from gitinsight.settings import Settings, explain
from tests.support.checkout import ROOT

_README_LINES = 120
_LINK = re.compile(r"\[[^\]]*\]\((?!https?://|#)([^)#]+)")
_COMMAND = re.compile(r"(?:\.venv/bin/|`)gitinsight (?!-)([a-z]+(?:-[a-z]+)*)")
_TARGET = re.compile(r"(?:^|`)make ([a-z]+)", re.MULTILINE)
_PLACE = re.compile(r"(?<![\w.])/(?:work|root|home)/[\w.-]+")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


DOCUMENTS = tracked("*.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = [
        link
        for link in _LINK.findall(document.read_text("utf-8"))
        if not (document.parent / link).exists()
    ]

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(_COMMAND.findall(text)) - commands == set()
    assert set(_TARGET.findall(text)) - targets == set()


def test_the_index_of_decisions_names_each_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = {one.name: one.read_text("utf-8").splitlines()[0] for one in folder.glob("0*.md")}
    rows = re.findall(
        r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (folder / "README.md").read_text(), re.MULTILINE
    )

    assert {name: f"# {number}. {title}" for number, title, name in rows} == titles
    assert [name for _, _, name in rows] == sorted(titles)


def test_no_row_of_the_architecture_is_there_twice() -> None:
    """A merge keeps the old beside the new."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        first = [row.split("|")[1].strip() for row in table.splitlines()]
        assert [one for one in first if one and first.count(one) > 1] == []


def test_the_anchors_of_the_health_score_are_those_of_the_document() -> None:
    seed = (ROOT / "dbt" / "seeds" / "health_anchors.csv").read_text("utf-8").splitlines()
    told = (ROOT / "docs" / "health-score.md").read_text("utf-8")

    rows = re.findall(r"^\| (.+) \|$", told, re.MULTILINE)
    assert [row.replace(" | ", ",") for row in rows[1:]] == seed[1:]


def test_the_readme_is_short() -> None:
    """What is written by hand: the table grows with what is measured."""
    text = (ROOT / "README.md").read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    assert len((before + rest.partition(END)[2]).splitlines()) < _README_LINES


def test_every_setting_is_listed_with_its_default_as_a_shell_reads_it() -> None:
    lines = [
        line
        for line in (ROOT / ".env.example").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    read = subprocess.run(
        ["/bin/sh", "-c", "set -a; . ./.env.example; env -0"], cwd=ROOT, env={}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    listed = dict(one.split("=", 1) for one in read.stdout.split("\0") if one.startswith("GIT"))

    settings = {row["setting"]: row["value"] for row in explain(Settings())}
    assert len(lines) == len(listed)
    assert read.stderr == ""
    assert listed.keys() == settings.keys()
    for name, value in settings.items():
        if name != "GITINSIGHT_STATE_DIR":
            assert _same(listed[name], value), name


def _same(written: str, value: str | None) -> bool:
    try:
        return float(written) == float(value or "")
    except ValueError:
        return written.lower() == (value or "").lower()


def test_nothing_names_a_place_on_somebodys_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): places
        for path in tracked()
        if path.suffix not in {".lock", ".csv"}
        and path != Path(__file__)
        and (places := _PLACE.findall(path.read_text("utf-8", "replace")))
    }

    assert found == {}
