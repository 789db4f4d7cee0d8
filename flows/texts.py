"""What the texts of all repositories say, read by many processes or hosts at once.

An analysis reads what is new in its repository, and only as long as it may. After a new version of
a model, or in a warehouse that never had one, everything waits, and no analysis is needed for it.
"""

from datetime import timedelta
from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.maintenance import opened
from flows.steps.meanings import read_meanings
from flows.steps.texts import Freelance
from flows.steps.tones import read_tones
from gitinsight import clock
from gitinsight.errors import BrokenEnvironment, NotFound
from warehouse import dirty, repositories

READ = "read-texts"
_MOST = 1_000_000
_PATIENCE = timedelta(days=1)
"""For the texts of one repository; an analysis has ``embeddings.seconds``."""
_NAMED = 5


@flow(name=READ, log_prints=False)
def read_texts() -> State[Any]:
    """Tone and meaning of every text that has none by the model of today; where it runs is told by
    ``orchestrator.dask_address``. A failure in one repository keeps no other from being read.
    """
    with opened() as (settings, engine), engine.begin() as connection:
        known = repositories.search(connection, limit=_MOST)
    spread = read_all.with_options(task_runner=runner(settings.orchestrator.dask_address))
    failed = spread({one.full_name: one.repository_id for one in known})
    if failed:
        named = ", ".join(failed[:_NAMED])
        return Failed(message=f"{len(failed)} of {len(known)} repositories not read: {named}")
    return Completed(message=f"{len(known)} repositories read")


def runner(dask_address: str | None) -> TaskRunner[Any]:
    """Tasks run on the workers of a Dask cluster, else one after the other where the flow runs."""
    if dask_address is None:
        return ThreadPoolTaskRunner(max_workers=1)
    try:
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise BrokenEnvironment(
            "a Dask cluster is named, and prefect-dask is not installed",
            "pip install 'gitinsight[dask]', or unset GITINSIGHT_ORCHESTRATOR__DASK_ADDRESS",
        ) from error
    return DaskTaskRunner(address=dask_address)


@flow(name=f"{READ}-of-all", log_prints=False)
def read_all(ids: dict[str, int]) -> list[str]:
    """Names of those that could not be read, by their repository ids."""
    asked = {name: read_one.submit(repository_id, name) for name, repository_id in ids.items()}
    for future in asked.values():
        future.wait()
    return sorted(name for name, future in asked.items() if not future.state.is_completed())


@task(
    name=f"{READ}-of-one", task_run_name="{full_name}", retries=2, retry_delay_seconds=5,
    log_prints=False,
)  # fmt: skip
def read_one(repository_id: int, full_name: str) -> dict[str, Any]:
    """How many tones are new, and how many meanings are known."""
    with opened("texts") as (settings, engine):
        try:
            with engine.begin() as connection:
                repository = repositories.by_id(connection, repository_id)
        except NotFound:  # removed since the list was made
            return {"repository": full_name, "tones": 0, "meanings": None}
        patient = settings.embeddings.model_copy(update={"seconds": _PATIENCE.total_seconds()})
        reader = Freelance(engine, repository, settings.state_dir, patient, settings.sentiment)
        tones = read_tones(reader)
        if tones:
            with engine.begin() as connection:
                dirty.mark_figures(
                    connection, [repository_id], reason="the tone of texts was read anew",
                    at=clock.now(),
                )  # fmt: skip
        return {"repository": full_name, "tones": tones, "meanings": read_meanings(reader)}
