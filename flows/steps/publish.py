"""Makes the figures of one job the figures that readers see."""

from collections.abc import Sequence

from flows.steps.insights import Insights
from flows.steps.run import Run
from warehouse import dirty
from warehouse import publish as marts
from warehouse.dirty import Mark


def publish(
    run: Run, insights: Insights, *, quality_status: str, marks: Sequence[Mark] = ()
) -> int:
    """One transaction; the number of the publication. ``marks`` are those that the figures were
    made after.
    """
    with run.warehouse.begin() as connection:
        marts.prepare(connection, run.schemas)
    with run.warehouse.begin() as connection:
        run.hold(connection)
        dirty.clear(connection, marks)
        return marts.publish(
            connection,
            run.repository.repository_id,
            job_id=run.job.job_id,
            as_of=run.as_of,
            at=run.clock(),
            quality_status=quality_status,
            rows=insights.rows,
            schemas=run.schemas,
        )
