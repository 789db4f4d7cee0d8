"""Whom persons worked for comes from a file or a command, and makes the elephant factor."""

import json
from pathlib import Path

import pytest

from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.support.analyses import analyse, rows
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"
HEAD = "subject,organisation,from_day,to_day,source\n"


def test_what_a_file_says_makes_the_elephant_factor(
    gitinsight: Gitinsight, analysed: Settings, tmp_path: Path
) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    factor = (
        "select elephant_factor_count, organisations_count, commits_affiliated_count,"
        " commits_count, top_organisations from marts.elephant_factor"
    )
    assert rows(warehouse, factor) == [(None, None, 0, 73, None)]
    file = tmp_path / "affiliations.csv"
    file.write_text(f"{HEAD}Ada,Acme,2020-01-01,,her page\n@example.invalid,Bell,,,their site\n")

    code, out, _ = gitinsight("affiliations", "import", str(file))
    assert (code, "analysis of 1 repositories" in out) == (0, True)
    assert analyse(analysed, warehouse, NAME).state == "succeeded"
    [(count, organisations, affiliated, commits, top)] = rows(warehouse, factor)
    assert (count, organisations, affiliated, commits) == (1, 2, 58, 73)
    assert top[0] == {"organisation": "Bell", "commits_count": 34}
    warehouse.dispose()


def test_a_command_says_it_and_takes_it_back(gitinsight: Gitinsight) -> None:
    said = ("affiliations", "set", "Ada", "Acme", "--source", "her page")
    assert gitinsight(*said, "--from", "2026-01-01", "--to", "2026-01-31")[0] == 0
    [row] = json.loads(gitinsight("affiliations", "list", "--json")[1])
    assert row == {
        "subject": "ada", "organisation": "Acme", "from_day": "2026-01-01",
        "to_day": "2026-01-31", "source": "her page",
    }  # fmt: skip

    assert gitinsight("affiliations", "unset", "ada")[0] == 0
    assert json.loads(gitinsight("affiliations", "list", "--json")[1]) == []
    assert "an affiliation of ada" in gitinsight("affiliations", "unset", "ada")[2]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("subject,organisation\nada,Acme\n", "no column from_day, source, to_day"),
        (f"{HEAD}ada,Acme,,,x\nbea,Acme,soon,,x\n", "line 3"),
        (f"{HEAD}ada,,,,x\n", "line 2 leaves something out"),
        (f"{HEAD}ada,Acme,,,x\nada,Bell,,,x\n", "at Acme and at Bell"),
    ],
)
def test_a_file_that_is_wrong_says_nothing(
    gitinsight: Gitinsight, tmp_path: Path, lines: str, why: str
) -> None:
    file = tmp_path / "affiliations.csv"
    file.write_text(lines)

    code, _, err = gitinsight("affiliations", "import", str(file))
    assert (code, why in err) == (1, True)
    assert json.loads(gitinsight("affiliations", "list", "--json")[1]) == []
