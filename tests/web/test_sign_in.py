"""Where everybody has to sign in: to GitHub and back, in a real browser."""

from typing import Any

from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support.browser import page_of, violations
from tests.support.github import GitHub
from tests.support.people import where_people_log_in


def test_somebody_signs_in_with_github_and_out(
    browser: Any, settings: Settings, github: GitHub
) -> None:
    github.control(login="ada")
    told = where_people_log_in(settings, github)
    app = create_app(told, warehouse_url=settings.warehouse_url, admin_key=ADMIN_KEY)
    with serving_app(app) as url, page_of(browser, url) as page:
        # Where GitHub sends the browser back to: known once the API has its address.
        app.state.settings = where_people_log_in(settings, github, public_url=url)
        page.goto("/?sort=stars")
        page.get_by_role("heading", name="Sign in to see the figures").wait_for()
        found = violations(page)
        page.get_by_role("main").get_by_role("button", name="Sign in with GitHub").click()
        page.get_by_role("button", name="ada").click()
        said = page.get_by_role("dialog").inner_text()
        came_back_to = page.url
        page.reload()
        page.get_by_role("button", name="ada").click()
        page.get_by_role("button", name="Sign out").click()
        page.keyboard.press("Escape")
        page.get_by_role("heading", name="Sign in to see the figures").wait_for()

    assert found == []
    assert "an admin may" in " ".join(said.split())
    assert came_back_to == f"{url}/?sort=stars"
