"""Every query of the cookbook runs as an analyst, and answers what its heading asks."""

import re
from collections.abc import Iterator

import pytest

from gitinsight.settings import Settings
from tests.support.checkout import ROOT
from warehouse import analyst
from warehouse.analyst import Limits
from warehouse.engine import Connection, make_engine

_RECIPE = re.compile(
    r"^### (?P<question>[^\n]+)\n.*?^```sql\n(?P<query>.*?)^```", re.MULTILINE | re.DOTALL
)
RECIPES = {
    found["question"]: found["query"]
    for found in _RECIPE.finditer((ROOT / "docs/cookbook.md").read_text("utf-8"))
}
SILENT = {
    "4. Which open pull requests has nobody answered yet?",
    "Which people work on more than one repository",
    "Which repositories share their people",
    "What is worth a look now",
}
"""One small repository alone has no answer to these."""


@pytest.fixture
def reading(analysed: Settings) -> Iterator[Connection]:
    engine = make_engine(analysed.warehouse_url, process="test")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_every_heading_has_its_query() -> None:
    text = (ROOT / "docs/cookbook.md").read_text("utf-8")

    assert len(RECIPES) == text.count("\n### ") == text.count("```sql") > 20


def test_every_query_runs_and_answers(reading: Connection) -> None:
    answers = {question: analyst.select(reading, query) for question, query in RECIPES.items()}

    silent = {question for question, rows in answers.items() if not rows}
    assert silent == SILENT


def test_the_gate_changes_no_answer(reading: Connection) -> None:
    for question, query in RECIPES.items():
        found = analyst.ask(reading, query, Limits(rows=1_000))

        names = [name for name, _ in found.columns]
        answer = [dict(zip(names, row, strict=True)) for row in found.rows]
        assert answer == analyst.select(reading, query), question


def test_the_answers_are_those_of_the_summary(reading: Connection) -> None:
    (summary,) = analyst.select(reading, "select * from marts.repository_summary")

    days = analyst.select(reading, RECIPES["What happens on which day of the week"])
    (authors,) = analyst.select(
        reading, f"select sum(opened) as opened from ({_query('The top authors of pull req')}) as a"
    )
    (merged,) = analyst.select(reading, RECIPES["3. Where does the time of a pull request go?"])
    assert [one["weekday"] for one in days] == [1, 2, 3, 4, 5, 6, 7]
    assert authors["opened"] == summary["pull_requests_count"]
    assert merged["merged"] == summary["pull_requests_merged_count"]


def _query(start: str) -> str:
    (found,) = (query for question, query in RECIPES.items() if question.startswith(start))
    return found.rstrip().removesuffix(";")
