"""The Dagster catalogue in a browser: an analysis is launched there and ended, another one is let
end, and its run, its checks and what comes from what are looked at.

With GITINSIGHT_IMAGES=1 in the environment of the tests pictures go to docs/images/.
"""

import shutil
import subprocess
from collections.abc import Collection, Iterator
from uuid import uuid4

import dagster as dg
import httpx2
import pytest

from flows.catalog_runs import JOB_TAG
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from tests.support.analyses import follow
from tests.support.checkout import ROOT
from tests.support.commands import command, variables
from tests.support.pages import WANTS_IMAGES
from tests.support.waiting import wait_for
from warehouse import jobs
from warehouse.engine import Engine

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NAME = "synthetic-labs/borealis"
CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 120_000


@pytest.fixture
def page() -> Iterator["playwright.Page"]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        # Whoever is root, as in a container, has no sandbox; what is loaded is ours.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


@pytest.fixture
def catalog(page: object, settings: Settings, warehouse: Engine) -> Iterator[str]:
    """After the browser: without one there is nothing to look at."""
    follow(settings, warehouse, NAME)
    port = free_port(0)
    process = subprocess.Popen(
        command("catalog", "--port", str(port)), env=variables(settings), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(url, process), seconds=300)
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _answers(url: str, process: "subprocess.Popen[str]") -> bool:
    assert process.poll() is None, process.communicate()[0]
    try:
        return httpx2.get(f"{url}/server_info", timeout=5).is_success
    except httpx2.TransportError:
        return False


def keep(page: "playwright.Page", name: str) -> None:
    if WANTS_IMAGES:
        page.wait_for_timeout(2_000)  # what moves has come to rest
        page.screenshot(path=ROOT / "docs" / "images" / f"dagster-{name}.png")


def launch(page: "playwright.Page", catalog: str) -> None:
    page.goto(f"{catalog}/assets/marts/contributor?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Confirm").click()  # nothing before it was made yet
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Launch 1 run").click()


def test_an_analysis_is_launched_and_looked_at(
    page: "playwright.Page", catalog: str, settings: Settings, warehouse: Engine
) -> None:
    expect = playwright.expect
    expect.set_options(timeout=PATIENCE_MS)
    # What a catalogue that was killed has left.
    with dg.DagsterInstance.from_config(str(settings.state_dir / "dagster")) as instance:
        left = _left(instance)

    # The sensor makes the repository a partition, by itself.
    def has_partition() -> bool:
        page.goto(f"{catalog}/assets/marts/contributor?view=partitions")
        page.get_by_text("Missing").first.wait_for()
        page.wait_for_timeout(1_000)
        return bool(page.get_by_text(NAME).count())

    wait_for(has_partition, seconds=180)
    launch(page, catalog)
    job = wait_for(lambda: _newest(warehouse, {"running"}), seconds=300)
    page.goto(f"{catalog}/runs/{str(job.worker).removeprefix('dagster ')}")
    page.get_by_role("button", name="Terminate").first.click()
    page.get_by_role("button", name="Terminate 1 run").click()
    job = wait_for(lambda: _newest(warehouse, jobs.FINAL), seconds=60)

    assert job.state == "cancelled"
    page.goto(f"{catalog}/runs/{str(job.worker).removeprefix('dagster ')}")
    expect(page.get_by_text("RUN_CANCELED").first).to_be_visible()

    launch(page, catalog)
    wait_for(lambda: _newest(warehouse, {"running"}), seconds=300)
    job = wait_for(lambda: _newest(warehouse, jobs.FINAL), seconds=300)

    assert job.state == "succeeded"
    assert job.worker is not None
    run_id = job.worker.removeprefix("dagster ")
    page.set_viewport_size({"width": 1400, "height": 3_000})  # the log holds what is to be seen
    page.goto(f"{catalog}/runs/{run_id}")
    expect(page.get_by_text(f"job {job.job_id} of {NAME}").first).to_be_visible()
    expect(page.get_by_text("running: insights").first).to_be_visible()
    expect(page.get_by_text("RUN_SUCCESS").first).to_be_visible()
    page.set_viewport_size({"width": 1400, "height": 900})
    keep(page, "run")

    page.goto(f"{catalog}/assets/marts/contributor?view=events")
    expect(page.get_by_text(str(job.job_id)).first).to_be_visible()
    keep(page, "asset")

    page.goto(f"{catalog}/assets/marts/contributor?view=checks")
    expect(page.get_by_text("Passed").first).to_be_visible()
    keep(page, "checks")

    page.goto(f"{catalog}/asset-groups")
    for group in ("source", "raw", "staging", "intermediate", "marts", "insights", "ops", "api"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    keep(page, "lineage")

    page.goto(f"{catalog}/assets/insights/forecasts?view=lineage&lineageScope=neighbors")
    for name in ("weekly_activity", "stars_growth", "publications"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    keep(page, "forecasts")

    # The sensor has ended it meanwhile.
    page.goto(f"{catalog}/runs/{left}")
    expect(page.get_by_text("RUN_FAILURE").first).to_be_visible()
    expect(page.get_by_text("there is no such job").first).to_be_visible()


def _newest(warehouse: Engine, states: Collection[str]) -> jobs.Job | None:
    with warehouse.begin() as connection:
        found = jobs.recent(connection, limit=1)
    return found[0] if found and found[0].state in states else None


def _left(instance: dg.DagsterInstance) -> str:
    """A run that has started, and whose process is gone."""

    @dg.op
    def nothing() -> None:
        """Nobody runs it."""

    @dg.job
    def forgotten() -> None:
        nothing()

    run = instance.create_run_for_job(forgotten, tags={JOB_TAG: str(uuid4())})
    begun = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, job_name=run.job_name)
    instance.report_dagster_event(begun, run_id=run.run_id)
    return run.run_id
