"""What surrounds every request: headers, limits, other sites, and the audit."""

import socket
from contextlib import closing

import httpx2
import pytest

from api.headers import SECURITY
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.people import client_of
from tests.support.rows import value
from tests.support.waiting import wait_for
from warehouse.engine import Engine

REQUIRED = {"mode": "required"}


def with_auth(settings: Settings, **told: object) -> Settings:
    return settings.model_copy(
        update={"auth": settings.auth.model_copy(update={**REQUIRED, **told})}
    )


@pytest.mark.parametrize(
    "path", ["/health/live", "/api/v1/jobs", "/api/v1/jobs/none", "/nothing", "/metrics"]
)
def test_every_answer_keeps_browsers_from_harm(reading: httpx2.Client, path: str) -> None:
    headers = reading.get(path).headers

    assert {name: headers.get(name) for name in SECURITY} == SECURITY


def test_the_page_of_the_documentation_may_load_what_it_is_made_of(
    reading: httpx2.Client,
) -> None:
    headers = reading.get("/docs").headers

    assert "content-security-policy" not in headers
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/", "/api/v1/jobs"])
def test_what_an_answer_says_itself_is_not_said_twice(reading: httpx2.Client, path: str) -> None:
    headers = reading.get(path).headers

    assert {name: len(headers.get_list(name)) for name in SECURITY} == dict.fromkeys(SECURITY, 1)


def test_other_sites_may_not_ask_unless_they_are_named(settings: Settings) -> None:
    origin = "https://dashboard.example.org"
    named = settings.model_copy(
        update={"api": settings.api.model_copy(update={"cors_origins": (origin,)})}
    )
    found = {}
    for name, told in (("off", settings), ("named", named)):
        with serving_api(told) as url:
            for other in (origin, "https://evil.example"):
                answer = httpx2.get(f"{url}/api/v1/jobs", headers={"origin": other})
                found[name, other] = answer.headers.get("access-control-allow-origin")

    assert found.pop(("named", origin)) == origin
    assert set(found.values()) == {None}


def test_who_asks_too_often_is_told_when_to_come_back(settings: Settings) -> None:
    told = with_auth(settings, requests_per_minute=5)
    with serving_api(told) as url, client_of(url, ADMIN_KEY) as client:
        answers = [client.get("/api/v1/jobs") for _ in range(12)]

    refused = [one for one in answers if one.status_code == 429]
    assert answers[0].headers["ratelimit"].startswith('"default";r=4;t=')
    assert answers[0].headers["ratelimit-policy"] == '"default";q=5;w=60'
    assert len(refused) >= 2  # a minute may end in between
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert refused[0].json()["type"] == "urn:gitinsight:problem:too-many-requests"


def test_who_guesses_is_stopped_and_who_is_known_goes_on(settings: Settings) -> None:
    with serving_api(with_auth(settings, failures_per_minute=3)) as url:
        with client_of(url, None) as client:
            found = [
                client.get("/api/v1/jobs", headers={"authorization": f"Bearer gi_{number}"})
                for number in range(12)
            ]
            assert [one.status_code for one in found].count(429) >= 4
            missing = client.get("/api/v1/jobs").status_code
        with client_of(url, ADMIN_KEY) as client:
            assert (missing, client.get("/api/v1/jobs").status_code) == (401, 200)


def test_writes_of_somebody_known_are_recorded_and_nothing_else(
    settings: Settings, warehouse: Engine
) -> None:
    with serving_api(settings) as url:
        with client_of(url, ADMIN_KEY) as admin:
            admin.get("/api/v1/jobs")
            admin.post("/api/v1/repositories?secret=x", json={"full_name": "no name"})
        with client_of(url, "wrong") as stranger:
            stranger.post("/api/v1/repositories", json={"full_name": "no name"})
    found = value(
        warehouse,
        "select array_agg(concat_ws(' ', principal, method, route, target, status))"
        " from auth.audit",
    )

    assert found == ["admin POST /api/v1/repositories /api/v1/repositories 422"]


def test_a_write_that_breaks_is_recorded_too(settings: Settings, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table ops.repositories rename to away")
    with serving_api(settings) as url, client_of(url, ADMIN_KEY) as admin:
        answer = admin.post("/api/v1/repositories/1/analyze")

    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert value(warehouse, "select status from auth.audit") == 500


def test_a_client_that_hangs_up_is_recorded_too(settings: Settings, warehouse: Engine) -> None:
    head = f"POST /api/v1/repositories HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
    recorded = "select count(*) from auth.audit"
    with serving_api(settings) as url:
        at = httpx2.URL(url)
        with closing(socket.create_connection((at.host, at.port or 80))) as client:
            client.sendall(f"{head}Content-Length: 2\r\n\r\n{{}}".encode())
        # A server that is stopped before it has read the request has nothing to record.
        wait_for(lambda: value(warehouse, recorded) == 1)

    assert value(warehouse, recorded) == 1
