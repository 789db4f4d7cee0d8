"""What is forgotten is added up before, and what is still needed stays."""

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.support.analyses import count, rows
from tests.support.rows import AT, add_repository
from warehouse import retention, sessions
from warehouse.engine import Engine, driver
from warehouse.retention import RULES, Forgotten

OLD = AT - timedelta(days=100)
BEFORE = AT - timedelta(days=90)
DAY = timedelta(days=1)
TOTALS = (
    "select sum(requests_count), sum(cost), sum(milliseconds), sum(bytes) from ("
    " select requests_count, cost, milliseconds, bytes from ops.requests_daily union all"
    " select count(*), sum(cost), sum(milliseconds), sum(bytes) from ops.requests) as both_of_them"
)


def ask(warehouse: Engine, repository_id: int | None, *, job_id: UUID | None = None) -> None:
    """Thirty old requests of three days and two answers, and five young ones."""
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.requests (at, job_id, repository_id, principal, bucket, path, status,"
            " cost, milliseconds, bytes)"
            " select case when n > 30 then %s else %s::timestamptz + mod(n, 3) * interval '1 day'"
            " end, %s, %s, 'me', 'core', 'issues', case mod(n, 2) when 0 then 200 else 304 end,"
            " mod(n, 2), n, 7 * n from generate_series(1, 35) as n",
            (AT, OLD, job_id, repository_id),
        )


def add_job(warehouse: Engine, repository_id: int, state: str, *, last_seq: int = 0) -> UUID:
    job_id = uuid4()
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.jobs (job_id, repository_id, is_full, state, requested_at, last_seq,"
            " finished_at) values (%s, %s, false, %s, %s, %s, case when %s then %s end)",
            (job_id, repository_id, state, OLD, last_seq, state == "succeeded", OLD),
        )
    return job_id


def forget(warehouse: Engine, table: str, *, limit: int = 1_000) -> Forgotten:
    (rule,) = (one for one in RULES if one.table == table)
    with warehouse.begin() as connection:
        expected = retention.forgettable(connection, rule, before=BEFORE)
        done = retention.forget(connection, rule, before=BEFORE, limit=limit)
    assert done.deleted == min(expected, limit)
    return done


def test_sums_are_the_same_before_and_after(warehouse: Engine) -> None:
    ask(warehouse, add_repository(warehouse))
    ask(warehouse, None)
    before = rows(warehouse, TOTALS)

    done = [forget(warehouse, "ops.requests", limit=25).deleted for _ in range(4)]

    assert done == [25, 25, 10, 0]
    assert rows(warehouse, TOTALS) == before
    assert count(warehouse, "ops.requests") == 10
    assert count(warehouse, "ops.requests_daily") == 2 * 3 * 2


def test_a_roll_up_that_fails_deletes_nothing(warehouse: Engine) -> None:
    ask(warehouse, add_repository(warehouse))
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table ops.requests_daily add check (bytes < 0)")

    with pytest.raises(psycopg.errors.CheckViolation):
        forget(warehouse, "ops.requests")

    assert count(warehouse, "ops.requests") == 35


def test_requests_of_a_job_that_is_not_over_stay(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    ask(warehouse, repository_id, job_id=add_job(warehouse, repository_id, "running"))
    ask(warehouse, repository_id, job_id=add_job(warehouse, repository_id, "succeeded"))

    assert forget(warehouse, "ops.requests").deleted == 30


def test_the_last_event_of_a_job_stays(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    ended = add_job(warehouse, repository_id, "succeeded", last_seq=3)
    queued = add_job(warehouse, repository_id, "queued", last_seq=3)
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.job_events (job_id, seq, repository_id, at, state)"
            " select job_id, seq, %s, %s, 'running'"
            " from unnest(%s) as job_id, generate_series(1, 3) as seq",
            (repository_id, OLD, [ended, queued]),
        )

    assert forget(warehouse, "ops.job_events") == Forgotten(2, 0)

    left = rows(warehouse, f"select seq from ops.job_events where job_id = '{ended}'")
    assert left == [(3,)]


def test_results_that_are_shown_stay(warehouse: Engine) -> None:
    """Those of the newest job, however old it is, and those of the publication."""
    repository_id = add_repository(warehouse)
    shown, other, newest = uuid4(), uuid4(), uuid4()
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "insert into ops.publications values (%s, 1, %s, %s, %s, 'passed', '{}')",
            (repository_id, shown, OLD, OLD),
        )
        for hours, job_id in enumerate((shown, other, newest)):
            raw.execute(
                "insert into ops.quality_results (job_id, check_name, repository_id, tool, subject,"
                " severity, status, at) select %s, 'test ' || n, %s, 'dbt', 'issues', 'block',"
                " 'passed', %s from generate_series(1, 4) as n",
                (job_id, repository_id, OLD + timedelta(hours=hours)),
            )

    assert forget(warehouse, "ops.quality_results") == Forgotten(4, 1)

    left = rows(warehouse, "select distinct job_id from ops.quality_results")
    assert set(left) == {(shown,), (newest,)}
    kept = rows(warehouse, "select day, status, results_count from ops.quality_results_daily")
    assert kept == [(OLD.date(), "passed", 4)]


def test_a_delivery_that_waits_stays(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.webhook_deliveries"
            " (delivery_id, event, headers, body, received_at, processed_at)"
            " select gen_random_uuid(), 'push', '{}', '', %s, at from unnest(%s) as at",
            (OLD, [OLD, None, AT]),
        )

    assert forget(warehouse, "ops.webhook_deliveries").deleted == 1


def test_versions_that_a_publication_was_made_of_stay(warehouse: Engine) -> None:
    """12:00 -> 13:00 -> published -> 14:00 -> 15:00, and one that was replaced lately."""
    repository_id = add_repository(warehouse)
    times = [OLD + timedelta(hours=hours) for hours in range(4)]
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "insert into ops.jobs (job_id, repository_id, is_full, state, requested_at,"
            " finished_at, outcome) values (gen_random_uuid(), %s, false, 'partial', %s, %s,"
            " '{\"publication\": 1}')",
            (repository_id, OLD, OLD + timedelta(hours=1.5)),
        )
        raw.cursor().executemany(
            "insert into raw.github_issues_history (repository_id, id, valid_from, valid_to,"
            " payload, content_hash, source, run_id)"
            " values (%s, 1, %s, %s, '{}', '', 'rest', gen_random_uuid())",
            [
                (repository_id, start, end)
                for start, end in zip(times, [*times[1:], AT], strict=True)
            ],
        )

    assert forget(warehouse, "raw.github_issues_history").deleted == 2
    assert forget(warehouse, "raw.github_issues_history").deleted == 0

    left = rows(warehouse, "select valid_from from raw.github_issues_history order by 1")
    assert left == [(times[1],), (times[3],)]


def test_hours_of_gh_archive_go_whole(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into raw.gharchive_events (event_id, created_at, hour, type, sanitized)"
            " select n, %s, %s, 'PushEvent', false from generate_series(1, 5) as n",
            (OLD, OLD),
        )

    assert forget(warehouse, "raw.gharchive_events").deleted == 5


def test_logins_go_with_the_last_of_their_refresh_tokens(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        held, gone = (
            sessions.begin(connection, 1, address="192.0.2.7", at=OLD, until=BEFORE - DAY)
            for _ in range(2)
        )
        sessions.refresh(connection, held.token, at=OLD, until=BEFORE + DAY)

    assert forget(warehouse, "auth.refresh_tokens") == Forgotten(2)
    assert forget(warehouse, "auth.sessions") == Forgotten(1)

    assert rows(warehouse, "select session_id from auth.sessions") == [(held.session_id,)]
    assert gone.session_id != held.session_id


def test_every_rule_is_about_a_table_that_there_is(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        for rule in RULES:
            assert retention.forget(connection, rule, before=AT, limit=1) == Forgotten()
