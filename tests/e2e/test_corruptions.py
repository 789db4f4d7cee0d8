"""Checks bite: whatever goes wrong in raw fails the check that is named for it, and what blocks is
not published.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.analysis import Report, conclude, make_figures
from flows.attempt import attempt
from gitinsight.runtime import state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from tests.conftest import settings_of
from tests.support.analyses import analyse, enqueue, rows
from tests.support.corruptions import CORRUPTIONS, Corruption
from tests.support.databases import copy_of
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job
from warehouse.migrate import migrate

NAME = "synthetic-labs/aurora"
_ALWAYS = {
    "one issue is gone", "issues are doubled", "the repository is stale",
    "reviews are dated a month late", "issues are read without their labels",
}  # fmt: skip
"""One of each tool and severity; the others are slow."""


@pytest.fixture(scope="module")
def sound(
    postgres_server: EmbeddedPostgres, _repositories: Path, _github_port: int, shared_dir: Path
) -> Iterator[Settings]:
    """Settings of a warehouse, the template of all others, that holds one analysis."""
    home = shared_dir / "sound"
    state.prepare(home)
    with serve.serving(git_dir=_repositories, port=_github_port) as served:
        settings = settings_of(home, postgres_server.ensure_database("sound"), served.url)
        engine = make_engine(settings.warehouse_url, process="test")
        migrate(engine)
        assert analyse(settings, engine, NAME).state == "succeeded"
        engine.dispose()
        yield settings


@pytest.fixture
def copied(sound: Settings, postgres_server: EmbeddedPostgres) -> Iterator[tuple[Settings, Engine]]:
    with copy_of(postgres_server, "sound") as url:
        engine = make_engine(url, process="test")
        yield settings_of(sound.state_dir, url, sound.github.api_url), engine
        engine.dispose()


def figures_anew(settings: Settings, warehouse: Engine) -> Job:
    """A job that goes on from what is held."""
    job = enqueue(settings, warehouse, NAME)
    report = Report()
    with attempt(settings, warehouse, job.job_id, worker="test") as run:
        return conclude(run, report, lambda: make_figures(run, report, settings.quality))


def failed_checks(warehouse: Engine, job: Job) -> dict[str, str]:
    return dict(
        rows(
            warehouse,
            "select check_name, severity from ops.quality_results"
            f" where status = 'failed' and job_id = '{job.job_id}'",
        )
    )


def publication(warehouse: Engine) -> int:
    return int(rows(warehouse, "select publication from ops.publications")[0][0])


def test_what_is_sound_fails_no_check(copied: tuple[Settings, Engine]) -> None:
    settings, warehouse = copied

    job = figures_anew(settings, warehouse)

    assert failed_checks(warehouse, job) == {}
    assert (job.state, publication(warehouse)) == ("succeeded", 2)


def test_there_are_forty_and_no_two_are_the_same() -> None:
    assert len(CORRUPTIONS) >= 40
    assert len({one.name for one in CORRUPTIONS}) == len(CORRUPTIONS)
    assert len({one.statement for one in CORRUPTIONS}) == len(CORRUPTIONS)


@pytest.mark.parametrize(
    "corruption",
    [
        pytest.param(one, id=one.name, marks=() if one.name in _ALWAYS else pytest.mark.slow)
        for one in CORRUPTIONS
    ],
)
def test_what_is_wrong_fails_the_check_that_is_named_for_it(
    copied: tuple[Settings, Engine], corruption: Corruption
) -> None:
    settings, warehouse = copied
    with warehouse.begin() as connection:
        connection.exec_driver_sql(corruption.statement.replace("%", "%%"))

    job = figures_anew(settings, warehouse)

    assert failed_checks(warehouse, job).get(corruption.check_name) == corruption.severity
    is_blocked = corruption.severity == "block"
    assert (job.error_type == "QualityGateFailed") == is_blocked
    assert publication(warehouse) == (1 if is_blocked else 2)
