"""The gate on a real warehouse."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from warehouse.engine import Engine
from warehouse.expectations import gate
from warehouse.quality import Check

AT = datetime(2026, 6, 1, tzinfo=UTC)


def judge(warehouse: Engine, previous: dict[str, int]) -> dict[str, Check]:
    found = gate.run(
        warehouse,
        repository_ids=[1],
        as_of=AT,
        previous_counts=previous,
        volume_drop_ratio=0.2,
        oldest_extraction=None,
    )
    return {check.check_name: check for check in found}


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "insert into raw.github_issues (repository_id, id, payload, content_hash, source,"
                " api_version, sanitized, extracted_at, run_id)"
                " select 1, n, jsonb_build_object('id', n, 'number', n, 'state', 'open',"
                " 'created_at', '2026-01-01', 'updated_at', '2026-01-01'), '\\x00', 'rest', '1',"
                " false, :at, gen_random_uuid() from generate_series(1, 8) as n"
            ),
            {"at": AT},
        )
        connection.execute(
            text(
                "insert into ops.repositories (host, full_name, clone_url, state, added_at,"
                " checked_at) values ('h', 'o/n', 'u', 'active', :at, :at)"
            ),
            {"at": AT - timedelta(hours=1)},
        )
        connection.execute(text("create schema candidate"))
        connection.execute(
            text(
                "create table candidate.issue_responsiveness"
                " (repository_id bigint, created_at timestamptz, closed_at timestamptz)"
            )
        )
    return warehouse


def test_a_sound_warehouse_passes(filled: Engine) -> None:
    found = judge(filled, {"github_issues": 10})
    assert {check.check_name for check in found.values() if check.status != "passed"} == set()
    assert {"volume:github_issues", "freshness:1", "ages:issue_responsiveness"} <= found.keys()
    with filled.connect() as connection:
        assert gate.counts(connection, 1)["github_issues"] == 8


def test_each_fault_fails_its_own_check(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(text("update ops.repositories set checked_at = '2026-05-01'"))
        connection.execute(
            text("update raw.github_issues set payload = payload - 'state' where id = 1")
        )
        connection.execute(text("update raw.github_issues set deleted_at = now() where id = 2"))
        connection.execute(
            text(
                "insert into candidate.issue_responsiveness values (1, '2026-02-01', '2026-01-01')"
            )
        )
    found = judge(filled, {"github_issues": 10})
    failed = {check.check_name: check.severity for check in found.values() if check.failures}
    assert failed == {
        "volume:github_issues": "block",
        "keys:github_issues": "block",
        "freshness:1": "warn",
        "ages:issue_responsiveness": "warn",
    }
