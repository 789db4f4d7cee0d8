"""The audit over HTTP: for admins, page by page."""

import httpx2

from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.people import client_of

PATH = "/api/v1/audit"


def test_writes_are_told_page_by_page_and_what_only_reads_is_none(api: httpx2.Client) -> None:
    for number in range(3):
        api.post(f"/api/v1/repositories/{number}/analyze")
    api.post("/api/v1/sql", json={"sql": "select 1"})
    api.post("/api/v1/ai/sentiment", json={"texts": ["It works."]})
    api.post("/mcp", json={})

    first = api.get(PATH, params={"limit": 2}).json()
    rest = api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    found = [*first["data"], *rest["data"]]
    assert [one["target"] for one in found] == [
        f"/api/v1/repositories/{number}/analyze" for number in (2, 1, 0)
    ]
    assert found[0]["route"] == "/api/v1/repositories/{repository_id}/analyze"
    assert (found[0]["principal"], found[0]["status"]) == ("admin", 404)
    assert rest["next_cursor"] is None


def test_those_of_one_can_be_asked_for(settings: Settings) -> None:
    with serving_api(settings) as url, client_of(url, ADMIN_KEY) as admin:
        key = admin.post("/api/v1/api-keys", json={"name": "k", "scopes": ["write"]}).json()
        with client_of(url, key["key"]) as program:
            program.post("/api/v1/repositories/7/analyze")
            refused = program.get(PATH)

        mine = admin.get(PATH, params={"principal": f"key:{key['key_id']}"}).json()["data"]
        others = admin.get(PATH, params={"principal": "user:1"}).json()["data"]

    assert refused.status_code == 403
    assert [one["target"] for one in mine] == ["/api/v1/repositories/7/analyze"]
    assert others == []


def test_a_cursor_that_is_none_is_refused(api: httpx2.Client) -> None:
    for cursor in ("x", "WyItMSJd", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OSJd", "WyIxIiwgIjIiXQ=="):
        assert api.get(PATH, params={"cursor": cursor}).status_code == 422
