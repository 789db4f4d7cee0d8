"""One analysis from end to end, whichever orchestrator runs it: six stages over plain steps."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from flows.retries import again_at
from flows.steps.accounts import judge_accounts
from flows.steps.check import check
from flows.steps.code import read_code
from flows.steps.extract import Call, Extraction, extract
from flows.steps.insights import compute
from flows.steps.meanings import read_meanings
from flows.steps.publish import publish
from flows.steps.run import Run
from flows.steps.tones import read_tones
from flows.steps.transform import transform
from gitinsight import logs, traces
from gitinsight.errors import Cancelled, GitInsightError, LeaseLost, RateLimited
from gitinsight.settings import QualitySettings
from warehouse import accounting, benches, dirty, holdings, jobs, lanes, ledger, run_links
from warehouse import publish as publishing
from warehouse.dirty import Mark
from warehouse.engine import UNREACHABLE
from warehouse.expectations import gate, volume
from warehouse.jobs import Job

T = TypeVar("T")
_LOG = logs.get(__name__)


def directly(_name: str, step: Callable[[], T], /) -> T:
    return step()


@dataclass(slots=True)
class Report:
    """What a job did, as ``ops.jobs.outcome`` keeps it."""

    seconds: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    cost: int = 0
    publication: int | None = None
    as_of: str | None = None
    quality: str | None = None
    is_unchanged: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    meanings: dict[str, Any] | None = None
    """What is known for searches by meaning; null where nobody wants it."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            with traces.span(stage):
                yield
        finally:
            self.seconds[stage] = round(time.monotonic() - started, 3)

    def as_outcome(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds, "rows": self.rows, "requests": self.requests,
            "cost": self.cost, "publication": self.publication, "as_of": self.as_of,
            "quality": self.quality, "is_unchanged": self.is_unchanged, "counts": self.counts,
            "meanings": self.meanings,
        }  # fmt: skip


def analyze(run: Run, *, quality: QualitySettings, call: Call = directly) -> Job:
    """Run every stage and end the job in the state that it deserves; the job as it stands then.

    A limit parks it until the limit is over, another passing trouble parks it for a moment, and a
    lease that was lost leaves it to whoever holds it now.
    """
    report = Report()
    return conclude(run, report, lambda: _stages(run, report, quality, call))


def conclude(run: Run, report: Report, work: Callable[[], str]) -> Job:
    """End or park the job as what comes of ``work`` deserves, which says the state; the job as it
    stands then.
    """
    job_id, name = str(run.job.job_id), run.repository.full_name
    with run.heartbeat(), traces.span("analyze", job_id=job_id, repository=name):
        try:
            state = work()
        except (LeaseLost, *UNREACHABLE):
            raise  # the lease runs out, and somebody goes on from the last page
        except Cancelled as cancelled:
            return _finish(run, report, "cancelled", cancelled)
        except GitInsightError as error:
            not_before = again_at(error, run.job.attempt, at=run.clock())
            if _is_unwanted(run):
                return _finish(run, report, "cancelled", error)
            if not_before is None:
                return _finish(run, report, "failed", error)
            return _park(run, error, not_before)
        except Exception as error:
            if _is_unwanted(run):
                return _finish(run, report, "cancelled", error)
            _finish(run, report, "failed", error)
            raise
    return _finish(run, report, state, None)


def _stages(run: Run, report: Report, quality: QualitySettings, call: Call) -> str:
    run.announce("discover")
    if run.job.kind == "check":
        with run.warehouse.begin() as connection:
            run.held_as_of = publishing.held_as_of(connection, run.repository.repository_id)
        report.counts = _counts(run)
        return make_figures(run, report, quality, call)
    with report.timed("extract"):
        extraction = extract(run, call)
    report.rows = {name: one.touched for name, one in extraction.results.items()}
    report.counts = _counts(run)
    if _is_settled(run, extraction, quality):
        report.is_unchanged = True
        state = state_of(run)
    else:
        state = make_figures(run, report, quality, call)
    if run.embeddings.seconds:
        report.meanings = call("meanings", partial(read_meanings, run))
    return state


def make_figures(run: Run, report: Report, quality: QualitySettings, call: Call = directly) -> str:
    """The stages after extraction: what is held becomes figures, and is published if it may be."""
    with report.timed("code"):
        call("code", partial(read_code, run))
    run.announce("transform", message="waiting for its turn")
    with benches.taken(run.warehouse, is_giant=run.is_giant) as run.schemas:
        run.announce("transform")
        marks = _marks(run)
        threading.Thread(target=gate.prepare, name="imports", daemon=True).start()
        with report.timed("tones"):
            call("tones", partial(read_tones, run))
        with report.timed("accounts"):
            call("accounts", partial(judge_accounts, run))
        with report.timed("transform"):
            checks = call("transform", partial(transform, run))
        run.announce("insights")
        with report.timed("insights"):
            insights = call("insights", partial(compute, run))
        run.announce("check")
        with report.timed("check"):
            previous = _previous_counts(run)
            report.quality = call(
                "check", partial(check, run, checks, settings=quality, previous=previous)
            )
        run.announce("publish")
        with report.timed("publish"):
            report.publication = call(
                "publish",
                partial(publish, run, insights, quality_status=report.quality, marks=marks),
            )
        report.as_of = run.as_of.isoformat()
    return state_of(run)


def _is_settled(run: Run, extraction: Extraction, quality: QualitySettings) -> bool:
    """Nothing has changed, nobody has said otherwise, and the figures are young enough for their
    ages to hold. What an attempt has read that came to no figures is in none of them yet.
    """
    account = extraction.account
    if run.job.is_full or extraction.has_changed or (account is not None and account.is_new):
        return False
    if run.job.attempt > 1:
        return False
    repository_id = run.repository.repository_id
    if _marks(run):
        return False
    with run.warehouse.begin() as connection:
        published = publishing.published_as_of(connection, repository_id)
        shown = jobs.last_published(connection, repository_id)
        since = shown.started_at if shown else None
        if shown is not None and jobs.has_broken_off(connection, run.job, after=shown):
            return False
        if since is not None and holdings.has_lost(connection, repository_id, since=since):
            return False
    limit = timedelta(hours=quality.refresh_hours)
    return published is not None and run.as_of - published < limit


def _marks(run: Run) -> list[Mark]:
    """What has been said of what is held, and is in no figure yet."""
    with run.warehouse.begin() as connection:
        return dirty.due(connection, run.repository.repository_id, dirty.FIGURES)


def state_of(run: Run) -> str:
    """A run that misses something is partial, never green."""
    with run.warehouse.begin() as connection:
        entries = ledger.completeness(connection, run.repository.repository_id)
    is_whole = all(one["state"] not in {"partial", "unavailable"} for one in entries)
    return "succeeded" if is_whole else "partial"


def _counts(run: Run) -> dict[str, int]:
    with run.warehouse.begin() as connection:
        return volume.counts(connection, run.repository.repository_id)


def _previous_counts(run: Run) -> dict[str, int]:
    with run.warehouse.begin() as connection:
        previous = jobs.last_published(connection, run.repository.repository_id)
    outcome = previous.outcome if previous else None
    counts: dict[str, int] = (outcome or {}).get("counts", {})
    return counts


def _is_unwanted(run: Run) -> bool:
    """Whether somebody asked it to stop before it failed: what it stumbled over may be that its
    repository is gone, and it is not tried again in any case.
    """
    with run.warehouse.begin() as connection:
        job = run_links.several(connection, [run.job.job_id]).get(run.job.job_id)
    return job is not None and job.cancel_requested_at is not None


def _park(run: Run, error: GitInsightError, not_before: datetime) -> Job:
    at, reason = run.clock(), str(error)
    with run.warehouse.begin() as connection:
        parked = jobs.park(connection, run.job, not_before=not_before, at=at, reason=reason)
    if isinstance(error, RateLimited):  # the job is parked, whatever becomes of this
        with run.warehouse.begin() as connection:
            lanes.hold_back(connection, run.job, until=not_before, at=at, reason=reason)
    return parked


def _finish(run: Run, report: Report, state: str, error: Exception | None) -> Job:
    with run.warehouse.begin() as connection:
        accounting.record_requests(
            connection, run.client.drain(), job_id=run.job.job_id,
            repository_id=run.repository.repository_id,
        )  # fmt: skip
        report.requests, report.cost = accounting.request_totals(connection, run.job.job_id)
        job = jobs.finish(
            connection,
            run.job,
            state=state,
            at=run.clock(),
            outcome=report.as_outcome(),
            error_type=type(error).__name__ if error else None,
            error_detail=str(error) if error else None,
        )
    _LOG.info(
        "job_finished", job_id=str(job.job_id), repository=run.repository.full_name, state=state,
        error=job.error_detail,
    )  # fmt: skip
    return job
