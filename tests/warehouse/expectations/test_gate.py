"""The gate on a real warehouse: each fault fails the check that is named after it, and no other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.marts import make
from tests.support.rows import AT, payload_row
from warehouse import completeness, cursors, raw
from warehouse.engine import Connection, Engine
from warehouse.expectations import gate
from warehouse.quality import Check
from warehouse.raw import Origin

ISSUE = {
    "user": {"login": "ann"}, "closed_at": None,
    "state": "open", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
BEFORE = {"github_issues": 10, "git_commits": 0}
ISSUES = """
    repository_id bigint, number int, closed_at timestamptz, first_response_at timestamptz,
    author_class text, primary key (repository_id, number)
"""
DAYS = "repository_id bigint, day date, commits_count bigint, primary key (repository_id, day)"


def put(connection: Connection, identifier: int, **changed: Any) -> None:
    payload = {"number": identifier, **ISSUE, **changed}
    row = payload_row(identifier, **{key: value for key, value in payload.items() if value != ()})
    origin = Origin(1, "rest", "1", AT, UUID(int=1))
    raw.upsert(connection, "issues", [row], origin=origin)


def look(connection: Connection, thing: str, *, hours_ago: float) -> None:
    cursor = cursors.take(connection, 1, thing, at=AT)
    cursors.move(connection, cursor, {}, at=AT - timedelta(hours=hours_ago))()


def fill(
    connection: Connection, schema: str, *, open_issues: int, ghosts: int = 0, of: int = 60
) -> None:
    rows = [
        (
            1, number, None if number < open_issues else AT, AT,
            "ghost" if number < ghosts else "human",
        )
        for number in range(of)
    ]  # fmt: skip
    make(connection, f"{schema}.issue_responsiveness", ISSUES, *rows)


def work(connection: Connection, schema: str, *commits: int) -> None:
    """So many commits on each of the last days, the newest day first."""
    rows = [(1, (AT - timedelta(days=ago)).date(), count) for ago, count in enumerate(commits)]
    make(connection, f"{schema}.daily_activity", DAYS, *rows)


def judge(
    warehouse: Engine, previous: dict[str, int] = BEFORE, *, has_figures: bool = True
) -> dict[str, Check]:
    found = gate.run(
        warehouse,
        repository_id=1,
        job_id=UUID(int=2),
        as_of=AT,
        at=AT,
        previous_counts=previous,
        volume_drop_ratio=0.2,
        fresh_hours=24,
        has_figures=has_figures,
    )
    return {check.check_name: check for check in found}


def failed(found: dict[str, Check]) -> dict[str, str]:
    return {name: check.severity for name, check in found.items() if check.status == "failed"}


@pytest.fixture
def sound(warehouse: Engine) -> Engine:
    """Eight of ten issues, all looked at within the day, a third of them open now as before."""
    with warehouse.begin() as connection:
        for identifier in range(1, 9):
            put(connection, identifier)
        ledger = {thing: completeness.judge(thing, count, count)
                  for thing, count in (("issues", 10), ("pull_requests", 0))}  # fmt: skip
        completeness.record(connection, 1, ledger, at=AT, job_id=UUID(int=1))
        look(connection, "issues", hours_ago=23)
        look(connection, "labels", hours_ago=1)
        fill(connection, "marts", open_issues=20)
        fill(connection, "candidate", open_issues=34)
        work(connection, "marts", *[0] * 30, 60, 40)
        work(connection, "candidate", *[9] * 30, 62, 38)
    return warehouse


def test_a_sound_warehouse_passes(sound: Engine) -> None:
    found = judge(sound)

    assert failed(found) == {}
    assert found.keys() >= {
        "volume:github_issues", "volume:git_commits", "freshness:issues", "freshness:labels",
        "types:github_issues",
        "types:github_reviews", "drift:issue_responsiveness.closed_at",
        "drift:issue_responsiveness.first_response_at",
        "drift:issue_responsiveness.author_class", "history:commits_count", "clock",
    }  # fmt: skip


def _lose_one(connection: Connection) -> None:
    raw.mark_deleted(connection, "issues", 1, [8], at=AT, reason="gone")


def _not_look(connection: Connection) -> None:
    look(connection, "milestones", hours_ago=25)


def _flip_type(connection: Connection) -> None:
    put(connection, 1, number="1")


def _lose_key(connection: Connection) -> None:
    put(connection, 1, state=())


def _null_key(connection: Connection) -> None:
    put(connection, 1, created_at=None)


def _drift(connection: Connection) -> None:
    fill(connection, "candidate", open_issues=36)


def _lose_logins(connection: Connection) -> None:
    fill(connection, "candidate", open_issues=34, ghosts=16)


def _rewrite(connection: Connection) -> None:
    """Three of a hundred commits moved from one old day to another: six differences."""
    work(connection, "candidate", *[9] * 30, 63, 37)


def _read_tomorrow(connection: Connection) -> None:
    connection.exec_driver_sql(
        "update raw.github_issues set extracted_at = extracted_at + interval '25 hours'"
        " where id = 1"
    )


@pytest.mark.parametrize(
    ("break_it", "check_name", "severity"),
    [
        (_lose_one, "volume:github_issues", "block"),
        (_not_look, "freshness:milestones", "warn"),
        (_flip_type, "types:github_issues", "block"),
        (_lose_key, "types:github_issues", "block"),
        (_null_key, "types:github_issues", "block"),
        (_drift, "drift:issue_responsiveness.closed_at", "warn"),
        (_lose_logins, "drift:issue_responsiveness.author_class", "warn"),
        (_rewrite, "history:commits_count", "warn"),
        (_read_tomorrow, "clock", "warn"),
    ],
)
def test_each_fault_fails_its_own_check(
    sound: Engine, break_it: Callable[[Connection], None], check_name: str, severity: str
) -> None:
    with sound.begin() as connection:
        break_it(connection)

    assert failed(judge(sound)) == {check_name: severity}


def test_faults_do_not_hide_each_other(sound: Engine) -> None:
    with sound.begin() as connection:
        for break_it in (_lose_one, _not_look, _flip_type, _drift):
            break_it(connection)

    assert failed(judge(sound)).keys() == {
        "volume:github_issues", "freshness:milestones", "types:github_issues",
        "drift:issue_responsiveness.closed_at",
    }  # fmt: skip


def test_a_check_says_what_it_saw_and_what_it_wanted(sound: Engine) -> None:
    with sound.begin() as connection:
        _lose_one(connection)

    found = judge(sound)["volume:github_issues"]

    assert (found.tool, found.subject) == ("great_expectations", "raw.github_issues")
    assert (found.observed, found.expected) == ("7 rows", "at least 8 rows, 10 before")
    assert found.failures == 1


def test_without_a_publication_before_there_is_nothing_to_compare_with(sound: Engine) -> None:
    with sound.begin() as connection:
        connection.exec_driver_sql("drop table marts.issue_responsiveness, marts.daily_activity")

    found = judge(sound, previous={})

    assert failed(found) == {}
    assert {name.partition(":")[0] for name in found} == {"clock", "freshness", "types"}


def test_without_figures_the_payloads_alone_are_judged(sound: Engine) -> None:
    with sound.begin() as connection:
        for break_it in (_lose_one, _not_look, _flip_type):
            break_it(connection)

    found = judge(sound, has_figures=False)

    assert failed(found) == {"types:github_issues": "block"}
    assert {name.partition(":")[0] for name in found} == {"types"}


def test_a_few_rows_say_nothing_about_a_share(sound: Engine) -> None:
    with sound.begin() as connection:
        fill(connection, "marts", open_issues=0, of=49)
        fill(connection, "candidate", open_issues=49, of=49)

    assert not any(name.startswith("drift") for name in judge(sound))


def test_a_deleted_record_of_the_wrong_type_is_no_fault(sound: Engine) -> None:
    with sound.begin() as connection:
        put(connection, 9, number="9")
        raw.mark_deleted(connection, "issues", 1, [9], at=AT, reason="gone")

    assert failed(judge(sound)) == {}


def test_other_repositories_are_not_judged(sound: Engine) -> None:
    with sound.begin() as connection:
        connection.exec_driver_sql(
            "update raw.github_issues set repository_id = 2, payload = payload - 'number'"
            " where id = 8"
        )

    assert failed(judge(sound, previous={"github_issues": 8})) == {}
