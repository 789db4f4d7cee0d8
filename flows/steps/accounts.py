"""Judges which accounts are programs, before dbt decides who is a human in the figures."""

from datetime import datetime

from flows.steps.run import Run
from gitinsight.errors import first_line
from models.actors import judge
from warehouse import activities, trained
from warehouse.engine import UNFIT, Connection
from warehouse.schemas import NOW, Schemas


def judge_accounts(run: Run) -> int | None:
    """How many accounts had done enough to be judged. Null where a payload cannot be read: verdicts
    stay as they were, and the quality gate finds what is wrong with it.
    """
    try:
        with run.warehouse.begin() as connection:
            judged = of_repository(connection, run.repository.repository_id, at=run.clock())
            run.hold(connection)
    except UNFIT as error:
        run.announce("transform", message=f"accounts were not judged: {first_line(error)}")
        return None
    return judged


def of_repository(
    connection: Connection, repository_id: int, *, at: datetime, schemas: Schemas = NOW
) -> int:
    """With ``schemas`` by what was known in the past, as ``warehouse.past`` shows it."""
    weights, model = trained.accounts(connection)
    verdicts = judge(weights, activities.of_accounts(connection, repository_id, schemas=schemas))
    activities.store(connection, repository_id, verdicts, model=model, at=at, schemas=schemas)
    return len(verdicts)
