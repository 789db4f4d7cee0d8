"""Jobs: listed, watched, stopped and begun again from the page, over real rows."""

from typing import Any

import pytest

from gitinsight.clock import now
from tests.support.browser import page_of, wrong_numbers
from tests.support.pages import LOOKS, look_at, take_key
from tests.support.rows import value
from tests.support.waiting import wait_for
from tests.web.conftest import Site
from warehouse import jobs

NAME = "synthetic-labs/borealis"


@pytest.mark.parametrize(("theme", "size"), LOOKS)
def test_everybody_can_use_it(browser: Any, site: Site, theme: str, size: str) -> None:
    with page_of(browser, site.url, theme=theme, size=size) as page:
        page.goto("/jobs")
        page.get_by_role("link", name=NAME).first.wait_for()
        look_at(page, "jobs", theme=theme, size=size)
        page.get_by_role("link", name=NAME).last.click()
        page.get_by_role("log").wait_for()
        look_at(page, "job", theme=theme, size=size)
        count, wrong = wrong_numbers(page, site.api)
        assert wrong == []
        assert count > 5


def test_a_guest_looks_and_stops_nothing(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/jobs")
        page.get_by_role("link", name=NAME).first.wait_for()

        assert page.get_by_role("button", name="Retry").count() == 0
        assert page.get_by_role("button", name="Cancel").count() == 0


def test_a_job_is_cancelled_and_begun_again_from_the_page(browser: Any, site: Site) -> None:
    job_id = site.queued()
    asked = f"select cancel_requested_at is not null from ops.jobs where job_id = '{job_id}'"
    with page_of(browser, site.url) as page:
        take_key(page)
        page.goto("/jobs?state=queued")
        page.get_by_role("button", name=f"Cancel the analysis of {NAME}").click()
        wait_for(lambda: site.api.get(f"/api/v1/jobs/{job_id}").json()["state"] == "cancelled")
        assert value(site.warehouse, asked)
        page.get_by_text("No job is queued").wait_for()

        page.get_by_label("State").select_option("cancelled")
        page.get_by_role("button", name=f"Analyse {NAME} once more").first.click()
        wait_for(lambda: site.api.get("/api/v1/jobs?state=queued").json()["data"] != [])

    (again,) = site.api.get("/api/v1/jobs?state=queued").json()["data"]
    assert again["job_id"] != job_id
    site.api.post(f"/api/v1/jobs/{again['job_id']}/cancel").raise_for_status()


def test_what_a_job_does_is_seen_while_it_does_it(browser: Any, site: Site) -> None:
    job_id = site.queued()
    with page_of(browser, site.url) as page:
        page.goto(f"/jobs/{job_id}")
        page.get_by_role("heading", name="Analysis of").wait_for()
        held = site.begun(job_id)
        site.read_more(held, done=5, rows=2)
        page.get_by_role("log").get_by_text("issues, 3 of 9, 3 rows").wait_for()
        bar = page.get_by_role("progressbar", name="issues")
        bar.wait_for()
        wait_for(lambda: bar.evaluate("bar => bar.value") == 5)
        page.get_by_text("5 rows", exact=True).wait_for()
        page.locator("dl div", has_text="State").get_by_text("running").wait_for()
        page.get_by_text("not yet").nth(1).wait_for(state="detached")
        with site.warehouse.begin() as connection:
            jobs.finish(
                connection, held, state="failed", at=now(), outcome={}, error_type="TestFailed",
                error_detail="as it was told to",
            )  # fmt: skip
        page.get_by_text("as it was told to").first.wait_for()


def test_what_there_is_not_is_said(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/jobs/5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11")
        page.get_by_role("alert").get_by_text("Not Found").wait_for()
        page.goto("/jobs?state=partial")
        page.get_by_text("No job is partial").wait_for()
