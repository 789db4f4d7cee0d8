"""A repository is removed from its page, by whoever may and says so twice."""

from typing import Any

from tests.support.browser import page_of
from tests.support.pages import take_key
from tests.web.conftest import Site


def test_a_guest_removes_nothing(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto(f"/repositories/{site.repository}")
        page.get_by_role("button", name="Embed").wait_for()

        assert page.get_by_role("button", name="Remove").count() == 0


def test_it_is_removed_once_that_is_said_twice(browser: Any, site: Site) -> None:
    path = f"/api/v1/repositories/{site.repository}"
    with page_of(browser, site.url) as page:
        take_key(page)
        page.goto(f"/repositories/{site.repository}")
        page.get_by_role("button", name="Remove", exact=True).click()
        page.get_by_role("button", name="Keep it").click()
        assert site.api.get(path).status_code == 200

        page.get_by_role("button", name="Remove", exact=True).click()
        page.get_by_role("button", name="Remove it").click()
        page.wait_for_url(f"{site.url}/")

    assert site.api.get(path).status_code == 404
