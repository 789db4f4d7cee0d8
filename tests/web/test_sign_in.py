"""Where everybody has to sign in: to GitHub and back, in a real browser."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from api import logins
from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support.browser import page_of, violations
from tests.support.github import GitHub
from tests.support.people import where_people_log_in
from warehouse.sessions import Session


def test_somebody_signs_in_with_github_and_out(
    browser: Any, settings: Settings, github: GitHub
) -> None:
    with led_to_sign_in(browser, settings, github) as (page, url):
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


def test_pages_that_are_loaded_anew_at_once_stay_signed_in(
    browser: Any, settings: Settings, github: GitHub
) -> None:
    """As when a browser comes back with its tabs: they share what renews the login."""
    with signed_in(browser, settings, github) as page:
        pages = [page, *(page.context.new_page() for _ in range(4))]
        for one in pages:
            one.goto("/")
            one.get_by_role("button", name="ada").wait_for()
        for _ in range(2):
            for one in pages:
                one.evaluate("setTimeout(() => location.reload(), 300)")
            page.wait_for_timeout(400)
            for one in pages:
                one.get_by_role("button", name="ada").wait_for()


def test_a_page_that_is_left_while_it_renews_the_login_loses_nothing(
    browser: Any, settings: Settings, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew = logins._refreshed  # noqa: SLF001 - it is made slow, and nothing else

    def slowly(*given: Any) -> Session:
        session = renew(*given)
        time.sleep(0.5)
        return session

    with signed_in(browser, settings, github) as page:
        monkeypatch.setattr(logins, "_refreshed", slowly)
        with page.expect_request("**/auth/refresh"):
            page.reload(wait_until="commit")
        page.goto("about:blank")
        page.wait_for_timeout(1_000)
        page.goto("/")

        page.get_by_role("button", name="ada").wait_for()


@contextmanager
def led_to_sign_in(browser: Any, settings: Settings, github: GitHub) -> Iterator[tuple[Any, str]]:
    """A page that nobody has signed in on, and the address of the API."""
    github.control(login="ada")
    told = where_people_log_in(settings, github)
    app = create_app(told, warehouse_url=settings.warehouse_url, admin_key=ADMIN_KEY)
    with serving_app(app) as url, page_of(browser, url) as page:
        # Where GitHub sends the browser back to: known once the API has its address.
        app.state.settings = where_people_log_in(settings, github, public_url=url)
        page.goto("/?sort=stars")
        yield page, url


@contextmanager
def signed_in(browser: Any, settings: Settings, github: GitHub) -> Iterator[Any]:
    with led_to_sign_in(browser, settings, github) as (page, _):
        page.get_by_role("main").get_by_role("button", name="Sign in with GitHub").click()
        page.get_by_role("button", name="ada").wait_for()
        yield page
