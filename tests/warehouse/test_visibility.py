"""Which repositories somebody may see, in every way of asking."""

import pytest
from psycopg.sql import SQL

from gitinsight.errors import NotFound
from tests.support.rows import HOST, add_repository, fetch
from warehouse import visibility
from warehouse.engine import Engine, driver
from warehouse.visibility import Readable

SEEN: list[tuple[Readable, set[int]]] = [
    (None, {1, 2, 3}), (frozenset(), {1}), (frozenset({2}), {1, 2}), (frozenset({1, 9}), {1}),
]  # fmt: skip


@pytest.fixture
def held(warehouse: Engine) -> Engine:
    """The first is public, the others are not."""
    for number in (1, 2, 3):
        add_repository(warehouse, f"octo/{number}", github_id=number)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set is_private = repository_id > 1")
    return warehouse


@pytest.mark.parametrize(("readable", "seen"), SEEN)
def test_everybody_sees_what_is_public_and_what_is_theirs(
    held: Engine, readable: Readable, seen: set[int]
) -> None:
    with held.begin() as connection:
        assert visibility.among(connection, [1, 2, 3, 9], readable) == seen
        statement = SQL("select repository_id from ops.repositories where {}")
        composed = driver(connection).execute(statement.format(visibility.condition(readable)))
        assert {one for (one,) in composed} == seen
        for repository_id in seen:
            visibility.check(connection, repository_id, readable)


def test_what_may_not_be_seen_is_told_like_what_is_not_there(held: Engine) -> None:
    told = []
    with held.begin() as connection:
        for repository_id in (2, 99):
            with pytest.raises(NotFound) as caught:
                visibility.check(connection, repository_id, frozenset())
            told.append(str(caught.value).replace(str(repository_id), "N"))

    assert told[0] == told[1]


def test_whether_there_is_anything_private(held: Engine) -> None:
    with held.begin() as connection:
        assert visibility.has_private(connection, HOST)
        assert not visibility.has_private(connection, "https://other.test")
        assert len(fetch(connection, "select from ops.repositories where is_private")) == 2
