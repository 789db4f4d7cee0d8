"""Where everybody has to sign in: to GitHub and back, in a real browser."""

from typing import Any

from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.browser import page_of, violations
from tests.support.github import GitHub
from tests.support.people import PUBLIC_URL, where_people_log_in


def test_somebody_signs_in_with_github_and_out(
    browser: Any, settings: Settings, github: GitHub
) -> None:
    """The address that GitHub sends the browser back to is led to where the API is."""
    github.control(login="ada")
    with (
        serving_api(where_people_log_in(settings, github)) as url,
        page_of(browser, PUBLIC_URL) as page,
    ):
        page.route(
            f"{PUBLIC_URL}/**",
            lambda route: route.continue_(url=route.request.url.replace(PUBLIC_URL, url)),
        )
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
    assert came_back_to == f"{PUBLIC_URL}/?sort=stars"
