"""Completeness, quality and the catalogue: why a figure may be believed, and what it means."""

import re
from typing import Any

import pytest

from tests.support.browser import page_of, settle, wrong_numbers
from tests.support.pages import LOOKS, look_at
from tests.web.conftest import Site
from warehouse.engine import driver

WORDS = {"completeness": "issues", "quality": "Behaviour over time", "catalogue": "Bus factor"}


@pytest.fixture(scope="module", autouse=True)
def gap(site: Site) -> None:
    """A thing that is not held whole, a check that warns, and a repository without figures."""
    with site.warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "update ops.completeness set upstream_count = upstream_count + 3, state = 'partial',"
            " reason = '3 are in quarantine' where thing = 'labels'"
        )
        raw.execute(
            "update ops.quality_results set status = 'failed', failures = 2, observed = '2 rows',"
            " expected = 'none' where check_name = (select min(check_name) from ops.quality_results"
            " where severity = 'warn' and tool = 'great_expectations')"
        )
        raw.execute(
            "insert into ops.repositories (repository_id, host, full_name, clone_url, state,"
            " added_at) values (700, 'https://new.test', 'new/one', 'https://new.test/1', 'active',"
            " now())"
        )


@pytest.mark.parametrize(("theme", "size"), LOOKS)
@pytest.mark.parametrize("name", WORDS)
def test_everybody_can_use_it(browser: Any, site: Site, name: str, theme: str, size: str) -> None:
    with page_of(browser, site.url, theme=theme, size=size) as page:
        page.goto(f"/{name}")
        page.get_by_text(WORDS[name]).first.wait_for()
        if name == "catalogue":
            page.get_by_text("Bus factor", exact=True).click()
            page.get_by_role("heading", name="The SQL").wait_for()
        look_at(page, name, theme=theme, size=size)


@pytest.mark.parametrize("path", ["/completeness", "/quality?show=all"])
def test_each_number_is_that_of_the_api(browser: Any, site: Site, path: str) -> None:
    with page_of(browser, site.url) as page:
        page.goto(path)
        page.get_by_role("table").first.wait_for()
        settle(page)
        count, wrong = wrong_numbers(page, site.api)

    assert wrong == []
    assert count > 20


def test_what_is_missing_comes_first_and_says_why(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/completeness")
        row = page.locator("tbody tr", has_text="labels")
        row.wait_for()
        states = page.locator("tbody td:nth-child(2)").all_inner_texts()
        told = row.inner_text()
        compared = page.locator("section li").all_inner_texts()

    assert "partial" in states[: states.index("complete")]
    assert "3 are in quarantine." in told
    assert re.search(r"GitHub counts \d+, held are \d+ \(-3\)", told)
    assert any("Both say" in one for one in compared)


def test_checks_that_did_not_pass_come_first(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/quality")
        page.get_by_role("row", name=re.compile("2 rows")).wait_for()
        few = page.locator("tbody tr").count()
        page.get_by_role("button", name=re.compile("^Show all")).click()
        page.get_by_role("heading", name="Every check").wait_for()
        rows = page.locator("tbody tr")

        assert few < rows.count()
        assert "failed" in rows.first.inner_text()


@pytest.mark.parametrize(("name", "words"), [("completeness", "Nothing was counted yet"),
                                             ("quality", "Nothing was checked yet")])  # fmt: skip
def test_another_repository_is_picked_by_the_keyboard(
    browser: Any, site: Site, name: str, words: str
) -> None:
    with page_of(browser, site.url) as page:
        page.goto(f"/{name}")
        box = page.get_by_role("combobox", name="Another repository")
        box.fill("new/")
        page.get_by_role("option", name="new/one").wait_for()
        box.press("Enter")
        page.get_by_text(words).wait_for()
        assert "repository=700" in page.url
        page.goto(f"/{name}?repository=99")
        page.get_by_role("alert").get_by_text("Not Found").wait_for()


def test_a_metric_is_found_and_its_address_opens_it(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/catalogue")
        page.get_by_label("Only those with these words").fill("truck")
        page.get_by_text("Truck factor", exact=True).click()
        page.wait_for_url(re.compile("metric=truck-factor"))
        page.goto("/catalogue?metric=health-score")
        opened = page.locator("details[open]")
        opened.wait_for()
        told = opened.inner_text()
        page.get_by_label("Only those with these words").fill("nothing has these words")
        page.get_by_text("No metric has these words").wait_for()

    assert "health-score@3" in told
    assert "select distinct on (repository_id)" in told
    assert "health-score@1" in told  # what it was before
