"""Repositories as a list: in an order that stays, unknown last, and only those that may be seen."""

from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from tests.support.rows import AT, add_repository, payload_row
from warehouse import listing, raw
from warehouse.engine import Engine
from warehouse.listing import Sort
from warehouse.raw import Origin

SORTS: tuple[Sort, ...] = get_args(Sort)
DAY = timedelta(days=1)
HELD: tuple[tuple[str, datetime | None, dict[str, Any]], ...] = (
    ("octo/app", AT, {"language": "Python", "stargazers_count": 7}),
    ("Acme/site", AT + DAY, {"language": "C++", "stargazers_count": 7}),
    ("acme/Tool", None, {"language": None, "stargazers_count": None}),
    ("octo/odd", AT, {"language": 5, "stargazers_count": "many"}),
    ("zeta/app", AT - DAY, {"language": "python", "stargazers_count": 10**18}),
)
NEVER_READ = 6
EXPECTED: dict[str, list[int]] = {
    "added": [1, 2, 3, 4, 5, 6], "-added": [6, 5, 4, 3, 2, 1],
    "name": [2, 3, 6, 1, 4, 5], "-name": [5, 4, 1, 6, 3, 2],
    "stars": [1, 2, 5, 3, 4, 6], "-stars": [5, 1, 2, 3, 4, 6],
    "updated": [5, 1, 4, 2, 3, 6], "-updated": [2, 1, 4, 5, 3, 6],
}  # fmt: skip


@pytest.fixture(scope="module")
def followed(library: Engine) -> Engine:
    for number, (name, at, payload) in enumerate(HELD, 1):
        repository_id = add_repository(library, name, github_id=number)
        origin = Origin(repository_id, "rest", "2022-11-28", AT, UUID(int=1))
        with library.begin() as connection:
            updated_at = at and f"{at:%Y-%m-%dT%H:%M:%SZ}"
            row = payload_row(number, at=None, updated_at=updated_at, **payload)
            raw.upsert(connection, "repositories", [row], origin=origin)
    assert add_repository(library, "beta/new", github_id=NEVER_READ) == NEVER_READ
    return library


def listed(followed: Engine, *, limit: int = 50, **asked: Any) -> list[int]:
    """Page by page."""
    found: list[int] = []
    after: tuple[str, ...] | None = ()
    with followed.begin() as connection:
        while after is not None:
            page = listing.page(connection, limit=limit, after=after, **asked)
            assert len(page.rows) <= limit
            found += [one.repository_id for one in page.rows]
            after = page.end
    return found


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 50])
def test_every_order_shows_every_one_once_and_the_unknown_last(
    followed: Engine, sort: Sort, limit: int
) -> None:
    assert listed(followed, sort=sort, limit=limit) == EXPECTED[sort]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"language": "PYTHON"}, [1, 5]), ({"language": "c++"}, [2]), ({"language": "5"}, [4]),
        ({"language": "Pyth"}, []), ({"language": "%"}, []), ({"language": "' or true --"}, []),
        ({"language": ""}, [1, 2, 3, 4, 5, 6]), ({"q": ""}, [1, 2, 3, 4, 5, 6]),
        ({"language": "python", "q": "ZETA"}, [5]), ({"q": "tool"}, [3]),
        ({"q": "app", "sort": "-stars"}, [5, 1]), ({"q": "%"}, []), ({"q": "_"}, []),
        ({"language": "python", "sort": "-name"}, [5, 1]),
    ],
    ids=str,
)  # fmt: skip
def test_they_are_those_that_are_looked_for(
    followed: Engine, asked: dict[str, Any], expected: list[int]
) -> None:
    for limit in (1, 50):
        assert listed(followed, limit=limit, **asked) == expected


@pytest.mark.parametrize("sort", SORTS)
def test_a_repository_between_two_pages_moves_none(followed: Engine, sort: Sort) -> None:
    with followed.connect() as connection:
        first = listing.page(connection, sort=sort, limit=3)
        connection.exec_driver_sql(
            "insert into ops.repositories (host, full_name, clone_url, state, added_at)"
            " values ('https://api.github.test', 'aaaa/first', '', 'active', now())"
        )
        rest = listing.page(connection, sort=sort, limit=9, after=first.end or ())
        connection.rollback()

    shown = [one.repository_id for one in (*first.rows, *rest.rows)]
    assert [one for one in shown if one <= NEVER_READ] == EXPECTED[sort]


@pytest.mark.parametrize("sort", SORTS)
def test_what_may_not_be_seen_is_in_no_list(followed: Engine, sort: Sort) -> None:
    with followed.connect() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set is_private = true where repository_id in (1, 5)"
        )
        found = {
            readable: [
                one.repository_id
                for one in listing.page(
                    connection, sort=sort, language="python", readable=readable
                ).rows
            ]
            for readable in (frozenset[int](), frozenset({5}))
        }
        connection.rollback()

    assert found == {frozenset(): [], frozenset({5}): [5]}


@pytest.mark.parametrize(
    "after",
    [
        ("7",), ("-stars", "7", "1"), ("stars", "7"), ("stars", "7", "1", "1"), ("stars", "x", "1"),
        ("stars", "7", "x"), ("stars", "7", "99999999999999999999"), ("stars", "1e200000", "1"),
        ("stars", "\0", "1"), ("stars", "", "\0"), ("stars", "7; drop table ops.jobs", "1"),
    ],
    ids=str,
)  # fmt: skip
def test_a_page_that_ends_nowhere_in_this_order_is_refused(
    followed: Engine, after: tuple[str, ...]
) -> None:
    with followed.begin() as connection, pytest.raises(ValueError, match=r"page|unpack"):
        listing.page(connection, sort="stars", after=after)


def test_what_github_has_deleted_is_not_known_any_more(followed: Engine) -> None:
    with followed.connect() as connection:
        connection.exec_driver_sql(
            "update raw.github_repositories set deleted_at = now() where repository_id = 1"
        )
        found = listing.page(connection, sort="-stars").rows
        connection.rollback()

    assert [one.repository_id for one in found] == [5, 2, 1, 3, 4, 6]
