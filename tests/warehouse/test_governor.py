"""One governor for all workers: what one of them learns holds for every other at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from pathlib import Path
from uuid import uuid4

import pytest

from gitinsight.errors import TokenRejected
from gitinsight.github.client import GitHubClient
from gitinsight.github.governor import Grant, Wait
from gitinsight.github.limits import Budget, Verdict
from gitinsight.github.pace import Outcome, Pace, Reason
from gitinsight.github.principals import users
from gitinsight.github.turns import Turns
from gitinsight.runtime import state
from gitinsight.runtime.process import free_port
from tests.support.analyses import rows
from tests.support.storms import Server
from tests.support.upstream import Reply, Upstream
from tests.support.waiting import wait_for
from warehouse import accounting
from warehouse.engine import UNREACHABLE, Engine, make_engine
from warehouse.governor import SharedGovernor
from warehouse.migrate import migrate

HOST = "https://api.github.test"
ONE, TWO = users(["one", "two"])
PACE = Pace(in_flight=2, reserve_ratio=0.1)
_COUNTING = """
    create table written (at timestamptz);
    create function count_written() returns trigger language plpgsql as
        'begin insert into written values (now()); return new; end';
    create trigger counting after update on ops.principals
        for each row execute function count_written()
"""
_LOCKED_OUT = (
    "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


@pytest.fixture
def governor(warehouse: Engine) -> SharedGovernor:
    return SharedGovernor(warehouse, HOST, PACE)


@pytest.fixture
def other(database_url: str) -> Iterator[SharedGovernor]:
    """Of another process."""
    engine = make_engine(database_url, process="other")
    yield SharedGovernor(engine, HOST, PACE)
    engine.dispose()


def granted(governor: SharedGovernor, bucket: str = "core") -> Grant:
    found = governor.acquire([ONE], bucket)
    assert isinstance(found, Grant)
    return found


def waiting(governor: SharedGovernor, bucket: str = "core") -> Wait:
    found = governor.acquire([ONE], bucket)
    assert isinstance(found, Wait)
    return found


@contextmanager
def holding_principals(database_url: str, warehouse: Engine) -> Iterator[Callable[[int], None]]:
    """Nobody writes one meanwhile; what comes waits until so many of them do."""
    engine = make_engine(database_url, process="holder")

    def waited_for(count: int) -> None:
        wait_for(lambda: rows(warehouse, f"select count(*) {_LOCKED_OUT}") == [(count,)])

    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("select from ops.principals for update")
            yield waited_for
    finally:
        engine.dispose()


def test_no_token_is_stored(governor: SharedGovernor, warehouse: Engine) -> None:
    (secret,) = users(["ghp_very-secret"])
    governor.acquire([secret], "core")

    (found,) = rows(warehouse, "select p::text from ops.principals p")

    assert secret.fingerprint in found[0]
    assert "very-secret" not in found[0]


def test_a_place_is_held_until_it_is_given_back(
    governor: SharedGovernor, other: SharedGovernor
) -> None:
    first, _ = granted(governor), granted(other)

    assert waiting(governor).reason is Reason.IN_FLIGHT
    governor.release(first, Outcome(Verdict.ANSWERED, 5))
    assert granted(other).principal == ONE


def test_the_place_of_a_killed_worker_falls_free(
    governor: SharedGovernor, warehouse: Engine
) -> None:
    for _ in range(2):
        granted(governor)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.principals set slots = array[now() - interval '1 s', now()]"
        )

    assert granted(governor).principal == ONE


def test_a_pause_that_one_is_told_holds_for_every_worker_and_bucket(
    governor: SharedGovernor, other: SharedGovernor
) -> None:
    governor.release(granted(governor), Outcome(Verdict.TOLD, 5, seconds=30))

    for bucket in ("core", "graphql"):
        wait = waiting(other, bucket)
        assert (wait.bucket, wait.reason) == (bucket, Reason.TOLD)
        assert 29 < wait.seconds <= 31


def test_who_was_the_last_to_write_learns_of_whoever_has_written_since(
    governor: SharedGovernor, other: SharedGovernor
) -> None:
    for bucket in ("core", "graphql"):
        governor.release(granted(governor, bucket), Outcome(Verdict.ANSWERED, 5))

    other.release(granted(other), Outcome(Verdict.TOLD, 5, seconds=30))

    for bucket in ("core", "graphql"):
        assert waiting(governor, bucket).reason is Reason.TOLD


def test_nothing_that_two_of_them_write_in_turn_is_lost(
    governor: SharedGovernor, other: SharedGovernor, warehouse: Engine
) -> None:
    grants = []
    for one in (governor, other):
        grants += [(one, granted(one, "core"))]
    for one, grant in grants:
        one.release(grant, Outcome(Verdict.ANSWERED, 10))
    governor.release(granted(governor, "graphql"), Outcome(Verdict.ANSWERED, 20))

    assert rows(warehouse, "select slots from ops.principals") == [([],)]
    assert rows(warehouse, "select bucket, typical_ms from ops.buckets order by 1") == [
        ("core", 10), ("graphql", 20)
    ]  # fmt: skip


def test_a_principal_that_nobody_else_writes_is_not_read_again(
    governor: SharedGovernor, database_url: str
) -> None:
    observer = make_engine(database_url, process="observer")
    governor.release(granted(governor), Outcome(Verdict.ANSWERED, 5))

    governor.release(granted(governor), Outcome(Verdict.ANSWERED, 5))

    (said,) = rows(
        observer, "select query from pg_stat_activity where application_name = 'gitinsight-test'"
        " and query like '%%ops.principals%%'",
    )  # fmt: skip
    assert "update ops.buckets" in said[0]
    assert "for update of" not in said[0]
    observer.dispose()


def test_what_is_left_is_known_to_every_worker(
    governor: SharedGovernor, other: SharedGovernor, warehouse: Engine
) -> None:
    reset_at = datetime(2040, 1, 1, tzinfo=UTC)
    budget = Budget("core", 500, reset_at, 5_000)
    outcome = Outcome(
        Verdict.ANSWERED, 5, budget=budget, date=reset_at - timedelta(minutes=10)
    )  # fmt: skip

    governor.release(granted(governor), outcome)

    wait = waiting(other)
    assert wait.reason is Reason.RESERVE
    assert wait.seconds == pytest.approx(600, abs=5)
    assert rows(warehouse, "select quota, remaining, reset_at from ops.buckets") == [
        (5_000, 500, reset_at)
    ]
    assert granted(other, "graphql").bucket == "graphql"


def test_another_principal_serves_and_a_rejected_one_does_not(
    governor: SharedGovernor, other: SharedGovernor
) -> None:
    for _ in range(2):
        governor.release(granted(governor), Outcome(Verdict.REJECTED, 5))

    found = other.acquire([ONE, TWO], "core")

    assert isinstance(found, Grant)
    assert found.principal == TWO
    assert other.usable([ONE, TWO]) == [TWO]
    with pytest.raises(TokenRejected):
        other.acquire([ONE], "core")


def test_the_same_fingerprint_on_another_host_is_somebody_else(
    governor: SharedGovernor, warehouse: Engine
) -> None:
    governor.release(granted(governor), Outcome(Verdict.TOLD, 5, seconds=30))

    elsewhere = SharedGovernor(warehouse, "https://ghe.test/api/v3", PACE)

    assert granted(elsewhere).principal == ONE


def test_workers_that_ask_at_once_lose_nothing(database_url: str, warehouse: Engine) -> None:
    """200 requests of 8 threads of two processes."""
    changes: list[int] = []

    def work(governor: SharedGovernor) -> None:
        done = 0
        while done < 25:
            found = governor.acquire([ONE], "core")
            if isinstance(found, Wait):
                time.sleep(0.002)
                continue
            changes.append(1)
            changes.append(-1)
            governor.release(found, Outcome(Verdict.ANSWERED, 10))
            done += 1

    with ExitStack() as stack:
        engine = make_engine(database_url, process="other", pool_size=8)
        stack.callback(engine.dispose)
        governors = [SharedGovernor(one, HOST, PACE) for one in (warehouse, engine)]
        threads = [
            threading.Thread(target=work, args=(governors[number % 2],)) for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(changes) == 400
    assert max(accumulate(changes)) <= 2
    assert rows(warehouse, "select slots from ops.principals") == [([],)]
    assert rows(warehouse, "select typical_ms from ops.buckets") == [(10,)]


def test_those_that_wait_for_one_that_is_written_are_written_together(
    warehouse: Engine, database_url: str
) -> None:
    """Six of them, by the statement of the first and another one."""
    governor = SharedGovernor(warehouse, HOST, Pace(in_flight=7, reserve_ratio=0.1))
    before = granted(governor)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(_COUNTING)
    found: list[Grant | Wait] = []
    with holding_principals(database_url, warehouse) as waited_for:
        threads = [
            threading.Thread(target=lambda: found.append(governor.acquire([ONE], "core")))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        waited_for(1)
    for thread in threads:
        thread.join()

    grants = [before, *(one for one in found if isinstance(one, Grant))]
    assert len({one.slot for one in grants}) == 7
    assert rows(warehouse, "select count(*) from written") == [(2,)]
    for one in grants:
        governor.release(one, Outcome(Verdict.ANSWERED, 10))
    assert rows(warehouse, "select slots from ops.principals") == [([],)]


def test_one_that_cannot_be_written_takes_none_with_it_that_waits(
    warehouse: Engine, database_url: str
) -> None:
    """The first is ended by the server; the others, which it was to write, write themselves."""
    governor = SharedGovernor(warehouse, HOST, Pace(in_flight=7, reserve_ratio=0.1))
    granted(governor)
    found: list[Grant | Wait | str] = []

    def ask() -> None:
        try:
            found.append(governor.acquire([ONE], "core"))
        except UNREACHABLE as error:
            found.append(type(error).__name__)

    with holding_principals(database_url, warehouse) as waited_for:
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        waited_for(1)
        rows(warehouse, f"select pg_terminate_backend(pid) {_LOCKED_OUT}")
    for thread in threads:
        thread.join()

    assert len([one for one in found if isinstance(one, Grant)]) == 3
    assert len([one for one in found if isinstance(one, str)]) == 1


@pytest.mark.parametrize("kind", ["told", "used-up"])
def test_while_a_limit_blocks_not_one_request_is_sent(
    warehouse: Engine, database_url: str, kind: str
) -> None:
    """Six clients of two processes; the ledger shows what was sent between the limit and its end.
    What was granted before the limit was known may still leave in the moment after.
    """
    moment = datetime.now(UTC)
    told = {
        "told": {"retry-after": "2"},
        "used-up": {
            "date": format_datetime(moment, usegmt=True), "x-ratelimit-remaining": "0",
            "x-ratelimit-limit": "5000", "x-ratelimit-reset": str(int(moment.timestamp()) + 1),
        },
    }[kind]  # fmt: skip
    plain = [Reply()] * 20
    waits: list[Wait] = []
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream(*plain, Reply(403, headers=told), *plain))
        engine = make_engine(database_url, process="other", pool_size=4)
        stack.callback(engine.dispose)
        clients = [
            GitHubClient(
                api_url=upstream.url, graphql_url=f"{upstream.url}/graphql",
                principals=lambda: [ONE], turns=Turns(
                    SharedGovernor(one, upstream.url, Pace()),
                    on_wait=lambda wait, _until: waits.append(wait),
                ),
            )
            for one in (warehouse, engine) for _ in range(3)
        ]  # fmt: skip
        threads = [
            threading.Thread(target=lambda one=one: [one.get("x") for _ in range(8)])
            for one in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
            with warehouse.begin() as connection:
                accounting.record_requests(
                    connection, client.drain(), job_id=uuid4(), repository_id=1
                )

    ((sent, during, after),) = rows(
        warehouse,
        """
        select count(*),
               count(*) filter (where r.at > b.at + interval '0.3 s'
                                and r.at < b.at + interval '2 s'),
               count(*) filter (where r.at >= b.at + interval '2 s')
        from ops.requests r,
            (select at + milliseconds * interval '1 ms' as at from ops.requests
             where error = 'RateLimited') b
        """,
    )
    assert (sent, during) == (49, 0)
    assert after > 10
    assert len(waits) >= 4


def test_a_block_outlives_a_server_that_is_struck_down(shared_dir: Path) -> None:
    home = shared_dir / "struck"
    state.prepare(home)
    server = Server(home, free_port(0))
    engine = make_engine(server.server.ensure_database("struck"), process="test")
    migrate(engine)
    governor = SharedGovernor(engine, HOST, PACE)
    grant = granted(governor)

    governor.release(grant, Outcome(Verdict.TOLD, 5, seconds=60))
    server.restart()
    engine.dispose()

    assert waiting(governor).reason is Reason.TOLD
    engine.dispose()
    server.stop()
