"""Two formulas beside each other: who moves, and by how much."""

import pytest

from gitinsight.metrics.catalogue import Version
from tests.support.marts import make
from warehouse import impact
from warehouse.engine import Engine
from warehouse.impact import Move
from warehouse.statements import QueryFailed

SUMMARY = "repository_id bigint primary key, full_name text, plain float, fair float"
ROWS = [
    (1, "o/same", 2, 2), (2, "o/unknown", None, None), (3, "o/up", 2, 5), (4, "o/down", 9, 1),
    (5, "o/known", None, 0), (6, "o/gone", 7, None),
]  # fmt: skip


def version(formula: str, number: int = 1) -> Version:
    return Version(
        version=number, words="A figure.", formula=formula,
        sources={"marts.repository_summary": ("plain",)},
    )  # fmt: skip


PLAIN = version("select repository_id, plain as value from marts.repository_summary")
FAIR = version("select repository_id, fair as value from marts.repository_summary -- fair", 2)


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    with warehouse.begin() as connection:
        make(connection, "marts.repository_summary", SUMMARY, *ROWS)
    return warehouse


def moves(warehouse: Engine, old: Version, new: Version) -> list[Move]:
    with warehouse.connect() as connection:
        return impact.moves(connection, old, new)


def test_what_becomes_known_or_unknown_comes_first_and_then_the_largest(filled: Engine) -> None:
    found = moves(filled, PLAIN, FAIR)

    assert [(one.full_name, one.change, one.kind) for one in found] == [
        ("o/unknown", None, "unknown"), ("o/known", None, "now known"),
        ("o/gone", None, "no longer known"), ("o/down", -8, "moved"), ("o/up", 3, "moved"),
        ("o/same", 0, "same"),
    ]  # fmt: skip


def test_a_repository_without_a_row_is_not_known(filled: Engine) -> None:
    none = version("select repository_id, fair as value from marts.repository_summary limit 0")

    assert {one.kind for one in moves(filled, PLAIN, none)} == {"no longer known", "unknown"}


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("select repository_id, id as value from raw.github_issues", "permission denied"),
        ("select repository_id, nothing as value from marts.repository_summary", "not exist"),
    ],
)
def test_a_formula_is_computed_with_the_rights_of_an_analyst(
    filled: Engine, formula: str, reason: str
) -> None:
    with pytest.raises(QueryFailed, match=reason):
        moves(filled, PLAIN, version(formula))
