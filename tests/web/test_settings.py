"""Settings: each part for those who may use it; a merge shows its effect before it is made."""

import re
from typing import Any

import pytest

from gitinsight.clock import now
from tests.support.browser import page_of, settle, wrong_numbers
from tests.support.pages import LOOKS, look_at, take_key
from tests.support.waiting import wait_for
from tests.web.conftest import Site
from warehouse import previews
from warehouse.engine import driver

PARTS = {
    "reports": "No figure is said to be wrong", "identities": "Merged", "keys": "There is no key",
    "budgets": "core", "users": "ada",
}  # fmt: skip
PAIR = {"alias": "ada.l@home.example", "person": "ada"}


@pytest.fixture(scope="module", autouse=True)
def people(site: Site) -> None:
    """Somebody who signed in, a limit, and an address that looks like an account's."""
    with site.warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "insert into auth.users (host, github_id, login, role, created_at, last_login_at)"
            " values ('h', 1, 'ada', 'viewer', now(), now())"
        )
        raw.execute("insert into ops.principals (host, principal, kind) values ('h', 'p', 'user')")
        raw.execute(
            "insert into ops.buckets (host, principal, bucket, quota, remaining, renewed_at)"
            " values ('h', 'p', 'core', 5000, 17, now() + interval '1 hour')"
        )
        for sha, login, email in (
            ("x1", "ada", "adalovelace@work.example"), ("x2", None, PAIR["alias"]),
        ):  # fmt: skip
            raw.execute(
                "insert into raw.git_commits (repository_id, sha, parents, author_name,"
                " author_email, authored_at_raw, committer_name, committer_email, committed_at_raw,"
                " message, is_on_default_branch, source, sanitized, extracted_at, run_id) values"
                " (%s, %s, '{}', 'Ada Lovelace', %s, '0', 'n', 'e', '0', 'm', true, 'git', false,"
                " now(), gen_random_uuid())",
                (site.repository, sha, email),
            )
            if login is not None:
                raw.execute(
                    "insert into raw.git_identities (repository_id, email, login, evidence,"
                    " looked_up_at, run_id) values (%s, %s, %s, 'commit', now(),"
                    " gen_random_uuid())",
                    (site.repository, email, login),
                )
        raw.execute(
            "create temporary table one as select * from marts.dim_actor where login = 'ada'"
            " and repository_id = %s",
            (site.repository,),
        )
        raw.execute("update one set login = %s", (PAIR["alias"],))
        raw.execute("insert into marts.dim_actor select * from one")


@pytest.mark.parametrize(("theme", "size"), LOOKS)
@pytest.mark.parametrize("part", PARTS)
def test_everybody_can_use_it(browser: Any, site: Site, part: str, theme: str, size: str) -> None:
    with page_of(browser, site.url, theme=theme, size=size) as page:
        take_key(page)
        page.goto(f"/settings?part={part}")
        page.get_by_text(PARTS[part]).first.wait_for()
        look_at(page, f"settings-{part}", theme=theme, size=size)
        if part == "budgets":
            count, wrong = wrong_numbers(page, site.api)
            assert wrong == []
            assert count >= 2


def test_roles_decide_what_is_shown(browser: Any, site: Site) -> None:
    keys = {}
    for role in ("viewer", "maintainer"):
        body = {"name": role, "role": role, "scopes": ["read", "write"]}
        keys[role] = site.api.post("/api/v1/api-keys", json=body).raise_for_status().json()["key"]
    shown = {}
    for who, key in {"guest": None, **keys}.items():
        with page_of(browser, site.url) as page:
            if key is not None:
                take_key(page, key)
            page.goto("/settings")
            page.get_by_role("heading", name="Settings").wait_for()
            settle(page)
            shown[who] = (
                page.get_by_role("navigation", name="Settings").locator("a").all_inner_texts()
            )
            assert ("nothing that you may set" in page.inner_text("main")) == (shown[who] == [])
    for one in site.api.get("/api/v1/api-keys").json()["data"]:
        site.api.delete(f"/api/v1/api-keys/{one['key_id']}")

    assert shown == {"guest": [], "viewer": [], "maintainer": ["Reports", "Identities"]}


def test_a_key_is_made_shown_once_and_revoked(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        take_key(page)
        page.goto("/settings?part=keys")
        page.get_by_label("Name").fill("from the page")
        page.get_by_role("button", name="Make a key").click()
        key = page.locator(".made code").inner_text()
        row = page.get_by_role("row", name=re.compile("from the page"))
        row.wait_for()
        headers = {"authorization": f"Bearer {key}"}
        assert site.api.get("/api/v1/me", headers=headers).json()["scopes"] == ["read"]
        row.get_by_role("button", name="Revoke").click()
        row.get_by_text("revoked").wait_for()
        page.reload()
        row.wait_for()
        assert key not in page.content()

    # Whose key is worth nothing is a guest where guests are let in.
    wait_for(lambda: site.api.get("/api/v1/me", headers=headers).json()["name"] == "anybody")


def test_a_role_is_given(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        take_key(page)
        page.goto("/settings?part=users")
        page.get_by_label("Role of ada").select_option("analyst")
        wait_for(lambda: site.api.get("/api/v1/users").json()["data"][0]["role"] == "analyst")
        page.get_by_label("Role of ada").select_option("viewer")
        wait_for(lambda: site.api.get("/api/v1/users").json()["data"][0]["role"] == "viewer")


def test_a_report_is_answered(browser: Any, site: Site) -> None:
    body = {"metric": "commits@1", "shown": "7", "comment": "too few <b>of them</b>"}
    path = f"/api/v1/repositories/{site.repository}/reports"
    made = site.api.post(path, json=body).raise_for_status().json()
    with page_of(browser, site.url) as page:
        take_key(page)
        page.goto("/settings?part=reports")
        page.get_by_text("too few <b>of them</b>").wait_for()
        page.get_by_label(f"What was found about report {made['report_id']}").fill("It was.")
        page.get_by_role("button", name="Answer and close").click()
        page.get_by_text("No figure is said to be wrong").wait_for()
        page.get_by_role("button", name="closed").click()
        page.get_by_text("It was.").wait_for()

    (told,) = site.api.get("/api/v1/reports?state=closed&limit=1").json()["data"]
    assert (told["answer"], told["closed_by"]) == ("It was.", "admin")


def is_asked(site: Site) -> bool:
    with site.warehouse.begin() as connection:
        return previews.waiting(connection) is not None


def test_a_merge_shows_its_effect_before_it_is_made(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        take_key(page)
        page.goto("/settings?part=identities")
        name = f"What changes if {PAIR['alias']} is {PAIR['person']}"
        page.get_by_role("button", name=name).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("that takes a while").wait_for()
        assert dialog.get_by_role("button", name="Merge").count() == 0

        wait_for(lambda: is_asked(site))
        with site.warehouse.begin() as connection:
            asked = previews.waiting(connection)
            assert asked is not None
            assert (asked.alias, asked.person) == (PAIR["alias"], PAIR["person"])
            move = {"metric": "bus-factor@1", "repository_id": site.repository,
                    "repository": "synthetic-labs/borealis", "before": 2, "after": 1}  # fmt: skip
            previews.finish(connection, asked.preview_id, moves=[move], reason=None, at=now())
        dialog.get_by_role("row", name=re.compile("bus-factor@1.*2.*1")).wait_for()
        look_at(page, "settings-merge", theme="light", size="wide")
        assert site.api.get("/api/v1/identities/merges").json()["data"] == []
        dialog.get_by_label("Why they are one").fill("she said so")
        dialog.get_by_role("button", name="Merge").click()
        page.get_by_text("she said so").wait_for()
        (held,) = site.api.get("/api/v1/identities/merges").json()["data"]
        assert held["alias"] == PAIR["alias"]
        page.get_by_role("button", name=f"Take the merge of {PAIR['alias']} back").click()
        page.get_by_text("Nobody was merged").wait_for()

    assert site.api.get("/api/v1/identities/merges").json()["data"] == []
