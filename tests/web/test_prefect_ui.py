"""Prefect's UI in a browser: a run with its logs, its steps and its artifacts, and the schedules.

With GITINSIGHT_IMAGES=1 in the environment of the tests pictures go to docs/images/.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from prefect.client.orchestration import get_client

from flows import deployments, stack
from gitinsight.operations_settings import OrchestratorSettings
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from tests.support import prefect
from tests.support.analyses import enqueue
from tests.support.checkout import ROOT
from tests.support.commands import variables
from tests.support.pages import WANTS_IMAGES
from warehouse import jobs
from warehouse.engine import Engine
from warehouse.jobs import Job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NAME = "synthetic-labs/borealis"
CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 60_000
_RUN = (
    "import asyncio, sys; from flows.analyze_repository import analyze_repository;"
    "asyncio.run(analyze_repository(sys.argv[1], sys.argv[2]))"
)


@pytest.fixture(scope="module")
def ui(shared_dir: Path, postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with prefect.serving(shared_dir / "prefect-ui", postgres_server) as url:
        with get_client(sync_client=True) as client:
            for one in deployments.deployments(client, OrchestratorSettings()):
                one.apply()
        yield url.removesuffix("/api")


@pytest.fixture
def done(ui: str, settings: Settings, warehouse: Engine) -> Job:
    """An analysis that has run as Prefect runs it: in a process of its own."""
    job = enqueue(settings, warehouse, NAME)
    told = settings.model_copy(update={"orchestrator": OrchestratorSettings(api_url=f"{ui}/api")})
    environment = stack.environment_of(told) | variables(told)
    subprocess.run(
        [sys.executable, "-c", _RUN, str(job.job_id), NAME], env=environment, cwd=ROOT, check=True,
        timeout=600,
    )  # fmt: skip
    with warehouse.begin() as connection:
        return jobs.by_id(connection, job.job_id)


@pytest.fixture
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("needs the Debian package chromium")
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def keep(page: Page, name: str) -> None:
    if WANTS_IMAGES:
        page.wait_for_timeout(1_500)  # what moves has come to rest
        (ROOT / "docs" / "images").mkdir(exist_ok=True)
        page.screenshot(path=ROOT / "docs" / "images" / f"{name}.png")


def see(page: Page, text: str | re.Pattern[str], *, exact: bool = False) -> Locator:
    shown = page.get_by_text(text, exact=exact).first
    expect(shown).to_be_visible(timeout=PATIENCE_MS)
    return shown


def test_a_run_is_read_in_the_browser(done: Job, page: Page, ui: str) -> None:
    assert done.state == "succeeded"
    assert str(done.flow_run_url).startswith(ui)

    read_a_run(page, str(done.flow_run_url))


def read_a_run(page: Page, url: str) -> None:
    page.goto(url)
    see(page, NAME)
    see(page, "Completed", exact=True)
    see(page, re.compile(r"^issues: [1-9]\d* new or changed in"))
    keep(page, "prefect-run-logs")

    page.get_by_text("Artifacts", exact=True).last.click()
    for what in ("result", "quality", "completeness"):
        see(page, re.compile(f"^{what}-\\d+-synthetic-labs-borealis"))
    keep(page, "prefect-run-artifacts")

    see(page, re.compile("^completeness-")).click()
    see(page, "pull_requests", exact=True)
    keep(page, "prefect-completeness")

    page.go_back()
    page.get_by_text("Artifacts", exact=True).last.click()
    see(page, re.compile("^quality-")).click()
    see(page, re.compile(r"\d+ checks, \d+ passed"))
    keep(page, "prefect-quality")


def test_what_runs_by_the_clock_is_listed_with_its_schedules(page: Page, ui: str) -> None:
    page.goto(f"{ui}/deployments")

    for name in ("refresh-repositories", "sweep-repositories", "check-quality", "forget-rows"):
        see(page, name)
    see(page, re.compile("At 03:00 AM"))
    keep(page, "prefect-deployments")
