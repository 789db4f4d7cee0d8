"""Makes the figures of one job the figures that readers see."""

from flows.steps.insights import Insights
from flows.steps.run import Run
from warehouse import publish as marts


def publish(run: Run, insights: Insights, *, quality_status: str) -> int:
    """One transaction; the number of the publication."""
    with run.warehouse.begin() as connection:
        run.hold(connection)
        return marts.publish(
            connection,
            run.repository.repository_id,
            job_id=run.job.job_id,
            as_of=run.as_of,
            at=run.clock(),
            quality_status=quality_status,
            rows=insights.rows,
        )
