"""What a person sees: the lines while jobs run, the table in the end, the exit code."""

import io
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from rich.console import Console

from flows.progress import exit_code, follow, print_results
from gitinsight import clock
from gitinsight.errors import NotFound
from gitinsight.settings import Settings
from tests.support.analyses import enqueue
from warehouse import job_events, jobs, removal
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job

NAME = "synthetic-labs/borealis"


def console(width: int = 140) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=width, color_system=None), text


def ended(warehouse: Engine, job: Job, state: str, error: str | None = None) -> Job:
    with warehouse.begin() as connection:
        held = jobs.claim(connection, job.job_id, worker="test", at=clock.now())
        return jobs.finish(
            connection, held, state=state, at=clock.now(), outcome={"requests": 3},
            error_type=error, error_detail=error and "that is why",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "error", "code"),
    [
        ("succeeded", None, 0),
        ("partial", None, 3),
        ("failed", "NotVisible", 1),
        ("failed", "QualityGateFailed", 2),
        ("failed", "UpstreamUnavailable", 75),
        ("failed", "SomethingElse", 1),
        ("cancelled", "Cancelled", 1),
    ],
)
def test_the_exit_code_tells_how_a_job_ended(
    settings: Settings, warehouse: Engine, state: str, error: str | None, code: int
) -> None:
    job = ended(warehouse, enqueue(settings, warehouse, NAME), state, error)

    assert exit_code([job]) == code


def test_the_gravest_of_several_decides(settings: Settings, warehouse: Engine) -> None:
    good = ended(warehouse, enqueue(settings, warehouse, NAME), "succeeded")
    bad = ended(warehouse, enqueue(settings, warehouse, NAME), "failed", "NotVisible")
    some = ended(warehouse, enqueue(settings, warehouse, NAME), "partial")

    assert exit_code([good, bad, some]) == 1
    assert exit_code([some, good]) == 3
    assert exit_code([]) == 0


def test_the_table_shows_figures_and_what_is_unknown_as_a_dash(
    settings: Settings, warehouse: Engine
) -> None:
    job = ended(warehouse, enqueue(settings, warehouse, NAME), "failed", "NotVisible")
    out, text = console()

    with warehouse.begin() as connection:
        print_results(connection, [job], out)

    [row] = [line.split() for line in text.getvalue().splitlines() if line.startswith(f" {NAME}")]
    assert row == [NAME, "failed", *["-"] * 8, "3"]
    assert f"{NAME}: that is why" in text.getvalue()


def test_a_narrow_terminal_sees_fewer_columns_and_whole_words(analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    out, text = console(width=80)

    with warehouse.begin() as connection:
        print_results(connection, jobs.recent(connection), out)
    warehouse.dispose()

    shown = text.getvalue()
    assert "coverage" in shown
    assert "bus" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "24" in shown
    assert "* synthetic" in shown


def test_every_stage_is_told_once_where_nobody_watches(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)
    with warehouse.begin() as connection:
        held = jobs.claim(connection, job.job_id, worker="test", at=clock.now())
        for stage in ("discover", "extract"):
            job_events.append(connection, job.job_id, at=clock.now(), state="running", stage=stage)
        jobs.finish(connection, held, state="succeeded", at=clock.now(), outcome={})
    out, text = console()

    found = follow(warehouse, [job.job_id], out)

    assert [one.state for one in found] == ["succeeded"]
    assert text.getvalue().splitlines() == [f"{NAME}: discover", f"{NAME}: extract"]


def test_a_job_that_is_unknown_is_said_to_be(warehouse: Engine) -> None:
    with pytest.raises(NotFound):
        follow(warehouse, [UUID(int=1)], console()[0])


def test_what_is_removed_meanwhile_is_left_out(settings: Settings, warehouse: Engine) -> None:
    removed = enqueue(settings, warehouse, NAME)
    job = ended(warehouse, enqueue(settings, warehouse, "synthetic-labs/aurora"), "succeeded")
    with warehouse.begin() as connection:
        held = jobs.claim(connection, removed.job_id, worker="test", at=clock.now())
    out, text = console()
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow, warehouse, [removed.job_id, job.job_id], out)
        begun = removal.begin(warehouse, removed.repository_id, by="admin", at=clock.now())
        with warehouse.begin() as connection:
            jobs.finish(connection, held, state="cancelled", at=clock.now(), outcome={})
            connection.exec_driver_sql("select pg_sleep(0.6)")
        removal.erase(warehouse, begun)
        found = following.result(20)
    with warehouse.begin() as connection:
        print_results(connection, [*found, removed], out)

    assert [one.job_id for one in found if one.job_id == job.job_id] == [job.job_id]
    assert "succeeded" in text.getvalue()
    assert NAME not in text.getvalue()
