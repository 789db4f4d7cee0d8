"""A figure says itself whether its target was met, and the README shows what the files hold."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.figures import (
    BEGIN,
    END,
    MODELS,
    ROOT,
    Baseline,
    Figure,
    Target,
    line,
    rewrite_table,
    save,
    table,
)

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
PEER = Baseline("peer", "1.2", 100.0)


def figure(
    *values: float, target: Target, is_cost: bool = False, baseline: Baseline | None = PEER
) -> Figure:
    return Figure("rows", "loading", 3, "rows a second", values, target, is_cost, baseline)


def test_a_record_holds_the_median_and_how_far_the_runs_lie_apart() -> None:
    record = figure(400, 500, 700, target=Target("ratio", ">=", 5)).record(commit="c", at=AT)

    assert record == {
        "name": "rows", "issue": 3, "unit": "rows a second", "value": 500.0,
        "interval": None,
        "baseline": {"name": "peer", "version": "1.2", "value": 100.0}, "ratio": 5.0,
        "target": "ratio >= 5", "met": True, "runs": 3, "spread": 0.6,
        "command": "make bench ONLY=loading", "python": sys.version, "commit": "c",
        "at": "2026-06-01T12:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("judged", "ratio", "met"),
    [
        (figure(499, target=Target("ratio", ">=", 5)), 4.99, False),
        (figure(500, target=Target("ratio", ">=", 5)), 5, True),
        (figure(21, target=Target("ratio", ">=", 5), is_cost=True), 4.762, False),
        (figure(20, target=Target("ratio", ">=", 5), is_cost=True), 5, True),
    ],
)
def test_the_ratio_says_how_many_times_better(judged: Figure, *, ratio: float, met: bool) -> None:
    record = judged.record(commit="c", at=AT)

    assert (record["ratio"], record["met"]) == (ratio, met)


def test_without_a_baseline_the_value_itself_is_judged() -> None:
    over = figure(64.5, target=Target("value", "<=", 64), baseline=None)
    at_it = figure(64, target=Target("value", "<=", 64), baseline=None)

    assert over.record(commit="c", at=AT)["met"] is False
    assert at_it.record(commit="c", at=AT)["met"] is True
    assert at_it.record(commit="c", at=AT)["ratio"] is None


def test_a_ratio_that_nobody_measured_meets_nothing() -> None:
    alone = figure(64, target=Target("ratio", ">=", 5), baseline=None)

    assert alone.record(commit="c", at=AT)["met"] is False


def test_nothing_spent_has_no_ratio() -> None:
    free = figure(0, target=Target("value", "<=", 0), is_cost=True)

    assert free.record(commit="c", at=AT)["ratio"] is None
    assert free.record(commit="c", at=AT)["met"] is True


def test_the_readme_shows_every_file_and_keeps_its_words(tmp_path: Path) -> None:
    readme, results = tmp_path / "README.md", tmp_path / "results"
    readme.write_text(f"before\n{BEGIN}\nan old table\n{END}\nafter\n")
    save(figure(499, target=Target("ratio", ">=", 5)), directory=results)

    rewrite_table(readme, directory=results)

    text = readme.read_text()
    assert text == f"before\n{BEGIN}\n{table(results)}\n{END}\nafter\n"
    assert "| `rows` | 499 rows a second | peer 1.2: 100 (4.99×) |" in text  # noqa: RUF001 - times
    assert "**no**" in text


def test_a_sample_has_an_interval() -> None:
    sampled = replace(figure(0.9, target=Target("value", ">=", 0.8)), interval=(0.85, 0.94321))
    record = sampled.record(commit="c", at=AT)

    assert record["interval"] == [0.85, 0.9432]
    assert "| 0.9 (0.85 to 0.9432) rows a second |" in line(record)


def test_a_file_names_the_commit_that_was_measured(tmp_path: Path) -> None:
    save(figure(1, target=Target("value", ">=", 1)), directory=tmp_path)

    commit = json.loads((tmp_path / "rows.json").read_text())["commit"]
    assert commit.removesuffix("-dirty").isalnum()


def test_a_page_shows_the_figures_that_are_its_own(tmp_path: Path) -> None:
    page, results = tmp_path / "rows.md", tmp_path / "results"
    page.write_text(f"{BEGIN}\n{END}\n")
    save(figure(499, target=Target("ratio", ">=", 5)), directory=results)

    rewrite_table(page, directory=results, of=lambda name: name == "other")

    assert "`rows`" not in page.read_text()


def test_what_a_models_page_shows_the_readme_does_not() -> None:
    shown = {page: page.read_text() for page in (*MODELS.glob("*.md"), ROOT / "README.md")}

    assert "| `sentiment-github` |" in shown.pop(MODELS / "sentiment.md")
    assert not any("| `sentiment-github` |" in text for text in shown.values())


def test_a_readme_without_a_place_for_them_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("words")

    with pytest.raises(ValueError, match="no place for the figures"):
        rewrite_table(readme, directory=tmp_path)
    assert readme.read_text() == "words"
