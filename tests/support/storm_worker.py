"""A worker that extracts and does nothing else: ``python storm_worker.py JOB_ID``."""

import sys
from uuid import UUID

from flows.alone import work_off
from flows.analysis import Report, conclude, directly, state_of
from flows.steps.extract import extract
from flows.steps.run import Run
from gitinsight import logs
from gitinsight.settings import QualitySettings, Settings
from warehouse.engine import make_engine
from warehouse.jobs import Job


def extract_alone(run: Run, *, quality: QualitySettings) -> Job:
    """As an analysis does it, up to what its first stage ends with."""

    def work() -> str:
        extract(run, directly)
        return state_of(run)

    return conclude(run, Report(), work)


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    engine = make_engine(settings.warehouse_url, process="storm")
    work_off(settings, engine, [UUID(sys.argv[1])], work=extract_alone)


if __name__ == "__main__":
    main()
