"""The Dagster catalogue: raw things, dbt models, insights and checks, and what they come from.

One asset graph per repository, made by the same stages that Prefect runs; both write the same rows
of ``ops``. `gitinsight catalog` shows it in Dagster's UI.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import dagster as dg

from flows import catalog_runs, lineage, project
from flows.alone import work_off
from flows.lineage import PUBLICATION
from gitinsight import clock
from gitinsight.errors import NotFound
from gitinsight.settings import QualitySettings, Settings
from gitinsight.things.catalogue import THINGS
from warehouse import job_events, jobs, ledger, repositories
from warehouse.engine import UNREACHABLE, Connection, Engine, make_engine
from warehouse.job_events import Event
from warehouse.jobs import Job
from warehouse.repositories import Repository

PARTITIONS = dg.DynamicPartitionsDefinition(name="repositories")
_EVERY = 100_000
_POLL_SECONDS = 0.5
_TABLES = {thing.name: thing.table for thing in THINGS}
_TOOLS = {
    "raw": ("completeness", "great_expectations"),
    "staging": ("dbt",),
    "intermediate": ("dbt",),
    "marts": ("dbt", "great_expectations"),
}
"""Who looks at the tables of a schema. What is about no table is about the publication."""
_RECONCILED = dg.AssetKey(["marts", "repository_summary"])
_EVERY_TOOL = ("completeness", "dbt", "great_expectations", "reconciliation")


@dg.definitions
def defs() -> dg.Definitions:
    """Read anew by every process of Dagster; what dbt says of the project is kept."""
    return definitions(Settings())


def definitions(settings: Settings) -> dg.Definitions:
    manifest = project.manifest(settings.state_dir / "dbt")
    return dg.Definitions(
        assets=[analysis(manifest, settings.quality), *lineage.outside(manifest)],
        jobs=[dg.define_asset_job("analyze_repositories")],
        sensors=[followed_repositories, runs_and_jobs],
        # One process for a run, which does all of its work at once anyway.
        executor=dg.in_process_executor,
    )


def analysis(manifest: Mapping[str, Any], quality: QualitySettings) -> dg.AssetsDefinition:
    """Everything that one analysis makes. Whatever is chosen of it, all of it is made, and what
    was chosen is told of.
    """
    policy = freshness(quality)
    specs = [
        one.replace_attributes(freshness_policy=policy) for one in lineage.made(manifest)
    ]  # fmt: skip

    @dg.multi_asset(
        name="analyze_repository", specs=specs, check_specs=list(_check_specs(specs)),
        partitions_def=PARTITIONS, can_subset=True,
    )  # fmt: skip
    def analyze_repository(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """All stages for the repository that the partition names."""
        with _warehouse() as (settings, engine):
            job = _analyse(context, settings, engine)
            with engine.begin() as connection:
                yield from _results(context, connection, job, specs)
        if job.state == "cancelled":  # whoever cancelled it
            catalog_runs.cancel(context.instance, context.run, "the job is cancelled")
        _raise_for(job)

    return analyze_repository


def freshness(quality: QualitySettings) -> dg.FreshnessPolicy:
    """Of the repository that was analysed last: Dagster knows no other. Each repository has its
    own among the checks.
    """
    refreshed = timedelta(hours=quality.refresh_hours)
    return dg.FreshnessPolicy.time_window(
        fail_window=quality.fresh_for,
        warn_window=refreshed if timedelta(0) < refreshed < quality.fresh_for else None,
    )


@dg.sensor(
    job_name="analyze_repositories", minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)  # fmt: skip
def followed_repositories(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Every repository that is followed is a partition, under the name it has now."""
    with _warehouse() as (_, engine), engine.begin() as connection:
        followed = {one.full_name for one in repositories.search(connection, limit=_EVERY)}
    known = set(context.instance.get_dynamic_partitions(str(PARTITIONS.name)))
    return dg.SensorResult(
        dynamic_partitions_requests=[
            PARTITIONS.build_add_request(sorted(followed - known)),
            PARTITIONS.build_delete_request(sorted(known - followed)),
        ]
    )


@dg.sensor(minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def runs_and_jobs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A run ends with its job, and a job with the run that does it, though a process died."""
    with _warehouse() as (_, engine):
        mended, cursor = catalog_runs.mend(context.instance, engine, context.cursor, at=clock.now())
    said = "; ".join(one.why for one in mended) or "runs and jobs agree"
    return dg.SensorResult(skip_reason=said, cursor=cursor)


@contextmanager
def _warehouse() -> Iterator[tuple[Settings, Engine]]:
    settings = Settings()
    engine = make_engine(settings.warehouse_url, process="dagster", pool_size=3)
    try:
        yield settings, engine
    finally:
        engine.dispose()


def _analyse(context: dg.AssetExecutionContext, settings: Settings, engine: Engine) -> Job:
    """The job of the repository as it stands at the end: a new one, or the one that is queued or
    running, whoever asked for it and whoever does it.
    """
    worker = catalog_runs.worker_of(context.run)
    with engine.begin() as connection:
        repository = repositories.by_name(connection, context.partition_key)
        job, is_new = jobs.enqueue(
            connection, repository.repository_id, at=clock.now(), reason="catalog"
        )
    stop = threading.Event()
    with ThreadPoolExecutor(1, "analysis") as pool:
        # In a thread of its own, so that whoever ends the run ends no statement in its middle.
        work = pool.submit(work_off, settings, engine, [job.job_id], worker=worker, stop=stop)
        try:
            _tell(context, repository, job, is_new=is_new)
            _follow(context, engine, job.job_id, work)
        except BaseException:
            stop.set()
            _cancel(engine, job.job_id, worker, is_ours=is_new or context.retry_number > 0)
            raise
    work.result()
    with engine.begin() as connection:
        return jobs.by_id(connection, job.job_id)


def _tell(
    context: dg.AssetExecutionContext, repository: Repository, job: Job, *, is_new: bool
) -> None:
    """The run says which job it is of, and the job's ``worker`` which run does it."""
    context.instance.add_run_tags(
        context.run.run_id,
        {catalog_runs.JOB_TAG: str(job.job_id), "gitinsight/repository": repository.full_name},
    )
    if is_new:
        context.log.info("job %s of %s", job.job_id, repository.full_name)
    else:
        context.log.warning(
            "job %s of %s is %s already (%s): this run goes along with it",
            job.job_id, repository.full_name, job.state, job.worker or "nobody has it yet",
        )  # fmt: skip


def _follow(
    context: dg.AssetExecutionContext, engine: Engine, job_id: UUID, work: Future[None]
) -> None:
    """Say what the job is at until it is over; nothing of each page or model."""
    seq, stage, beat_at = 0, None, clock.now()
    while True:
        if clock.now() >= beat_at:
            catalog_runs.beat(context.instance, context.run, at=beat_at)
            beat_at = clock.now() + catalog_runs.BEAT
        is_done = work in wait([work], timeout=_POLL_SECONDS).done
        events = _news(engine, job_id, seq)
        for event in events:
            if event.stage != stage or event.message is not None or event.state != "running":
                stage = event.stage or stage
                told = (event.state, event.stage, event.message)
                context.log.info(": ".join(one for one in told if one))
        seq = events[-1].seq if events else seq
        if is_done:
            return


def _news(engine: Engine, job_id: UUID, seq: int) -> list[Event]:
    """None while the warehouse is away: whoever does the job waits until it is back."""
    try:
        with engine.begin() as connection:
            return job_events.after(connection, job_id, seq)
    except UNREACHABLE:
        return []


def _cancel(engine: Engine, job_id: UUID, worker: str, *, is_ours: bool) -> None:
    """What this run has asked for, or does, ends with it; it leaves alone what others do."""
    with suppress(NotFound), engine.begin() as connection:  # or it went with its repository
        if is_ours or jobs.by_id(connection, job_id).worker == worker:
            jobs.request_cancel(connection, job_id, at=clock.now())


def _check_specs(specs: Iterable[dg.AssetSpec]) -> Iterator[dg.AssetCheckSpec]:
    """One verdict for each table and tool; its evidence names every check behind it."""
    for spec in specs:
        schema = spec.key.path[0]
        tools = _TOOLS.get(schema, ())
        if spec.key in {PUBLICATION, _RECONCILED}:
            tools = _EVERY_TOOL
        for tool in tools:
            yield dg.AssetCheckSpec(tool, asset=spec.key, blocking=schema == "marts")


def _results(
    context: dg.AssetExecutionContext, connection: Connection, job: Job,
    specs: Sequence[dg.AssetSpec],
) -> Iterator[Any]:  # fmt: skip
    """What was made, and how it was judged; nothing is claimed of a job that published nothing."""
    if job.state in {"succeeded", "partial"}:
        yield from _made(context, connection, job, specs)
    chosen = context.selected_asset_check_keys
    for place, found in _judged(ledger.quality(connection, job.repository_id, job.job_id), specs):
        if place in chosen:
            yield found


def _made(
    context: dg.AssetExecutionContext, connection: Connection, job: Job,
    specs: Sequence[dg.AssetSpec],
) -> Iterator[dg.MaterializeResult[None]]:  # fmt: skip
    standing = ledger.standing(connection, job.repository_id)
    outcome = job.outcome or {}
    facts: dict[str, Any] = {
        "job_id": str(job.job_id), "state": job.state, "publication": standing.publication,
        "is_unchanged": bool(outcome.get("is_unchanged")),
    }  # fmt: skip
    if standing.as_of is not None:
        facts["as_of"] = dg.MetadataValue.timestamp(standing.as_of)
    told = {
        dg.AssetKey(["raw", _TABLES.get(thing, thing)]): {**one, **_rows(outcome, thing)}
        for thing, one in standing.coverage.items()
    }
    for spec in specs:
        if spec.key in context.selected_asset_keys:
            yield dg.MaterializeResult[None](
                asset_key=spec.key,
                metadata=facts | told.get(spec.key, {}),
                # The same one says that nothing has changed since.
                data_version=dg.DataVersion(str(standing.publication)),
            )


def _rows(outcome: Mapping[str, Any], thing: str) -> dict[str, int]:
    touched = outcome.get("rows", {}).get(thing)
    return {} if touched is None else {"rows_touched": touched}


def _judged(
    checks: Iterable[Mapping[str, Any]], specs: Sequence[dg.AssetSpec]
) -> Iterator[tuple[dg.AssetCheckKey, dg.AssetCheckResult]]:
    there = {one.key for one in _check_specs(specs)}
    tables = {one.asset_key.path[1]: one.asset_key for one in there if one.asset_key != PUBLICATION}
    found: dict[dg.AssetCheckKey, list[Mapping[str, Any]]] = defaultdict(list)
    for check in checks:
        name, tool = check["subject"].rsplit(".", 1)[-1], check["tool"]
        place = dg.AssetCheckKey(tables.get(_TABLES.get(name, name), PUBLICATION), tool)
        found[place if place in there else dg.AssetCheckKey(PUBLICATION, tool)].append(check)
    for place, about in found.items():
        yield place, _judgement(place, about)


def _judgement(place: dg.AssetCheckKey, about: Sequence[Mapping[str, Any]]) -> dg.AssetCheckResult:
    failed = [one for one in about if one["status"] == "failed"]
    is_blocked = any(one["severity"] == "block" for one in failed)
    return dg.AssetCheckResult(
        asset_key=place.asset_key, check_name=place.name, passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocked else dg.AssetCheckSeverity.WARN,
        metadata={
            "checks": len(about),
            "skipped": sum(one["status"] == "skipped" for one in about),
            "failed": [
                {name: one[name] for name in ("check_name", "observed", "expected")}
                for one in failed
            ],
        },
    )  # fmt: skip


def _raise_for(job: Job) -> None:
    """Another attempt where it would help, at the time at which it would."""
    if job.state == "queued" and job.not_before is not None:
        wait_seconds = (job.not_before - clock.now()).total_seconds()
        raise dg.RetryRequested(max_retries=3, seconds_to_wait=max(1, wait_seconds))
    if job.state == "failed":
        raise dg.Failure(job.error_detail or job.state, allow_retries=False)
