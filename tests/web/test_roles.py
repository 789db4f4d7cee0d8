"""Somebody who has signed in with GitHub sees what his role may do, and stays where he was."""

from typing import Any

from gitinsight.principal import Role
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.browser import page_of
from tests.support.github import GitHub
from tests.support.people import where_people_log_in
from warehouse import users
from warehouse.engine import Engine

PARTS = {
    Role.VIEWER: [],
    Role.ANALYST: ["API keys"],
    Role.MAINTAINER: ["Reports", "Identities", "API keys"],
    Role.ADMIN: ["Reports", "Identities", "API keys", "Budgets", "Users"],
}  # fmt: skip
_REMEMBERED_MS = 1_500
"""Who was let in is remembered for a second."""


def test_a_role_decides_what_is_shown(
    browser: Any, settings: Settings, github: GitHub, warehouse: Engine
) -> None:
    github.control(login="ada")
    shown = {}
    port = free_port(0)
    told = where_people_log_in(settings, github, public_url=f"http://127.0.0.1:{port}")
    with serving_api(told, port=port) as url, page_of(browser, url) as page:
        page.goto("/settings?part=users")
        page.get_by_role("main").get_by_role("button", name="Sign in with GitHub").click()
        page.get_by_role("heading", name="Settings").wait_for()
        came_back_to = page.url
        for role, expected in PARTS.items():
            with warehouse.begin() as connection:
                users.set_role(connection, 1, role)
            page.wait_for_timeout(_REMEMBERED_MS)
            page.reload()
            page.get_by_role("button", name="ada").wait_for()
            parts = page.get_by_role("navigation", name="Settings").locator("a")
            shown[role] = parts.all_inner_texts()
            is_told = page.get_by_text("nothing that you may set").count()
            assert bool(is_told) == (expected == [])
        held = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")

    assert shown == PARTS
    assert came_back_to == f"{url}/settings?part=users"
    assert "eyJ" not in held  # no token where a script of somebody else could take it
