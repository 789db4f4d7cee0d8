"""Search: as it is typed, by the keyboard alone, in its address."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitinsight.runtime import weights
from tests.support.browser import page_of, violations
from tests.support.encoders import hold_small_encoder
from tests.support.pages import LOOKS, look_at
from tests.support.waiting import wait_for
from tests.web.conftest import Site


@pytest.fixture(autouse=True)
def _indexed(site: Site) -> None:
    path = "/api/v1/fast/search?q=borealis"
    wait_for(lambda: site.api.get(path).json()["data"] != [], seconds=30)


@pytest.fixture
def weights_here(site: Site, tmp_path: Path) -> Iterator[None]:
    """Small ones with made-up numbers, away again when the test has ended."""
    state_dir = site.settings.state_dir
    with pytest.MonkeyPatch.context() as patch:
        hold_small_encoder(patch, tmp_path)
        before = set(state_dir.iterdir())
        weights.fetch(state_dir)
        yield
    for made in set(state_dir.iterdir()) - before:
        shutil.rmtree(made)


@pytest.mark.parametrize(("theme", "size"), LOOKS)
def test_everybody_can_use_it(browser: Any, site: Site, theme: str, size: str) -> None:
    with page_of(browser, site.url, theme=theme, size=size) as page:
        page.goto("/search")
        page.get_by_text("Type to search").wait_for()
        look_at(page, "search-empty", theme=theme, size=size)
        page.keyboard.type("bo")
        page.get_by_role("option").first.wait_for()
        look_at(page, "search", theme=theme, size=size)


def test_what_is_typed_is_found_and_opened_by_the_keyboard_alone(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/search")
        page.get_by_role("combobox", name="Search").wait_for()
        page.keyboard.type("borealis")
        page.get_by_role("option").first.wait_for()
        page.wait_for_url(re.compile("q=borealis"))
        box = page.get_by_role("combobox", name="Search")
        marked = page.locator("#hits mark").first.inner_text()
        count = page.get_by_role("option").count()
        assert box.get_attribute("aria-activedescendant") == "hit-0"
        page.keyboard.press("ArrowUp")
        assert box.get_attribute("aria-activedescendant") == f"hit-{count - 1}"
        page.keyboard.press("ArrowDown")
        chosen = page.locator("[aria-selected=true]").inner_text()
        assert "borealis" in chosen
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"/repositories/{site.repository}$"))
        page.go_back()
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("Escape")
        page.get_by_text("Type to search").wait_for()
        page.get_by_role("heading", name="Search").click()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Search"

    assert marked.lower() == "borealis"


def test_a_search_is_in_its_address(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/search?q=borealis&type=repository")
        page.get_by_role("option").first.wait_for()
        kinds = page.get_by_role("option").all_inner_texts()
        pressed = page.locator("button[aria-pressed=true]").all_inner_texts()
        page.goto("/search?q=zzzzqqqq")
        page.get_by_text("Nothing is found").wait_for()

    assert all("Repository" in one for one in kinds)
    assert pressed == ["Repositories"]


def test_filters_narrow_what_is_found_and_are_in_the_address(browser: Any, site: Site) -> None:
    def found(**asked: str) -> int:
        """As the API says."""
        query = {"q": "the", "limit": "30", "type": "issue", **asked}
        return len(site.api.get("/api/v1/search", params=query).json()["data"])

    counts = {state: found(state=state) for state in ("open", "closed")}
    with page_of(browser, site.url) as page:
        page.goto("/search?q=the&type=issue")
        page.get_by_role("option").first.wait_for()
        page.get_by_text("Filters", exact=True).click()
        options = page.get_by_role("option")
        for state, count in counts.items():
            page.get_by_role("button", name=state.title(), exact=True).click()
            wait_for(lambda count=count: options.count() == count)
            assert f"state={state}" in page.url
        page.get_by_label("Author").fill("nobody/at all")
        page.keyboard.press("Tab")
        page.get_by_text("Filters (2)").wait_for()
        page.get_by_label("Changed since").fill("2020-01-01")
        page.get_by_text("with these filters").wait_for()
        look_at(page, "search-filters", theme="light", size="wide")
        page.reload()
        page.get_by_text("Filters (3)").wait_for()
        assert page.get_by_label("Author").input_value() == "nobody/at all"
        page.get_by_role("button", name="Clear").click()
        page.get_by_text("with these filters").wait_for(state="detached")
        wait_for(lambda: options.count() == found())
        assert "author" not in page.url

    assert counts["open"] != counts["closed"]


def test_what_is_chosen_at_once_is_all_kept(browser: Any, site: Site) -> None:
    """A word still being typed and a kind; nothing of it follows to another page."""
    type_and_press = """button => {
        const box = document.querySelector('input[role=combobox]');
        box.value = 'the';
        box.dispatchEvent(new Event('input', {bubbles: true}));
        return new Promise(done => setTimeout(() => { button.click(); done(); }, 60));
    }"""
    press_both = "buttons => buttons.forEach(one => one.click())"
    with page_of(browser, site.url) as page:
        page.goto("/search?q=the&type=issue")
        page.get_by_role("option").first.wait_for()
        page.get_by_text("Filters", exact=True).click()
        page.locator("button", has_text=re.compile("^(Pull requests|Open)$")).evaluate_all(
            press_both
        )
        page.get_by_text("Filters (1)").wait_for()
        both = page.url
        page.goto("/search?q=borealis")
        page.get_by_role("option").first.wait_for()
        page.get_by_role("button", name="Issues", exact=True).evaluate(type_and_press)
        page.wait_for_url(re.compile("type=issue"))
        page.wait_for_load_state("networkidle")
        typed = page.url
        page.get_by_role("combobox", name="Search").press_sequentially("x")
        page.get_by_role("link", name="Jobs").first.click()
        page.wait_for_url(re.compile("/jobs"))
        page.wait_for_timeout(300)
        left = page.url

    assert "type=pull_request" in both
    assert "state=open" in both
    assert "q=the" in typed
    assert left.endswith("/jobs")


def test_markup_of_strangers_stays_text(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto("/search?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20borealis")
        page.wait_for_load_state("networkidle")

        assert page.locator("#hits img").count() == 0
        assert page.get_by_role("combobox", name="Search").input_value().startswith("<img")


def test_meaning_is_not_offered_without_its_model_and_who_asks_is_told_how_to_get_it(
    browser: Any, site: Site
) -> None:
    """And only what has a meaning is offered; words are one press away, the kind kept out."""
    with page_of(browser, site.url) as page:
        page.goto("/search?q=borealis&type=repository")
        page.get_by_role("option").first.wait_for()
        page.wait_for_load_state("networkidle")
        buttons = page.get_by_role("main").get_by_role("button").all_inner_texts()
        page.goto("/search?q=borealis&type=repository&mode=meaning")
        page.get_by_text("Meaning is not known here yet").wait_for()
        told = page.get_by_role("main").inner_text()
        offered = page.get_by_role("group", name="Kind").locator("button").all_inner_texts()
        ways = page.get_by_role("group", name="Found by").locator("button").all_inner_texts()
        left = page.get_by_role("option").count()
        found = violations(page)
        page.get_by_role("button", name="Search by words").click()
        page.get_by_role("option").first.wait_for()

    assert not {"Words", "Meaning", "Both"} & set(buttons)
    assert "gitinsight models fetch" in told
    assert offered == ["All", "Issues", "Pull requests"]
    assert ways == ["Words", "Meaning"]
    assert left == 0
    assert found == []


def test_meaning_is_asked_of_the_api_where_its_model_is_here(
    browser: Any, site: Site, weights_here: None
) -> None:
    with page_of(browser, site.url) as page:
        for mode, word in (("meaning", "Meaning"), ("hybrid", "Both")):
            page.goto("/search?q=window")
            with page.expect_response(lambda one, mode=mode: f"mode={mode}" in one.url) as asked:
                page.get_by_role("button", name=word).click()
            assert asked.value.status == 200
            hits = asked.value.json()["data"]
            page.get_by_role("button", name=word, pressed=True).wait_for()
            page.wait_for_load_state("networkidle")
            assert page.get_by_role("option").count() == len(hits)
            assert page.get_by_role("alert").count() == 0
