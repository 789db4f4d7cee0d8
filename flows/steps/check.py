"""The quality gate: what dbt's tests, Great Expectations, GitHub's own totals and the ledger say of
one job.
"""

from collections.abc import Mapping, Sequence

from flows.steps.run import Run
from gitinsight.errors import QualityGateFailed
from gitinsight.settings import QualitySettings
from warehouse import ledger, outbox, quality, reconciliation
from warehouse.expectations import gate
from warehouse.quality import Check


def check(
    run: Run,
    transformed: Sequence[Check],
    *,
    settings: QualitySettings,
    previous: Mapping[str, int],
) -> str:
    """Passed or warned; QualityGateFailed where something blocks. Every result is kept."""
    has_figures = not quality.blocking(transformed)
    found = [
        *transformed,
        *_ledger(run),
        *gate.run(
            run.warehouse,
            repository_id=run.repository.repository_id,
            job_id=run.job.job_id,
            as_of=run.as_of,
            at=run.clock(),
            previous_counts=previous,
            volume_drop_ratio=settings.volume_drop_ratio,
            fresh_hours=run.repository.fresh_hours or settings.fresh_hours,
            has_figures=has_figures,
            schemas=run.schemas,
        ),
    ]
    if has_figures:
        found += _reconciled(run)
    with run.warehouse.begin() as connection:
        job_id, repository_id, at = run.job.job_id, run.repository.repository_id, run.clock()
        quality.record(connection, found, job_id=job_id, repository_id=repository_id, at=at)
        outbox.tell_quality(connection, found, job_id=job_id, repository_id=repository_id, at=at)
    if blocking := quality.blocking(found):
        raise QualityGateFailed(blocking)
    return quality.verdict(found)


def _reconciled(run: Run) -> list[Check]:
    with run.warehouse.connect() as connection:
        return reconciliation.run(
            connection, run.repository.repository_id, as_of=run.as_of, schemas=run.schemas
        )


def _ledger(run: Run) -> list[Check]:
    """What is missing does not stop the figures of the rest, and every answer says so."""
    with run.warehouse.begin() as connection:
        entries = ledger.completeness(connection, run.repository.repository_id)
    return [
        Check(
            check_name=f"completeness:{one['thing']}",
            tool="completeness",
            subject=f"raw.{one['thing']}",
            severity="warn",
            status="failed" if one["state"] in {"partial", "unavailable"} else "passed",
            observed=None if one["held_count"] is None else str(one["held_count"]),
            expected=None if one["upstream_count"] is None else str(one["upstream_count"]),
        )
        for one in entries
        if one["state"] != "uncounted"
    ]
