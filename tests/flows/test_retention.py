"""Forgetting as the worker and the command do it."""

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from flows import retention
from gitinsight.settings import RetentionSettings, Settings
from tests.flows.conftest import Gitinsight
from tests.support.analyses import count, rows
from tests.support.commands import variables
from tests.support.rows import AT
from tests.support.waiting import wait_for
from warehouse.engine import Engine

SETTINGS = RetentionSettings()
TOTALS = (
    "select sum(requests_count), sum(bytes) from ("
    " select requests_count, bytes from ops.requests_daily union all"
    " select count(*), sum(bytes) from ops.requests) as both_of_them"
)
_FORGET = (
    "from gitinsight.settings import Settings; from flows.retention import forget;"
    "from warehouse.engine import make_engine; s = Settings();"
    "forget(make_engine(s.warehouse_url, process='test'), s.retention, batch_rows=50)"
)


def ask(warehouse: Engine, number: int, *, days: int) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.requests (at, principal, bucket, path, status, cost, milliseconds,"
            f" bytes) select timestamptz '{AT}' - interval '{days} days', 'me', 'core', 'x', 200,"
            f" 1, 1, n from generate_series(1, {number}) as n"
        )


def test_everything_that_is_old_goes_in_batches(warehouse: Engine) -> None:
    ask(warehouse, 45, days=91)
    ask(warehouse, 5, days=89)

    told = retention.forgettable(warehouse, SETTINGS, now=lambda: AT)
    done = retention.forget(warehouse, SETTINGS, now=lambda: AT, batch_rows=10)

    assert done == told
    assert done[0] == {
        "table": "ops.requests", "keep_days": 90, "rows": 45, "added_up_in": "ops.requests_daily"
    }  # fmt: skip
    assert rows(warehouse, TOTALS) == [(50, 45 * 46 // 2 + 15)]
    assert not retention.is_due(warehouse, AT)
    assert not retention.is_due(warehouse, AT + timedelta(days=1)), "that is for the schedule"
    assert retention.is_due(warehouse, AT + timedelta(days=2))


def test_what_is_switched_off_stays(warehouse: Engine) -> None:
    ask(warehouse, 5, days=10_000)
    settings = RetentionSettings(requests_days=0)

    done = retention.forget(warehouse, settings, now=lambda: AT)

    assert (done[0]["keep_days"], done[0]["rows"]) == ("for ever", 0)
    assert count(warehouse, "ops.requests") == 5


def test_whoever_is_killed_while_forgetting_loses_nothing(
    warehouse: Engine, settings: Settings
) -> None:
    ask(warehouse, 60_000, days=400)
    before = rows(warehouse, TOTALS)
    command = [sys.executable, "-c", _FORGET]
    killed = subprocess.Popen(command, env=variables(settings))
    wait_for(lambda: count(warehouse, "ops.requests") < 59_000)
    killed.kill()
    killed.wait()

    assert 0 < count(warehouse, "ops.requests") < 60_000
    assert rows(warehouse, TOTALS) == before
    retention.forget(warehouse, SETTINGS)
    assert rows(warehouse, TOTALS) == before
    assert count(warehouse, "ops.requests") == 0


def test_the_worker_forgets_once_a_day(warehouse: Engine) -> None:
    ask(warehouse, 5, days=400)
    stop = threading.Event()
    watched = threading.Thread(
        target=retention.watch, args=(warehouse,), kwargs={"settings": SETTINGS, "stop": stop}
    )

    watched.start()
    wait_for(lambda: count(warehouse, "ops.table_sizes") > 0)
    stop.set()
    watched.join()

    assert count(warehouse, "ops.requests") == 0


def test_a_stop_leaves_the_rest_for_the_next_time(warehouse: Engine) -> None:
    ask(warehouse, 5, days=400)
    stop = threading.Event()
    stop.set()

    retention.forget(warehouse, SETTINGS, now=lambda: AT, stop=stop)

    assert count(warehouse, "ops.requests") == 5
    assert retention.is_due(warehouse, AT)


def test_the_command_says_what_would_go_and_then_does_it(
    gitinsight: Gitinsight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITINSIGHT_RETENTION__JOB_EVENTS_DAYS", "0")

    code, out, _ = gitinsight("retention", "--dry-run", "--json")
    told = {row["table"]: row for row in json.loads(out)}
    code_done, out_done, _ = gitinsight("retention")

    assert (code, code_done) == (0, 0)
    assert told["ops.job_events"]["keep_days"] == "for ever"
    assert told["ops.requests"]["rows"] == 0
    assert "ops.quality_results_daily" in out_done
