"""Pages while the API is slow, answers out of order, or fails: they wait, and say what is wrong."""

from typing import Any

import pytest

from gitinsight.clock import now
from tests.conftest import ADMIN_KEY
from tests.support.browser import page_of
from tests.web.conftest import Site
from warehouse import jobs
from warehouse.engine import driver

NAME = "synthetic-labs/borealis"
SLOW_MS = 5_000
"""Longer than it is until a page looks again."""
PROBLEM = {"title": "Too Many Requests", "detail": "no more than 60 a minute", "status": 429}


def slow(page: Any) -> None:
    """From here on each answer takes its time."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": SLOW_MS, "downloadThroughput": -1, "uploadThroughput": -1},
    )


def test_jobs_are_shown_though_an_answer_takes_longer_than_the_next_look(
    browser: Any, site: Site
) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/")
        page.get_by_text(NAME).first.wait_for()
        page.get_by_role("link", name="Jobs").hover()  # its code is loaded
        page.wait_for_timeout(500)
        slow(page)
        page.get_by_role("link", name="Jobs").click()
        page.wait_for_url("**/jobs")
        page.get_by_role("row", name=NAME).first.wait_for(timeout=4 * SLOW_MS)


def test_a_list_that_is_waited_for_is_not_asked_for_again(browser: Any, site: Site) -> None:
    open_now: set[str] = set()
    most = 0

    def asks(request: Any) -> None:
        nonlocal most
        if "/api/v1/jobs?state=running" in request.url:
            open_now.add(str(id(request)))
            most = max(most, len(open_now))

    with page_of(browser, site.url) as page:
        page.on("request", asks)
        page.on("requestfinished", lambda request: open_now.discard(str(id(request))))
        page.goto("/")
        page.get_by_text(NAME).first.wait_for()
        slow(page)
        page.wait_for_timeout(4 * SLOW_MS)

    assert most == 1


def test_older_jobs_that_are_asked_for_twice_come_once(browser: Any, site: Site) -> None:
    with site.warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.jobs select made.* from (select * from ops.jobs limit 1) as one,"
            " generate_series(1, 70) as n, jsonb_populate_record(null::ops.jobs, to_jsonb(one) ||"
            " jsonb_build_object('job_id', gen_random_uuid(), 'requested_at',"
            " one.requested_at - make_interval(hours => n))) as made"
        )
        count = driver(connection).execute("select count(*) from ops.jobs").fetchone()
    with page_of(browser, site.url) as page:
        page.goto("/jobs")
        page.get_by_role("button", name="Older ones").dblclick()
        page.get_by_role("button", name="Older ones").wait_for(state="detached")
        page.wait_for_load_state("networkidle")
        shown = page.locator("tbody tr").count()

    assert (shown,) == count


def test_a_repository_is_not_shown_under_the_name_of_another(browser: Any, site: Site) -> None:
    """As when somebody goes back by two pages at once."""
    with site.other() as other, page_of(browser, site.url) as page:
        page.goto(f"/repositories/{site.repository}")
        page.get_by_role("heading", name=NAME).wait_for()
        page.get_by_role("link", name="Repositories").click()
        page.get_by_role("link", name=other).click()
        page.get_by_role("heading", name=other).wait_for()
        slow(page)
        page.evaluate("history.go(-2)")
        page.wait_for_url(f"**/repositories/{site.repository}")
        page.wait_for_timeout(500)
        shown = page.get_by_role("heading", level=1).all_inner_texts()
        page.get_by_role("heading", name=NAME).wait_for(timeout=4 * SLOW_MS)

    assert shown == []


def test_a_page_asks_once_for_its_repository(browser: Any, site: Site) -> None:
    asked: list[str] = []
    with page_of(browser, site.url) as page:
        page.goto("/")
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_role("link", name=NAME).click()
        page.wait_for_load_state("networkidle")

    assert asked.count(f"{site.url}/api/v1/repositories/{site.repository}") == 1


def test_while_nobody_has_answered_yet_the_page_says_that_it_waits(
    browser: Any, site: Site
) -> None:
    with page_of(browser, site.url) as page:
        page.route("**/api/v1/me", lambda _: None)
        page.goto("/")
        page.get_by_role("main").get_by_role("status").wait_for()
        said = page.get_by_role("main").inner_text()

    assert said.strip() == "Waiting for the API"


def test_what_the_api_refuses_is_said_as_it_said_it(browser: Any, site: Site) -> None:
    """It answers, so that nobody is to ask whether it runs."""
    with page_of(browser, site.url) as page:
        page.route("**/api/v1/me", lambda route: route.fulfill(status=429, json=PROBLEM))
        page.goto("/")
        said = page.get_by_role("alert").inner_text()

    assert PROBLEM["title"] in said
    assert PROBLEM["detail"] in said


@pytest.mark.parametrize("status", [429, 500, 503])
def test_figures_are_shown_though_nobody_says_which_jobs_run(
    browser: Any, site: Site, status: int
) -> None:
    """The page fails for whatever it does not catch."""
    with page_of(browser, site.url) as page:
        page.route("**/api/v1/jobs?*", lambda route: route.fulfill(status=status, body="<html>"))
        page.goto(f"/repositories/{site.repository}")
        page.get_by_role("heading", name=NAME).wait_for()
        page.wait_for_load_state("networkidle")


def test_a_stage_that_a_job_broke_off_in_is_not_under_way(browser: Any, site: Site) -> None:
    job_id = site.queued()
    with page_of(browser, site.url) as page:
        page.goto(f"/jobs/{job_id}")
        stage = page.locator(".stages li", has_text="extract")
        stage.get_by_text("to come").wait_for()
        held = site.begun(job_id)
        stage.get_by_text("under way").wait_for()
        with site.warehouse.begin() as connection:
            jobs.finish(connection, held, state="failed", at=now(), outcome={})
        page.get_by_role("status").get_by_text("failed").wait_for()
        said = stage.inner_text()

    assert "under way" not in said


def test_a_key_is_not_called_wrong_by_whoever_cannot_tell(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/")
        page.get_by_role("button", name="Sign in").click()
        page.route("**/api/v1/me", lambda route: route.fulfill(status=429, json=PROBLEM))
        page.get_by_label("Or with a key").fill(ADMIN_KEY)
        page.get_by_role("button", name="Use it").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(str(PROBLEM["detail"])).wait_for()
        said = dialog.inner_text()

    assert "not known here" not in said


def test_what_was_found_before_is_not_opened_for_what_is_typed_now(
    browser: Any, site: Site
) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/search?q=borealis&type=repository")
        page.get_by_role("option").first.wait_for()
        slow(page)
        page.get_by_role("combobox").fill("something else")
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        page.keyboard.press("Enter")
        page.wait_for_timeout(2 * SLOW_MS)

        assert "/search" in page.url


def test_no_value_stands_under_the_name_of_another_metric(browser: Any, site: Site) -> None:
    path = f"/api/v1/repositories/{site.repository}/values/commits"
    count = site.api.get(path).raise_for_status().json()["data"]["value"]
    with page_of(browser, site.url) as page:
        page.goto(f"/compare?repository={site.repository}&every=week")
        commits = page.locator(".tile").get_by_text(f"{count:.0f}", exact=True)
        commits.wait_for()
        slow(page)
        page.get_by_role("button", name="month", exact=True).click()
        page.wait_for_timeout(300)
        held = page.get_by_role("heading", name="By week").count()
        page.get_by_label("Metric").select_option("bus-factor")
        page.wait_for_timeout(300)
        shown = commits.count()

    assert (held, shown) == (1, 0)


@pytest.mark.parametrize(
    ("name", "figures"), [("completeness", "The ledger"), ("quality", "Checks")]
)
def test_no_ledger_stands_under_the_name_of_another_repository(
    browser: Any, site: Site, name: str, figures: str
) -> None:
    with site.other() as other, page_of(browser, site.url) as page:
        page.goto(f"/{name}?repository={site.repository}&show=all")
        page.get_by_role("region", name=figures).wait_for()
        slow(page)
        page.get_by_role("combobox", name="Another repository").fill(other)
        page.get_by_role("option", name=other).click(timeout=4 * SLOW_MS)
        page.get_by_role("link", name=other).wait_for(timeout=4 * SLOW_MS)
        shown = page.get_by_role("region", name=figures).count()

    assert shown == 0
