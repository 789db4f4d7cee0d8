"""The Dagster catalogue does the work of an analysis, and records it in PostgreSQL."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from flows import catalog, stack
from flows.catalog_runs import JOB_TAG
from gitinsight import clock
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import QualitySettings, Settings, as_environment
from tests.support.analyses import count, enqueue, follow, rows
from tests.support.github import GitHub
from tests.support.waiting import wait_for
from warehouse import jobs, repositories
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job

NAME = "synthetic-labs/empty-repo"
CONTRIBUTOR = dg.AssetKey(["marts", "contributor"])
Materialised = dg.ExecuteInProcessResult


@pytest.fixture
def told(analysed: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings as a Dagster process reads them, of a warehouse that holds something."""
    for name, value in as_environment(analysed).items():
        monkeypatch.setenv(name, value)
    return analysed


@pytest.fixture
def held(told: Settings) -> Iterator[Engine]:
    engine = make_engine(told.warehouse_url, process="test")
    yield engine
    engine.dispose()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@cache
def analyze_repositories() -> dg.JobDefinition:
    return catalog.definitions(Settings()).resolve_job_def("analyze_repositories")


def materialise(instance: dg.DagsterInstance, *chosen: dg.AssetKey) -> Materialised:
    """What is chosen, or all of it."""
    instance.add_dynamic_partitions("repositories", [NAME])
    return analyze_repositories().execute_in_process(
        instance=instance, partition_key=NAME, asset_selection=chosen or None, raise_on_error=False
    )


def is_at_it(warehouse: Engine) -> bool:
    """Whether a run of Dagster is inside its own work."""
    return bool(
        count(
            warehouse,
            "pg_stat_activity where application_name like '%dagster%'"
            " and datname = current_database()",
        )
    )


def is_interruptible() -> bool:
    """Whether Dagster has taken the interrupt of this process for that of its run."""
    handler = signal.getsignal(signal.SIGINT)
    return "raise_interrupts_as" in getattr(handler, "__qualname__", "")


def after(warehouse: Engine, then: Callable[[], None]) -> Callable[[], None]:
    """Do something once a run has begun with its own work."""

    def wait() -> None:
        wait_for(lambda: is_at_it(warehouse), seconds=60)
        time.sleep(0.7)
        then()

    return wait


def newest(warehouse: Engine) -> Job:
    with warehouse.begin() as connection:
        return jobs.recent(connection)[0]


def evidence(found: Materialised) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (one.asset_key.to_user_string(), one.check_name): {
            name: value.value for name, value in one.metadata.items()
        }
        for one in found.get_asset_check_evaluations()
    }


def test_a_materialisation_is_an_analysis_with_its_checks(
    told: Settings, held: Engine, instance: dg.DagsterInstance
) -> None:
    follow(told, held, NAME)

    result = materialise(instance)

    job = newest(held)
    run = instance.get_run_by_id(result.run_id)
    made = {
        one.asset_key: one.step_materialization_data.materialization
        for one in result.get_asset_materialization_events()
    }
    assert result.success
    assert (job.state, job.worker) == ("succeeded", f"dagster {result.run_id}")
    assert run is not None
    assert run.tags["gitinsight/job_id"] == str(job.job_id)
    assert run.tags["gitinsight/repository"] == NAME
    contributor = made[CONTRIBUTOR]
    assert contributor.metadata["job_id"].value == str(job.job_id)
    issues = made[dg.AssetKey(["raw", "github_issues"])]
    assert (issues.metadata["upstream"].value, issues.metadata["held"].value) == (0, 0)
    # Every check of the job is behind one of the verdicts.
    judged = evidence(result)
    ((recorded,),) = rows(
        held, f"select count(*) from ops.quality_results where job_id = '{job.job_id}'"
    )
    assert sum(one["checks"] for one in judged.values()) == recorded > 300
    assert judged["marts/repository_summary", "reconciliation"]["checks"] > 10
    assert judged["raw/github_issues", "completeness"]["checks"] == 1
    assert {tool for _, tool in judged} == {
        "completeness", "dbt", "great_expectations", "reconciliation"
    }  # fmt: skip
    assert all(one.passed for one in result.get_asset_check_evaluations())

    # Nothing has changed since: the same version of everything, and no verdict that nobody gave.
    again = materialise(instance, CONTRIBUTOR)

    (event,) = again.get_asset_materialization_events()
    assert again.success
    assert event.asset_key == CONTRIBUTOR
    data = event.step_materialization_data.materialization
    assert data.metadata["is_unchanged"].value is True
    assert data.tags is not None
    assert contributor.tags is not None
    assert data.tags["dagster/data_version"] == contributor.tags["dagster/data_version"]
    assert again.get_asset_check_evaluations() == []


def test_a_job_that_somebody_else_does_is_gone_along_with(
    told: Settings, held: Engine, instance: dg.DagsterInstance
) -> None:
    job = enqueue(told, held, NAME)
    with held.begin() as connection:
        other = jobs.claim(connection, job.job_id, worker="other", at=clock.now())

    def finish() -> None:
        with held.begin() as connection:
            jobs.finish(connection, other, state="succeeded", at=clock.now(), outcome={})

    threading.Thread(target=after(held, finish), daemon=True).start()
    result = materialise(instance, CONTRIBUTOR)

    said = [one.user_message for one in instance.all_logs(result.run_id)]
    assert result.success
    assert newest(held).job_id == job.job_id
    assert newest(held).worker == "other"
    assert any("is running already (other): this run goes along with it" in one for one in said)


def test_a_run_is_canceled_with_its_job(
    told: Settings, held: Engine, instance: dg.DagsterInstance
) -> None:
    job = enqueue(told, held, NAME)
    with held.begin() as connection:
        other = jobs.claim(connection, job.job_id, worker="other", at=clock.now())

    def cancel() -> None:
        with held.begin() as connection:
            jobs.finish(connection, other, state="cancelled", at=clock.now(), outcome={})

    threading.Thread(target=after(held, cancel), daemon=True).start()
    result = materialise(instance, CONTRIBUTOR)

    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.CANCELED


def test_a_sensor_ends_the_runs_that_were_left(
    told: Settings, held: Engine, instance: dg.DagsterInstance
) -> None:
    run = instance.create_run_for_job(analyze_repositories(), tags={JOB_TAG: "x"})
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, job_name=run.job_name), run.run_id
    )

    first = catalog.runs_and_jobs(dg.build_sensor_context(instance=instance))

    assert isinstance(first, dg.SensorResult)
    assert first.skip_reason == dg.SkipReason("runs and jobs agree")
    assert run.run_id in str(first.cursor)
    long_ago = str(first.cursor).replace(str(clock.now().year), "2020", 1)
    then = catalog.runs_and_jobs(dg.build_sensor_context(instance=instance, cursor=long_ago))
    assert isinstance(then, dg.SensorResult)
    assert then.skip_reason == dg.SkipReason("there is no such job")
    assert catalog.runs_and_jobs.default_status is dg.DefaultSensorStatus.RUNNING


def test_who_ends_the_run_ends_the_job_that_it_began_and_no_other(
    told: Settings, held: Engine, instance: dg.DagsterInstance, github: GitHub
) -> None:
    follow(told, held, NAME)
    github.control(latency=1.0)  # else the job is done before anybody ends it

    def kill() -> None:
        wait_for(is_interruptible)
        os.kill(os.getpid(), signal.SIGINT)

    interrupt = after(held, kill)

    threading.Thread(target=interrupt, daemon=True).start()
    first = materialise(instance, CONTRIBUTOR)

    ended = newest(held)
    assert not first.success
    assert (ended.state, ended.worker) == ("cancelled", f"dagster {first.run_id}")

    job = enqueue(told, held, NAME)
    with held.begin() as connection:
        jobs.claim(connection, job.job_id, worker="other", at=clock.now(), lease_seconds=300)
    wait_for(lambda: not is_at_it(held))
    threading.Thread(target=interrupt, daemon=True).start()
    second = materialise(instance, CONTRIBUTOR)

    assert not second.success
    assert newest(held).job_id == job.job_id
    assert (newest(held).state, newest(held).cancel_requested_at) == ("running", None)


def test_a_warehouse_that_goes_away_for_a_moment_cancels_nothing(
    told: Settings, held: Engine, instance: dg.DagsterInstance, github: GitHub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("GITINSIGHT_ORCHESTRATOR__LEASE_SECONDS", "5")
    follow(told, held, NAME)
    github.control(latency=0.3)  # else the job is done before anything is cut

    def cut() -> None:
        until = time.monotonic() + 2 * catalog._POLL_SECONDS  # noqa: SLF001
        while time.monotonic() < until:
            rows(
                held,
                "select pg_terminate_backend(pid) from pg_stat_activity where"
                " application_name like '%dagster%' and datname = current_database()",
            )

    threading.Thread(target=after(held, cut), daemon=True).start()
    result = materialise(instance, CONTRIBUTOR)

    assert result.success
    assert (newest(held).state, newest(held).cancel_requested_at) == ("succeeded", None)
    assert newest(held).attempt > 1


def test_the_partitions_are_the_repositories_that_are_followed(
    told: Settings, held: Engine, instance: dg.DagsterInstance
) -> None:
    instance.add_dynamic_partitions("repositories", ["synthetic-labs/gone"])
    asked = dg.build_sensor_context(instance=instance)

    told_now = catalog.followed_repositories(asked)

    assert isinstance(told_now, dg.SensorResult)
    added, deleted = told_now.dynamic_partitions_requests or ()
    with held.begin() as connection:
        followed = [one.full_name for one in repositories.search(connection)]
    assert added.partition_keys == followed == ["synthetic-labs/borealis"]
    assert deleted.partition_keys == ["synthetic-labs/gone"]
    assert catalog.followed_repositories.default_status is dg.DefaultSensorStatus.RUNNING


def test_what_the_gate_stops_is_told_and_nothing_is_said_to_be_made(
    told: Settings, held: Engine, instance: dg.DagsterInstance
) -> None:
    job = enqueue(told, held, NAME)
    with held.begin() as connection:
        other = jobs.claim(connection, job.job_id, worker="other", at=clock.now())
        connection.exec_driver_sql(
            "insert into ops.quality_results (job_id, check_name, repository_id, tool, subject,"
            " severity, status, observed, at)"
            f" values ('{job.job_id}', 'test.unique', {job.repository_id}, 'dbt', 'contributor',"
            " 'block', 'failed', '2 rows', now())"
        )
        jobs.finish(
            connection, other, state="failed", at=clock.now(), outcome={},
            error_type="QualityGateFailed", error_detail="test.unique failed",
        )  # fmt: skip
    specs = catalog.lineage.made(catalog.project.manifest(told.state_dir))
    with held.begin() as connection:
        found = list(
            catalog._judged(  # noqa: SLF001 - a job that fails is told of by its checks
                catalog.ledger.quality(connection, job.repository_id, job.job_id), specs
            )
        )

    ((_, verdict),) = found
    assert verdict.asset_key == CONTRIBUTOR
    assert (verdict.passed, verdict.severity) == (False, dg.AssetCheckSeverity.ERROR)
    with pytest.raises(dg.Failure, match=r"test\.unique failed"):
        catalog._raise_for(newest(held))  # noqa: SLF001


def test_a_job_that_waits_for_a_limit_is_tried_again_when_that_is_over(
    told: Settings, held: Engine
) -> None:
    job = enqueue(told, held, NAME)
    with held.begin() as connection:
        mine = jobs.claim(connection, job.job_id, worker="other", at=clock.now())
        parked = jobs.park(
            connection, mine, not_before=clock.now() + timedelta(seconds=90), at=clock.now()
        )

    with pytest.raises(dg.RetryRequested) as retry:
        catalog._raise_for(parked)  # noqa: SLF001

    assert retry.value.seconds_to_wait == pytest.approx(90, abs=5)


def test_figures_are_expected_as_often_as_the_settings_say() -> None:
    policy = catalog.freshness(QualitySettings(fresh_hours=6, refresh_hours=2))
    assert policy == dg.FreshnessPolicy.time_window(timedelta(hours=6), timedelta(hours=2))

    early = catalog.freshness(QualitySettings(fresh_hours=6, refresh_hours=24))
    assert early == dg.FreshnessPolicy.time_window(timedelta(hours=6))


def test_dagster_keeps_its_records_in_postgresql(
    settings: Settings, postgres_server: EmbeddedPostgres, state_dir: Path
) -> None:
    home = state_dir / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(
        stack.dagster_instance(settings, postgres_server.ensure_database("dagster"))
    )

    with dg.DagsterInstance.from_config(str(home)) as found:
        found.add_dynamic_partitions("repositories", [NAME])

        assert found.get_dynamic_partitions("repositories") == [NAME]
        assert found.get_concurrency_config().run_queue_config is not None
        assert found.telemetry_enabled is False
        assert found.run_monitoring_enabled
        assert found.freshness_enabled
