"""What is to be told is written with what it tells of, and as docs/messages.md says."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from gitinsight import clock
from gitinsight.settings import RetentionSettings
from tests.support.analyses import count
from tests.support.checkout import ROOT
from tests.support.rows import AT, add_repository, claim
from warehouse import job_events, jobs, outbox, retention
from warehouse.engine import Engine
from warehouse.outbox import Message
from warehouse.quality import Check
from warehouse.retention import RULES

PASSED = Check("volume:x", "great_expectations", "raw.x", "block", "passed", 0, "3", "2")
BROKEN = replace(PASSED, check_name="volume:y", status="failed", failures=1)
SCHEMAS: dict[str, dict[str, Any]] = {
    schema["title"]: schema
    for schema in map(
        json.loads,
        re.findall(
            r"```json\n(\{.*?\n\})\n```", (ROOT / "docs/messages.md").read_text("utf-8"), re.DOTALL
        ),
    )
}


@pytest.fixture
def attended(warehouse: Engine) -> Engine:
    """Somebody takes messages."""
    with warehouse.begin() as connection:
        outbox.attend(connection, "gitinsight", at=clock.now())
    return warehouse


def told(warehouse: Engine) -> list[Message]:
    with warehouse.begin() as connection:
        return outbox.take(connection, limit=1_000)


def publish(warehouse: Engine, job: jobs.Job, publication: int) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.publications (repository_id, publication, job_id, as_of,"
            " published_at, quality_status, coverage)"
            f" values ({job.repository_id}, {publication}, '{job.job_id}', now(), now(), 'passed',"
            " '{}') on conflict (repository_id) do update"
            " set publication = excluded.publication, job_id = excluded.job_id"
        )


def test_everything_that_happens_is_told_in_order_and_as_it_is_documented(attended: Engine) -> None:
    job = claim(attended, add_repository(attended))
    with attended.begin() as connection:
        job_events.append(
            connection, job.job_id, at=AT, state="running", stage="extract", resource="issues",
            done=1, total=2, rows=1, eta_seconds=3,
            budget={"bucket": "core", "remaining": 7, "reset_at": AT.isoformat()},
        )  # fmt: skip
        outbox.tell_quality(
            connection, [PASSED, BROKEN], job_id=job.job_id, repository_id=job.repository_id, at=AT
        )
    publish(attended, job, 1)
    publish(attended, job, 2)
    with attended.begin() as connection:
        connection.exec_driver_sql("delete from ops.publications")

    found = told(attended)

    id_ = job.job_id
    assert [(one.message_id, one.routing_key) for one in found] == [
        (f"job:{id_}:1", "job.queued.none"),
        (f"job:{id_}:2", "job.running.extract"),
        (f"quality:{id_}:{AT.isoformat()}", "quality.failed"),
        (f"insight:{job.repository_id}:1", "insight.published"),
        (f"insight:{job.repository_id}:2", "insight.corrected"),
        (f"insight:{job.repository_id}:2-withdrawn", "insight.withdrawn"),
    ]
    assert {one.repository_id for one in found} == {job.repository_id}
    assert found[1].body["budget"]["remaining"] == 7
    assert [one["check_name"] for one in found[2].body["failed"]] == ["volume:y"]
    assert found[2].body["counts"] == {"passed": 1, "failed": 1, "skipped": 0}
    for one in found:
        schema = SCHEMAS[one.routing_key.partition(".")[0]]
        jsonschema.validate(
            one.body, schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        assert one.body.keys() == schema["properties"].keys()


def test_what_is_undone_is_not_told(attended: Engine) -> None:
    job = claim(attended, add_repository(attended))
    before = count(attended, "ops.outbox")
    with attended.connect() as connection:
        job_events.append(connection, job.job_id, at=AT, state="running")
        connection.rollback()

    assert count(attended, "ops.outbox") == before


def test_nothing_is_written_where_nobody_takes_it(warehouse: Engine) -> None:
    claim(warehouse, add_repository(warehouse))
    assert count(warehouse, "ops.outbox") == 0

    with warehouse.begin() as connection:
        outbox.attend(connection, "gitinsight", at=clock.now() - timedelta(days=8))
    claim(warehouse, add_repository(warehouse, "octo/other", github_id=2))
    assert count(warehouse, "ops.outbox") == 0

    with warehouse.begin() as connection:
        outbox.attend(connection, "gitinsight", at=clock.now())
    claim(warehouse, add_repository(warehouse, "octo/third", github_id=3))
    assert count(warehouse, "ops.outbox") == 1


def test_one_at_a_time_takes_messages_and_what_it_does_not_confirm_stays(attended: Engine) -> None:
    claim(attended, add_repository(attended))
    with attended.begin() as connection:
        (message,) = outbox.take(connection, limit=10)
        assert told(attended) == []
    assert told(attended) == [message]

    with attended.begin() as connection:
        outbox.confirm(connection, outbox.take(connection, limit=10))
    assert told(attended) == []


def test_how_many_wait_and_how_long_is_known(attended: Engine) -> None:
    with attended.begin() as connection:
        assert outbox.waiting(connection) == outbox.Waiting(0, None)
    claim(attended, add_repository(attended))
    with attended.begin() as connection:
        connection.exec_driver_sql("update ops.outbox set at = now() - interval '1 hour'")
        found = outbox.waiting(connection)

    assert found.count == 1
    assert found.seconds == pytest.approx(3600, abs=60)


def test_what_no_broker_takes_is_not_kept_for_ever(attended: Engine) -> None:
    (rule,) = (one for one in RULES if one.table == "ops.outbox")
    claim(attended, add_repository(attended))
    with attended.begin() as connection:
        connection.exec_driver_sql("update ops.outbox set at = now() - interval '8 days'")
        before = clock.now() - timedelta(days=RetentionSettings().outbox_days)
        assert retention.forget(connection, rule, before=before, limit=10).deleted == 1
