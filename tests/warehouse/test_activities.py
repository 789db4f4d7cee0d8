"""What accounts are seen to do, and what is kept of the verdicts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from models.actors import Verdict
from models.behaviour import LEAST, MOST
from tests.support.rows import AT, add_repository, fetch
from warehouse import activities
from warehouse.engine import Connection, Engine, driver

START = datetime(2026, 1, 1, tzinfo=UTC)
NEEDED = ("issues", "issue_comments", "issue_events", "reviews", "review_comments")


def put(connection: Connection, table: str, *payloads: dict[str, Any]) -> None:
    driver(connection).cursor().executemany(
        f"insert into raw.{table} (repository_id, id, payload, content_hash, source, api_version,"
        " sanitized, extracted_at, run_id) values (1, %s, %s, '', 'rest', '', false, %s,"
        " gen_random_uuid())".encode(),
        [(number, Jsonb(one), AT) for number, one in enumerate(payloads, 1)],
    )


def know(connection: Connection) -> None:
    for thing in NEEDED:
        driver(connection).execute(
            "insert into ops.completeness (repository_id, thing, upstream_count, held_count, state,"
            " as_of, job_id) values (1, %s, 20, 20, 'complete', %s, gen_random_uuid())",
            (thing, AT),
        )


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def issue(number: int, login: str, hours: float, **more: Any) -> dict[str, Any]:
    return {"number": number, "user": {"login": login}, "created_at": at(hours), **more}


def comment(number: int, login: str, hours: float) -> dict[str, Any]:
    url = f"https://api/issues/{number}"
    return {"issue_url": url, "user": {"login": login}, "created_at": at(hours)}


def found(connection: Connection) -> dict[str, list[tuple[str, float]]]:
    zero = START.timestamp() / 3600
    return {
        one.login: [
            (kind, round(hours - zero, 4)) for kind, hours in zip(one.kinds, one.hours, strict=True)
        ]
        for one in activities.of_accounts(connection, 1)
    }


@pytest.fixture
def followed(warehouse: Engine) -> Engine:
    add_repository(warehouse)
    return warehouse


def test_each_kind_of_activity_is_seen(followed: Engine) -> None:
    pull = "https://api/pulls/2"
    with followed.begin() as connection:
        know(connection)
        put(
            connection,
            "github_issues",
            issue(1, "ann", 0),
            issue(2, "ann", 1, pull_request={}),
            issue(3, "bob", 1),
        )
        put(
            connection,
            "github_issue_events",
            {
                "issue": {"number": 1},
                "event": "closed",
                "actor": {"login": "ann"},
                "created_at": at(2),
            },
            {
                "issue": {"number": 2},
                "event": "reopened",
                "actor": {"login": "ann"},
                "created_at": at(3),
            },
            {
                "issue": {"number": 1},
                "event": "labeled",
                "actor": {"login": "ann"},
                "created_at": at(3),
            },
        )
        # The first goes with the closing, a second after it; the second stands alone.
        put(
            connection,
            "github_issue_comments",
            comment(1, "ann", 2 + 1 / 3600),
            comment(2, "ann", 4),
            comment(1, "ann", 5),
        )
        reviews = [
            {"state": "APPROVED", "body": "", "submittedAt": at(6)},
            {"state": "COMMENTED", "body": "", "submittedAt": at(7)},
            {"state": "COMMENTED", "body": "so", "submittedAt": at(8)},
        ]
        ann, app = ({"login": "ann", "__typename": kind} for kind in ("User", "Bot"))
        put(
            connection,
            "github_reviews",
            *({**one, "author": ann} for one in reviews),
            {**reviews[0], "author": app},
        )
        put(
            connection,
            "github_review_comments",
            {"pull_request_url": pull, "user": {"login": "ann"}, "created_at": at(9)},
        )
        put(
            connection,
            "github_releases",
            {"author": {"login": "ann"}, "published_at": at(10)},
            {"author": {"login": "ann"}, "published_at": None},
        )

        assert found(connection) == {
            "ann": [
                ("opens issue", 0), ("opens pull request", 1), ("closed issue", 2),
                ("reopened pull request", 3), ("comments pull request", 4), ("comments issue", 5),
                ("reviews", 6), ("comments changes", 8), ("comments changes", 9), ("releases", 10),
            ]
        }  # fmt: skip


def test_commits_of_a_minute_are_one_push(followed: Engine) -> None:
    with followed.begin() as connection:
        know(connection)
        put(connection, "github_issues", *(issue(one, "ann", one) for one in range(LEAST - 2)))
        raw = driver(connection)
        raw.execute(
            "insert into raw.git_identities (repository_id, email, login, actor_type, evidence,"
            " looked_up_at, run_id) values (1, 'ann@x', 'ann', 'User', 'commit', %s,"
            " gen_random_uuid())", (AT,)
        )  # fmt: skip
        for sha, minutes, parents in (("a", 0, 1), ("b", 0, 1), ("c", 5, 1), ("d", 9, 2)):
            raw.execute(
                "insert into raw.git_commits (repository_id, sha, parents, author_name,"
                " author_email, committer_name, committer_email, authored_at,"
                " author_tz_offset_minutes, authored_at_raw, committed_at, committed_at_raw,"
                " message, additions, deletions, files_count, source, sanitized, extracted_at,"
                " run_id, is_on_default_branch)"
                " values (1, %s, %s, 'Ann', 'Ann@x', 'Ann', 'ann@x', %s, 0, '', %s, '', 'm', 0, 0,"
                " 0, 'git', false, %s, gen_random_uuid(), true)",
                (sha, ["p"] * parents, START, START + timedelta(hours=99, minutes=minutes), AT),
            )

        kinds = [kind for kind, _ in found(connection)["ann"]]
    assert kinds.count("pushes") == 2


def test_the_last_ones_of_an_account_count(followed: Engine) -> None:
    with followed.begin() as connection:
        know(connection)
        many = [issue(one, "ann", 24 * 200 + one / 60) for one in range(MOST + 5)]
        old = [issue(1000 + one, "bob", one) for one in range(LEAST)]
        late = [issue(2000, "bob", 24 * 95)]
        few = [issue(3000 + one, "carl", one) for one in range(LEAST - 1)]
        put(connection, "github_issues", *many, *old, *late, *few)

        seen = found(connection)

    assert list(seen) == ["ann"]
    assert len(seen["ann"]) == MOST
    assert seen["ann"][-1][1] == pytest.approx(24 * 200 + (MOST + 4) / 60, abs=1e-3)


@pytest.mark.parametrize(
    ("known", "is_enough"),
    [
        ("state = 'unavailable'", False), ("held_count = null", False), ("held_count = 17", False),
        ("held_count = 18, state = 'partial'", True), ("upstream_count = null", True),
    ],
)  # fmt: skip
def test_where_too_little_is_known_nobody_is_seen(
    followed: Engine, known: str, *, is_enough: bool
) -> None:
    with followed.begin() as connection:
        put(connection, "github_issues", *(issue(one, "ann", one) for one in range(LEAST)))
        assert found(connection) == {}
        know(connection)
        driver(connection).execute(
            f"update ops.completeness set {known} where thing = 'reviews'".encode()
        )

        assert list(found(connection)) == (["ann"] if is_enough else [])


def test_only_what_differs_is_written(followed: Engine) -> None:
    kept = "select login, bot_probability, model, xmin from ops.actor_scores order by login"
    one, two = Verdict("ann", 0.1, 12, "x"), Verdict("bob", 0.9, 30, "y")
    with followed.begin() as connection:
        activities.store(connection, 1, [one, two], model="m@1", at=AT)
    with followed.begin() as connection:
        before = fetch(connection, kept)
        activities.store(connection, 1, [one, two], model="m@1", at=AT)
        assert fetch(connection, kept) == before
        activities.store(connection, 1, [one], model="m@2", at=AT)
        assert [row[:3] for row in fetch(connection, kept)] == [("ann", 0.1, "m@2")]
        activities.store(connection, 1, [], model="m@2", at=AT)
        assert fetch(connection, kept) == []
