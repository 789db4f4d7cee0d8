"""Compare: what is chosen stands in the address, and whoever opens it sees the same."""

import re
from typing import Any

import pytest

from tests.support.browser import page_of, settle, wrong_numbers
from tests.support.pages import LOOKS, look_at
from tests.web.conftest import Site
from warehouse.engine import driver

NAME = "synthetic-labs/borealis"


@pytest.fixture(scope="module", autouse=True)
def others(site: Site) -> list[int]:
    """Five more, one of them with days of its own; the others have no figures yet."""
    with site.warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "insert into ops.repositories (repository_id, host, full_name, clone_url, state,"
            " added_at) select 500 + n, 'https://more.test', 'more/r' || n, 'https://more.test/'"
            " || n, 'active', now() from generate_series(1, 5) as n"
        )
        columns = [
            name for (name,) in raw.execute(
                "select attname from pg_attribute where attrelid = 'marts.daily_activity'::regclass"
                " and attnum > 0 and not attisdropped and attname <> 'repository_id'"
            )
        ]  # fmt: skip
        names = ", ".join(columns)
        raw.execute(
            f"insert into marts.daily_activity (repository_id, {names})"
            f" select 501, {names} from marts.daily_activity where repository_id = %s".encode(),
            (site.repository,),
        )
    return [501, 502, 503, 504, 505]


def address_of(site: Site, *others: int, more: str = "") -> str:
    chosen = "&".join(f"repository={one}" for one in (site.repository, *others))
    return f"/compare?{chosen}{more}"


@pytest.mark.parametrize(("theme", "size"), LOOKS)
def test_everybody_can_use_it(browser: Any, site: Site, theme: str, size: str) -> None:
    with page_of(browser, site.url, theme=theme, size=size) as page:
        page.goto("/compare")
        page.get_by_text("Nothing to compare yet").wait_for()
        look_at(page, "compare-empty", theme=theme, size=size)
        page.goto(address_of(site, 501, 502))
        page.locator("canvas").wait_for()
        look_at(page, "compare", theme=theme, size=size)


def shown(page: Any) -> dict[str, Any]:
    settle(page)
    page.get_by_role("button", name="Table", exact=True).click()
    return {
        "rows": page.locator("tbody tr").all_inner_texts(),
        "values": page.locator(".tile .big").all_inner_texts(),
        "pressed": page.locator(".bar [aria-pressed=true]").all_inner_texts(),
        "metric": page.get_by_label("Metric").input_value(),
        "from": page.get_by_label("First day").input_value(),
    }


def test_a_link_opened_afresh_shows_the_same(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/compare")
        for words in ("boreal", "r1"):
            box = page.get_by_role("combobox", name="Add a repository")
            box.fill(words)
            page.locator("[role=option]").first.wait_for()
            box.press("Enter")
            page.wait_for_timeout(300)
        page.get_by_label("Metric").select_option("issues-opened")
        page.get_by_role("button", name="month").click()
        page.get_by_role("button", name="Humans").click()
        page.get_by_label("First day").fill("2026-01-01")
        page.wait_for_url(re.compile("from=2026-01-01"))
        address = page.url
        first = shown(page)
        count, wrong = wrong_numbers(page, site.api)
    with page_of(browser, site.url) as page:
        page.goto(address.removeprefix(site.url))
        second = shown(page)

    assert first == second
    assert wrong == []
    assert count > 5
    assert first["metric"] == "issues-opened"
    assert {"month", "Humans"} <= set(first["pressed"])
    assert f"repository={site.repository}" in address


def test_each_of_them_says_what_it_means_and_where_it_comes_from(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto(address_of(site, 501))
        page.get_by_role("button", name=f"About Commits of {NAME}").click()
        about = page.get_by_role("dialog", name=f"Commits of {NAME}")
        about.get_by_text("commits@1").wait_for()
        about.get_by_role("heading", name="Why does this differ from GitHub?").wait_for()
        offered = about.locator(".ways button").all_inner_texts()
        about.get_by_label("What is wrong with it").fill("One is missing.")
        about.get_by_role("button", name="Report it").click()
        about.get_by_text("Thank you").wait_for()

    assert {"CSV", "JSON", "PNG", "SVG"} <= set(offered)
    told = site.api.get("/api/v1/reports").json()["data"][0]
    assert (told["repository_id"], told["comment"]) == (site.repository, "One is missing.")


def test_no_more_than_five_are_compared(browser: Any, site: Site, others: list[int]) -> None:
    with page_of(browser, site.url) as page:
        page.goto(address_of(site, *others))
        page.locator(".tile").nth(4).wait_for()

        assert page.locator(".tile").count() == 5
        assert page.get_by_role("combobox", name="No more than five").is_disabled()
        page.get_by_role("button", name=f"Take {NAME} away").click()
        page.get_by_role("combobox", name="Add a repository").wait_for()
        assert "unknown" in page.locator(".tile").last.inner_text() or (
            "not known here yet" in page.locator(".tile").last.inner_text()
        )


def test_a_metric_without_a_history_is_a_value(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto(address_of(site, more="&metric=bus-factor"))
        page.get_by_text("without a history by day").wait_for()
        settle(page)
        count, wrong = wrong_numbers(page, site.api)
        page.goto(address_of(site, more="&metric=nothing"))
        page.get_by_text("There is no metric").wait_for()

    assert (count, wrong) == (1, [])
