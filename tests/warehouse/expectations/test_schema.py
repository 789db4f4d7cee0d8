"""Schema drift: keys that come, go and change their type, told from what was seen before."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.rows import AT, add_repository, payload_row, queue
from warehouse import raw
from warehouse.engine import Connection, Engine, driver
from warehouse.expectations import schema
from warehouse.raw import Origin

ISSUE: dict[str, Any] = {
    "number": 1, "state": "open", "title": "a", "labels": [], "comments": 0, "closed_at": None,
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    "user": {"login": "ann"}, "locked": False, "milestone": None,
}  # fmt: skip
PULL = {"number": 1, "state": "OPEN", "title": "a", "createdAt": "2026-01-01T00:00:00Z"}


def read(
    connection: Connection, identifier: int, payload: dict[str, Any], *, repository_id: int = 1,
    thing: str = "issues", source: str = "rest", hours: int = 0,
) -> None:  # fmt: skip
    at = AT + timedelta(hours=hours)
    fields = {key: value for key, value in payload.items() if key != "id"}
    raw.upsert(
        connection, thing, [payload_row(identifier, at=at, **fields)],
        origin=Origin(repository_id, source, "1", at, UUID(int=1)),
    )  # fmt: skip


def judge(connection: Connection, job: int, repository_id: int = 1) -> dict[str, tuple[str, str]]:
    """Check -> severity and what was seen, of those that fail."""
    return {
        one.check_name: (one.severity, one.observed_text)
        for one in schema.run(connection, repository_id, job_id=UUID(int=job), at=AT)
        if one.observed < one.least
    }


def without(*keys: str, **changed: Any) -> dict[str, Any]:
    return {**{key: value for key, value in ISSUE.items() if key not in keys}, **changed}


@pytest.fixture
def known(warehouse: Engine) -> Engine:
    """A repository whose issues were judged by job 1, and published."""
    add_repository(warehouse)
    job = queue(warehouse)
    with warehouse.begin() as connection:
        read(connection, 1, ISSUE)
        read(connection, 9, PULL, thing="pull_requests", source="graphql")
        assert judge(connection, 1) == {}
        driver(connection).execute(
            "insert into ops.publications (repository_id, publication, job_id, as_of, published_at,"
            " quality_status, coverage) values (1, 1, %s, %s, %s, 'passed', '{}')",
            (job.job_id, AT, AT + timedelta(minutes=1)),
        )
    return warehouse


def test_what_is_seen_first_is_the_baseline(known: Engine) -> None:
    with known.begin() as connection:
        found = driver(connection).execute(
            "select path, json_type, records_count, sampled_count from ops.payload_keys"
            " where thing = 'issues' and path like any (array['user%', 'milestone', 'number'])"
            " order by path"
        )
        kept = found.fetchall()

    assert kept == [
        ("milestone", "null", 1, 1), ("number", "number", 1, 1), ("user", "object", 1, 1),
        ("user.login", "string", 1, 1),
    ]  # fmt: skip


def test_a_key_that_is_read_and_is_gone_from_all_that_is_new_blocks(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without("labels", user={"id": 7}), hours=1)

        first, again, later = (judge(connection, job) for job in (2, 2, 3))

    gone = {"keys:github_issues": ("block", "labels is gone, user.login is gone")}
    assert first == again == later == gone


def test_a_key_that_one_new_record_still_has_is_not_gone(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without("labels"), hours=1)
        read(connection, 3, ISSUE, hours=1)

        assert judge(connection, 2) == {}


def test_what_is_below_an_account_that_is_gone_is_not_gone_itself(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without(user=None), hours=1)

        assert judge(connection, 2) == {}


def test_what_was_published_before_keys_were_kept_is_the_baseline_then(known: Engine) -> None:
    with known.begin() as connection:
        driver(connection).execute("truncate ops.payload_keys")
        assert judge(connection, 2) == {}
        read(connection, 2, without("labels"), hours=1)

        assert judge(connection, 3) == {"keys:github_issues": ("block", "labels is gone")}


def test_what_was_published_with_another_type_stays_as_it_was(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without(labels={}))

        assert judge(connection, 2) == {}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"labels": {}}, "1 records are otherwise: labels"),
        ({"closed_at": 1_700_000_000}, "1 records are otherwise: closed_at"),
        ({"user": {"login": 5}}, "1 records are otherwise: user.login"),
        ({"user": "ann"}, "1 records are otherwise: user"),
        ({"number": None}, "1 records are otherwise: number"),
    ],
)
def test_a_key_that_is_read_and_has_another_type_blocks(
    known: Engine, changed: dict[str, Any], told: str
) -> None:
    with known.begin() as connection:
        read(connection, 2, without(**changed), hours=1)

        assert judge(connection, 2)["types:github_issues"] == ("block", told)


def test_a_new_key_warns_once_however_often_its_job_is_tried(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without(reactions={}, sub_issues=3), hours=1)

        first, again, later = (judge(connection, job) for job in (2, 2, 3))

    told = "reactions (object) is new, sub_issues (number) is new"
    assert first == again == {"new_keys:github_issues": ("warn", told)}
    assert later == {}


def test_a_key_that_is_not_read_and_has_another_type_warns(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without(locked="no"), hours=1)

        assert judge(connection, 2) == {
            "new_keys:github_issues": ("warn", "locked (string) was boolean")
        }


def test_what_was_null_and_has_a_value_now_is_no_news(known: Engine) -> None:
    with known.begin() as connection:
        read(connection, 2, without(milestone={"number": 1}, locked=None), hours=1)

        assert judge(connection, 2) == {}


def test_what_another_repository_has_shown_is_not_new(known: Engine) -> None:
    add_repository(known, "octo/lib", github_id=2)
    with known.begin() as connection:
        read(connection, 5, without(draft=False), repository_id=2)
        assert judge(connection, 2, repository_id=2) == {}
        read(connection, 2, without(draft=True), hours=1)

        assert judge(connection, 3) == {}


def test_what_our_own_query_asks_for_anew_is_not_new(known: Engine) -> None:
    with known.begin() as connection:
        read(
            connection, 8, {**PULL, "reviewDecision": "NONE"}, thing="pull_requests",
            source="graphql", hours=1,
        )  # fmt: skip

        assert judge(connection, 2) == {}


def test_another_source_has_a_baseline_of_its_own(known: Engine) -> None:
    rest = {"number": 2, "state": "open", "title": "b", "created_at": "2026-01-01T00:00:00Z"}
    with known.begin() as connection:
        read(connection, 8, rest, thing="pull_requests", hours=1)

        assert judge(connection, 2) == {}
