"""What was refused is tried again: written once where it can be held now, else refused still."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from flows.quarantine import Replay, exit_code, replay
from gitinsight.github.payloads import Kind, Quarantined, Row
from gitinsight.settings import Settings
from tests.support.analyses import count, rows
from tests.support.commands import gitinsight, variables
from tests.support.rows import AT, add_repository, claim, payload_row, queue
from warehouse import quarantine, raw
from warehouse.engine import Engine
from warehouse.raw import Origin

JOB = UUID(int=1)
LATER = AT + timedelta(hours=1)
FIXED = b'{"id": 5, "title": "now", "updated_at": "2026-06-01T00:00:00Z"}'
HOPELESS = b'{"id": 6, "n": 1e400}'


def keep(
    warehouse: Engine, repository_id: int, raw: bytes, *, thing: str = "issues",
    kind: Kind = Kind.RECORD,
) -> None:  # fmt: skip
    with warehouse.begin() as connection:
        quarantine.keep(
            connection, thing, [Quarantined(kind, None, raw, "an old reason")],
            repository_id=repository_id, source="rest", at=AT, job_id=JOB,
        )  # fmt: skip


def put(warehouse: Engine, thing: str, *put_rows: Row, repository_id: int, source: str) -> None:
    with warehouse.begin() as connection:
        origin = Origin(repository_id, source, "1", AT, JOB)
        raw.upsert(connection, thing, put_rows, origin=origin)


def test_what_can_be_held_now_is_written_once_and_marked(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    keep(warehouse, repository_id, FIXED)

    first = replay(warehouse, at=LATER)
    second = replay(warehouse, at=LATER)

    assert (first, second) == ({(repository_id, "issues"): Replay(accepted=1)}, {})
    assert rows(warehouse, "select id, payload ->> 'title', run_id from raw.github_issues") == [
        (5, "now", JOB)
    ]
    assert rows(warehouse, "select replayed_at from ops.quarantine") == [(LATER,)]
    assert count(warehouse, "raw.github_issues_history") == 0


def test_what_another_record_is_repeated_of_is_left_out_as_when_it_is_read(
    warehouse: Engine,
) -> None:
    repository_id = add_repository(warehouse)
    event = b'{"id": 5, "event": "closed", "issue": {"number": 4, "title": "Boom"}}'
    keep(warehouse, repository_id, event, thing="issue_events")

    replay(warehouse, at=LATER)

    assert rows(warehouse, "select payload -> 'issue' from raw.github_issue_events") == [
        ({"number": 4},)
    ]


def test_what_is_refused_still_stays_with_the_newest_reason(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    keep(warehouse, repository_id, HOPELESS)

    found = replay(warehouse, at=LATER)

    assert found == {(repository_id, "issues"): Replay(refused=1)}
    ((raw_bytes, error, replayed_at),) = rows(
        warehouse, "select raw, error, replayed_at from ops.quarantine"
    )
    assert (raw_bytes, replayed_at) == (HOPELESS, None)
    assert "out of range" in error


def test_a_newer_version_that_is_held_is_not_overwritten(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    keep(warehouse, repository_id, FIXED)
    put(
        warehouse, "issues", payload_row(5, at=LATER, title="newer"),
        repository_id=repository_id, source="rest",
    )  # fmt: skip

    assert replay(warehouse, at=LATER) == {(repository_id, "issues"): Replay(accepted=1)}
    assert rows(warehouse, "select payload ->> 'title' from raw.github_issues") == [("newer",)]


@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_what_postgresql_refused_is_tried_again_as_what_it_was(
    warehouse: Engine, source: str
) -> None:
    """GraphQL's id is no number: the row is known by the number that it came with."""
    repository_id = add_repository(warehouse)
    node = b'{"id": "PR_x", "title": "\\u0000"}' if source == "graphql" else None
    refused = Row(5, node or b'{"id": 5, "title": "\\u0000"}', b"hash", AT, sanitized=False)
    put(warehouse, "pull_requests", refused, repository_id=repository_id, source=source)
    assert count(warehouse, "raw.github_pull_requests") == 0

    found = replay(warehouse, at=LATER)

    assert found == {(repository_id, "pull_requests"): Replay(accepted=1)}
    held = "select id, source, sanitized from raw.github_pull_requests"
    assert rows(warehouse, held) == [(5, source, True)]
    assert count(warehouse, "ops.quarantine where kind = 'record' and replayed_at is null") == 0


def test_a_node_of_graphql_that_can_be_held_now_keeps_its_number_and_time(
    warehouse: Engine,
) -> None:
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        quarantine.keep(
            connection, "pull_requests", [Quarantined(Kind.RECORD, 5, b'{"id": "PR_x"}', "once")],
            repository_id=repository_id, source="graphql", source_updated_at=AT, at=AT,
            job_id=JOB,
        )  # fmt: skip

    replay(warehouse, at=LATER)

    held = "select id, source, source_updated_at from raw.github_pull_requests"
    assert rows(warehouse, held) == [(5, "graphql", AT)]


def test_a_whole_answer_is_split_again(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    keep(warehouse, repository_id, b"[" + FIXED + b"," + HOPELESS + b"]", kind=Kind.ANSWER)
    keep(warehouse, repository_id, b"<html>Unicorn!</html>", kind=Kind.ANSWER)
    keep(warehouse, repository_id, b"[]", kind=Kind.ANSWER, thing="commits")

    found = replay(warehouse, at=LATER)

    assert found == {
        (repository_id, "issues"): Replay(accepted=1, refused=1),
        (repository_id, "commits"): Replay(refused=1),
    }
    assert count(warehouse, "raw.github_issues") == 1
    waiting = "select raw from ops.quarantine where replayed_at is null and kind = 'record'"
    assert rows(warehouse, waiting) == [(HOPELESS,)]


def test_a_record_is_told_by_what_identifies_it_in_its_list(warehouse: Engine) -> None:
    """A week of stars has no id."""
    repository_id = add_repository(warehouse)
    keep(warehouse, repository_id, b'{"week": 1767225600, "total": 3}', thing="stars_history")

    found = replay(warehouse, at=LATER)

    assert found == {(repository_id, "stars_history"): Replay(accepted=1)}
    assert rows(warehouse, "select id, payload ->> 'total' from raw.github_stars_history") == [
        (1767225600, "3")
    ]


def test_a_repository_that_is_being_read_is_left_alone(warehouse: Engine) -> None:
    busy, free = add_repository(warehouse), add_repository(warehouse, "octo/b", github_id=2)
    for one in (busy, free):
        keep(warehouse, one, FIXED)
    claim(warehouse, busy)
    queue(warehouse, free)

    found = replay(warehouse, at=LATER)

    assert found == {(busy, "issues"): Replay(busy=1), (free, "issues"): Replay(accepted=1)}


@pytest.mark.parametrize(
    ("replays", "code"),
    [
        ([], 0),
        ([Replay(accepted=2)], 0),
        ([Replay(accepted=2), Replay(refused=1)], 3),
        ([Replay(refused=1), Replay(busy=1)], 75),
    ],
)
def test_the_exit_code_tells_the_gravest(replays: list[Replay], code: int) -> None:
    assert exit_code(replays) == code


def test_the_command_says_what_became_of_what(settings: Settings, warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    for thing, raw_bytes in (("issues", FIXED), ("issues", HOPELESS), ("labels", FIXED)):
        keep(warehouse, repository_id, raw_bytes, thing=thing)

    told = variables(settings)
    labels = gitinsight(told, "replay-quarantine", "--thing", "labels", "--json")
    rest = gitinsight(told, "replay-quarantine", "--repository", "octo/app")
    unknown = gitinsight(told, "replay-quarantine", "--repository", "octo/none")

    assert labels.returncode == 0, labels.stderr
    assert json.loads(labels.stdout) == [
        {"repository": "octo/app", "thing": "labels", "accepted": 1, "refused": 0, "busy": 0}
    ]
    assert (rest.returncode, rest.stdout.split()[-5:]) == (3, ["octo/app", "issues", "1", "1", "0"])
    assert (unknown.returncode, count(warehouse, "raw.github_issues")) == (1, 1)
