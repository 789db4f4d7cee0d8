"""Which state a run of the orchestrator deserves: the one that ``ops.jobs`` has, in its words."""

from typing import Any

from prefect.client.schemas.objects import State, StateType
from prefect.states import Cancelled, Completed, Crashed, Failed, Running

from warehouse.jobs import Job

OPEN = frozenset(
    {
        StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED,
        StateType.CANCELLING,
    }
)  # fmt: skip


def deserved(job: Job) -> State[Any]:
    """Of the run that has worked at the job last."""
    told = job.error_detail
    match job.state:
        case "succeeded":
            return Completed(message=told)
        case "partial":
            return Completed(name="Partial", message=told or "something is missing: see the ledger")
        case "cancelled":
            return Cancelled(message=told)
        case "failed":
            return Failed(message=f"{job.error_type}: {told}")
        case "queued":
            return Completed(name="Parked", message=f"goes on after {job.not_before}")
        case _:
            return Running(message=told)


def alike(job: Job) -> frozenset[StateType]:
    """How the run of a job that has ended may have ended: of one that failed it may be said that
    its process did.
    """
    crashed = {StateType.CRASHED} if job.state == "failed" else set()
    return frozenset({deserved(job).type, *crashed})


def superseded(job: Job | None) -> State[Any]:
    """Of a run that has lost the job to another one, or with its repository, which was removed."""
    if job is None:
        return Cancelled(message="there is no such job any more")
    if job.state == "cancelled":
        return deserved(job)
    return Crashed(name="Superseded", message=f"another run has the job, which is {job.state}")
