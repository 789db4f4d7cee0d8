"""The list of repositories and the page of one: whole, honest, quick, and for everybody."""

import re
import threading
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from flows.alone import work_off
from tests.conftest import ADMIN_KEY
from tests.support.browser import (
    page_of,
    script_bytes,
    settle,
    shifted,
    violations,
    wrong_numbers,
)
from tests.support.pages import LOOKS, look_at
from tests.support.waiting import wait_for
from tests.web.conftest import Site
from warehouse.engine import driver

BOREALIS = "synthetic-labs/borealis"
SHIFT = 0.02
"""A tenth of it is good by the measure of Web Vitals, of which 0.1 is the bound."""
SCRIPT_BYTES = 250_000
FIRST_VIEW_MS = 1_500
MANY = 10_000
PATHS: dict[str, Callable[[Site], str]] = {
    "home": lambda _: "/",
    "repository": lambda site: f"/repositories/{site.repository}",
}
of_every_page = pytest.mark.parametrize("name", PATHS)


def opened(page: Any, site: Site, name: str) -> None:
    page.goto(PATHS[name](site))
    page.get_by_text(BOREALIS).first.wait_for()
    settle(page)


def sign_in(page: Any) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Or with a key").fill(ADMIN_KEY)
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("button", name="admin").wait_for()


def test_an_address_of_no_page_says_so(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        answer = page.goto("/nowhere")
        page.get_by_role("heading", name="There is no such page").wait_for()
        page.get_by_role("link", name="To the repositories").click()
        page.get_by_text(BOREALIS).first.wait_for()

    assert answer.status == 404


@of_every_page
def test_each_number_is_that_of_the_api(browser: Any, site: Site, name: str) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, name)
        tables = page.get_by_role("button", name=re.compile("^Table of"), disabled=False)
        while tables.count():
            tables.first.click()
        shown, wrong = wrong_numbers(page, site.api)

    assert wrong == []
    assert shown >= {"home": 5, "repository": 400}[name]


@pytest.mark.parametrize(("theme", "size"), LOOKS)
@of_every_page
def test_everybody_can_use_it(browser: Any, site: Site, name: str, theme: str, size: str) -> None:
    with page_of(browser, site.url, theme=theme, size=size) as page:
        page.goto(PATHS[name](site))
        page.get_by_text(BOREALIS).first.wait_for()
        look_at(page, name, theme=theme, size=size)


def test_what_is_not_all_is_not_shown_as_all(browser: Any, site: Site) -> None:
    def nearly(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        for row in told["data"]:
            row["coverage_ratio"] = 9_999 / 10_000
        route.fulfill(response=answer, json=told)

    with page_of(browser, site.url) as page:
        page.route("**/api/v1/overview?*", nearly)
        opened(page, site, "home")

        assert "99.9%" in page.get_by_role("row", name=re.compile("borealis")).inner_text()


def test_a_chart_of_what_is_not_known_says_so(browser: Any, site: Site) -> None:
    def unknown(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        for point in told["data"]:
            point["value"] = None
        route.fulfill(response=answer, json=told)

    with page_of(browser, site.url) as page:
        page.route("**/metrics/issues_*_count?*", unknown)
        opened(page, site, "repository")

        figure = page.get_by_role("figure", name="Issues opened and closed")
        figure.get_by_text("Nothing to show").wait_for()


@of_every_page
def test_nothing_moves_while_it_loads(browser: Any, site: Site, name: str) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, name)

        assert shifted(page) < SHIFT


def test_the_first_page_is_light_and_soon_there(browser: Any, site: Site) -> None:
    """The best of three: other tests keep the machine busy."""
    times: list[float] = []
    while len(times) < 3 and not any(one < FIRST_VIEW_MS for one in times):
        with page_of(browser, site.url) as page:
            page.goto("/", wait_until="commit")
            page.get_by_role("link", name=BOREALIS).wait_for()
            times.append(page.evaluate("performance.now()"))
            page.wait_for_load_state("networkidle")
            weight = script_bytes(page)

    assert 0 < weight < SCRIPT_BYTES
    assert min(times) < FIRST_VIEW_MS


def test_a_figure_says_what_it_means_and_where_it_comes_from(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, "repository")
        page.get_by_role("button", name="About Commits", exact=True).click()
        about = page.get_by_role("dialog", name="Commits")
        about.get_by_text("commits@1").wait_for()
        about.get_by_text("The SQL").first.click()
        sql = about.locator("pre").first.inner_text()
        coverage = about.get_by_role("row", name=re.compile("^commits")).inner_text()
        found = violations(page)
        with page.expect_download() as taken:
            about.get_by_role("button", name="CSV").click()
        first_line = taken.value.path().read_text().splitlines()[0]
        about.get_by_label("What is wrong with it").fill("The merge is counted twice.")
        about.get_by_role("button", name="Report it").click()
        about.get_by_text("Thank you").wait_for()
        page.keyboard.press("Escape")
        about.wait_for(state="detached")

    reports = site.api.get("/api/v1/reports").json()["data"]
    assert sql.startswith("select repository_id, sum(commits_count)")
    assert "100" in coverage
    assert found == []
    assert first_line.startswith("repository_id,day,")
    assert [(one["metric"], one["comment"]) for one in reports] == [
        ("commits", "The merge is counted twice.")
    ]


def test_a_view_is_in_its_address(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, "repository")
        page.get_by_role("button", name="Humans").click()
        page.get_by_role("button", name="month").click()
        page.get_by_label("First day").fill("2026-02-01")
        page.wait_for_url(re.compile("from=2026-02-01"))
        address = page.url.removeprefix(site.url)
    with page_of(browser, site.url) as page:
        page.goto(address)
        settle(page)
        page.get_by_role("button", name="Table of Commits", exact=True).click()
        rows = (
            page.get_by_role("region", name="Commits", exact=True)
            .locator("tbody tr")
            .all_inner_texts()
        )
        pressed = page.locator("button[aria-pressed=true]").all_inner_texts()
        _, wrong = wrong_numbers(page, site.api)

    assert "actors=human" in address
    assert {"Humans", "month"} <= set(pressed)
    assert rows[0].startswith("1 Feb 2026")
    assert wrong == []


def test_a_key_lets_somebody_add_and_watch(browser: Any, site: Site) -> None:
    """From the name of a repository to its figures, without a reload."""
    with page_of(browser, site.url) as page:
        opened(page, site, "home")
        sign_in(page)
        page.get_by_role("button", name="Add", exact=True).click()
        adding = page.get_by_role("dialog", name=re.compile("^Add"))
        adding.get_by_label("Name on GitHub").fill("synthetic-labs/nothing")
        adding.get_by_role("button", name="Add").click()
        adding.get_by_role("alert").wait_for()
        adding.get_by_label("Name on GitHub").fill("https://elsewhere.test/synthetic-labs/aurora")
        adding.get_by_role("button", name="Add").click()
        adding.get_by_text("'https://elsewhere.test/synthetic-labs/aurora' is not").wait_for()
        adding.get_by_label("Name on GitHub").fill("synthetic-labs/empty-repo")
        adding.get_by_role("button", name="Add").click()
        live = page.get_by_role("region", name="Analysis of synthetic-labs/empty-repo")
        live.wait_for()
        row = page.get_by_role("row", name=re.compile("empty-repo"))
        before = row.inner_text()
        (queued,) = site.api.get("/api/v1/jobs", params={"state": "queued"}).json()["data"]
        work = threading.Thread(
            target=work_off, args=(site.settings, site.warehouse, [queued["job_id"]])
        )
        work.start()
        live.locator(".stages .done").first.wait_for(timeout=60_000)
        work.join()
        live.wait_for(state="detached", timeout=60_000)
        wait_for(lambda: "ago" in row.inner_text() or "now" in row.inner_text())

    assert "never" in before


def test_an_organisation_is_followed_whole(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, "home")
        sign_in(page)
        page.get_by_role("button", name="Add", exact=True).click()
        adding = page.get_by_role("dialog", name=re.compile("^Add"))
        adding.get_by_label("Name on GitHub").fill("nobody-has-this-name")
        adding.get_by_role("button", name="Add").click()
        adding.get_by_role("alert").wait_for()
        adding.get_by_label("Name on GitHub").fill(
            f"{site.settings.github.api_url}/synthetic-labs/"
        )
        adding.get_by_role("button", name="Add").click()
        adding.wait_for(state="detached")

    (held,) = site.api.get("/api/v1/organisations").json()["data"]
    assert held["login"] == "synthetic-labs"


def test_a_wrong_key_is_none_and_a_guest_adds_nothing(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, "home")
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_text("needs the role of a maintainer").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Or with a key").fill("gi_wrong")
        page.get_by_role("button", name="Use it").click()

        page.get_by_text("This key is not known here.").wait_for()


def test_where_nobody_logs_in_with_github_the_page_says_so(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, "home")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign in with GitHub").click()
        page.get_by_role("alert").get_by_text("GITINSIGHT_AUTH__GITHUB_CLIENT_ID").wait_for()

        assert page.get_by_label("Or with a key").is_visible()


def test_the_theme_is_chosen_and_kept(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        opened(page, site, "home")
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        for _ in range(2):
            page.get_by_role("button", name=re.compile("^Appearance")).click()
        dark = page.evaluate(ground)
        page.reload()

        assert page.evaluate(ground) == dark != light


FRAMES = """() => new Promise((told) => {
    const frames = [];
    let last = performance.now();
    const step = (now) => {
        frames.push(now - last);
        last = now;
        window.scrollBy(0, 100);
        if (frames.length < 40) requestAnimationFrame(step); else told(frames);
    };
    requestAnimationFrame(step);
})"""


def test_ten_thousand_repositories_scroll_as_a_hundred_do(browser: Any, site: Site) -> None:
    """Beside each other: how long a frame takes is the machine's as well, and it is shared."""
    with site.warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.repositories (repository_id, host, full_name, clone_url, state,"
            " added_at) select 1000 + n, 'https://many.test', 'many/r' || n, 'https://many.test/'"
            " || n, 'active', now() from generate_series(1, %s) as n",
            (MANY,),
        )
    try:
        with page_of(browser, site.url) as page:
            page.goto("/")
            page.get_by_role("heading", name=re.compile(r"10,00\d")).wait_for(timeout=90_000)
            many = median(page.evaluate(FRAMES)[1:])
            page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            page.get_by_role("link", name=f"many/r{MANY}", exact=True).wait_for()
            rows = page.get_by_role("row").count()
            page.get_by_label("Only those whose name contains").fill("r12")
            page.get_by_role("link", name="many/r12", exact=True).wait_for()
            few = median(page.evaluate(FRAMES)[1:])
    finally:
        with site.warehouse.begin() as connection:
            driver(connection).execute("delete from ops.repositories where repository_id > 1000")

    assert rows < 100
    assert many < max(2 * few, 1000 / 30)


def test_a_part_of_health_that_is_not_known_has_no_bar(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto(f"/repositories/{site.repository}")
        parts = page.get_by_role("figure", name="Health").get_by_role("listitem")
        parts.first.wait_for()
        unknown = parts.filter(has_text="unknown")
        bars = [unknown.locator("meter").count(), parts.locator("meter").count()]
        count = unknown.count()

    assert count > 0
    assert bars == [0, 6 - count]


def test_activity_that_is_not_known_is_less_than_none(browser: Any, site: Site) -> None:
    def trends(route: Any) -> None:
        (row, *_) = route.fetch().json()["data"]
        told = {"unknown": [None] * 8, "none": [0] * 8, "alone": [None, 3, None, 1]}
        data = [
            row | {"repository_id": place, "full_name": name, "trend": trend}
            for place, (name, trend) in enumerate(told.items())
        ]
        route.fulfill(json={"data": data, "next_cursor": None})

    with page_of(browser, site.url) as page:
        page.route("**/api/v1/overview?*", trends)
        page.goto("/?sort=active")
        page.get_by_role("link", name="none").wait_for()
        names = page.locator(".row .name a").all_inner_texts()
        drawn = page.locator(".trend path").first.get_attribute("d")

    assert names == ["alone", "none", "unknown"]
    assert [one[-2:] for one in drawn.split("M")[1:]] == ["h0", "h0"]  # dots, not lines


def test_a_name_that_is_long_does_not_widen_a_phone(browser: Any, site: Site) -> None:
    name = "o" * 39 + "/" + "n" * 100
    path = f"**/api/v1/repositories/{site.repository}"
    with page_of(browser, site.url, size="phone") as page:
        page.route(path, lambda one: one.fulfill(json=one.fetch().json() | {"full_name": name}))
        page.goto(f"/repositories/{site.repository}")
        page.get_by_role("heading", name=name).wait_for()
        settle(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert wide <= 0
