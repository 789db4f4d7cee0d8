"""Tickets: what opens one stream where no header can be sent."""

import io
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlencode

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from api import tickets
from api.app import create_app
from gitinsight.settings import AuthSettings, Settings
from gitinsight.vault import Vault, new_key
from tests.conftest import ADMIN_KEY, serving_api, serving_app
from tests.support.people import client_of
from tests.support.rows import AT, add_repository, claim
from tests.support.server_sent import whole
from tests.support.waiting import wait_for
from warehouse import jobs
from warehouse.engine import Engine
from warehouse.jobs import Job

PATH = "/api/v1/auth/ticket"
SITE = "https://dashboard.example.org"


@pytest.fixture
def settings(state_dir: Path, database_url: str) -> Settings:
    return Settings.model_validate({
        "state_dir": state_dir, "warehouse": {"url": database_url},
        "auth": {"mode": "required", "streams_at_once": 2}, "api": {"cors_origins": SITE},
    })  # fmt: skip


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with serving_api(settings) as url:
        yield url


@pytest.fixture
def job(warehouse: Engine) -> Job:
    """One that has ended, with two events."""
    job = claim(warehouse, add_repository(warehouse))
    with warehouse.begin() as connection:
        jobs.finish(connection, job, state="succeeded", at=AT, outcome={})
    return job


def ticket(url: str) -> str:
    with client_of(url, ADMIN_KEY) as client:
        answer = client.post(PATH)
    assert answer.json()["expires_in"] == tickets.SECONDS
    return str(answer.json()["ticket"])


def updates(url: str, **given: object) -> str:
    return f"{url.replace('http', 'ws')}/api/v1/stream/repository/1/updates?{urlencode(given)}"


def status(address: str, origin: str | None = None) -> int:
    try:
        with connect(address, origin=Origin(origin) if origin else None):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_it_opens_a_socket_once(url: str, job: Job) -> None:
    address = updates(url, after=1, ticket=ticket(url))

    assert (status(address), status(address)) == (101, 401)
    assert status(updates(url)) == 401


def test_it_opens_a_stream_of_events_once_and_goes_on_where_it_is_told_to(
    url: str, job: Job
) -> None:
    path = f"/api/v1/jobs/{job.job_id}/events?" + urlencode({"ticket": ticket(url), "after": 1})
    with client_of(url, None) as client:
        heard = [one.id for one in whole(client, path)]
        again = client.get(path)

    assert heard == [2]
    assert (again.status_code, again.json()["detail"]) == (401, "the ticket was used before")


def test_it_is_good_for_nothing_else(url: str, job: Job) -> None:
    with client_of(url, None) as client:
        for path in ("/api/v1/jobs", f"/api/v1/jobs/{job.job_id}", PATH):
            answer = client.request(
                "POST" if path == PATH else "GET", path, params={"ticket": ticket(url)}
            )

            assert answer.status_code == 401, path


def test_nobody_has_one_who_may_not_read(url: str) -> None:
    with client_of(url, None) as client:
        assert client.post(PATH).status_code == 401


def test_what_it_stands_for_may_end_before_it_does(url: str, job: Job, warehouse: Engine) -> None:
    with client_of(url, ADMIN_KEY) as admin:
        made = admin.post("/api/v1/api-keys", json={"name": "k"}).json()
        with client_of(url, made["key"]) as client:
            given = client.post(PATH).json()["ticket"]
        admin.delete(f"/api/v1/api-keys/{made['key_id']}")

    wait_for(lambda: httpx2.get(
        f"{url}/api/v1/jobs", headers={"authorization": f"Bearer {made['key']}"}
    ).status_code == 401)  # fmt: skip
    assert status(updates(url, ticket=given)) == 401


@pytest.mark.parametrize("wrong", ["", "x", "gAAAAAB", "%00", ADMIN_KEY, "ключ"])
def test_what_is_no_ticket_of_ours_opens_nothing(url: str, job: Job, wrong: str) -> None:
    assert status(updates(url, ticket=wrong)) == 401


def test_one_of_another_key_or_of_another_kind_or_too_old_opens_nothing(
    settings: Settings, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings, warehouse_url=settings.warehouse_url, admin_key=ADMIN_KEY)
    with serving_app(app) as url:
        proof = f"Bearer {ADMIN_KEY}".encode()
        others = [Vault([new_key()]).seal(b"ticket " + proof), app.state.vault().seal(proof)]
        assert [status(updates(url, ticket=one.decode())) for one in others] == [401, 401]

        monkeypatch.setattr(tickets, "SECONDS", 1)
        old = ticket(url)
        time.sleep(2.1)
        assert status(updates(url, ticket=old)) == 401


def test_it_stands_in_no_log(settings: Settings, job: Job, log: io.StringIO) -> None:
    lines: list[bytes] = []
    app = create_app(
        settings, warehouse_url=settings.warehouse_url, admin_key=ADMIN_KEY, sink=lines.append
    )
    with serving_app(app) as url:
        given = ticket(url)
        assert status(updates(url, ticket=given, after=7)) == 101
        assert status(updates(url, ticket=given)) == 401
        with client_of(url, None) as client:
            client.get(f"/api/v1/jobs/{job.job_id}/events?after=2&ticket={given}&x=1")

    said = b"".join(lines).decode() + log.getvalue()
    assert f"/api/v1/jobs/{job.job_id}/events?after=2&x=1" in said
    assert "after=7" in said
    assert "ticket=" not in said
    assert given not in said


def test_it_is_written_into_no_audit(url: str, warehouse: Engine) -> None:
    ticket(url)
    with warehouse.begin() as connection:
        found = connection.exec_driver_sql("select count(*) from auth.audit").scalar()

    assert found == 0


def test_pages_of_sites_that_may_ask_may_listen_too(url: str, job: Job) -> None:
    assert status(updates(url, ticket=ticket(url)), SITE) == 101
    assert status(updates(url, ticket=ticket(url)), "https://evil.example") == 403


def test_nobody_has_more_streams_open_than_he_may(url: str, job: Job) -> None:
    with connect(updates(url, ticket=ticket(url))) as first:
        with connect(updates(url, ticket=ticket(url))):
            assert status(updates(url, ticket=ticket(url))) == 429
            with client_of(url, ADMIN_KEY) as admin:
                refused = admin.get(f"/api/v1/jobs/{job.job_id}/events")
            assert refused.json()["type"] == "urn:gitinsight:problem:too-many-streams"
            assert refused.headers["retry-after"] == "10"
        first.recv(timeout=5)

    wait_for(lambda: status(updates(url, ticket=ticket(url))) == 101)


def test_nor_does_whoever_asks_for_many_at_once(settings: Settings, warehouse: Engine) -> None:
    """Each is looked up before it is opened, and the others come meanwhile."""
    job = claim(warehouse, add_repository(warehouse))
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    have_come = Barrier(20)

    def socket(url: str) -> int:
        try:
            with connect(updates(url), additional_headers=headers):
                have_come.wait(10)
                return 101
        except InvalidStatus as error:
            have_come.wait(10)
            return error.response.status_code

    def events(url: str) -> int:
        path = f"{url}/api/v1/jobs/{job.job_id}/events"
        with httpx2.stream("GET", path, headers=headers, timeout=10) as answer:
            have_come.wait(10)
            return answer.status_code

    for stream, opened in ((socket, 101), (events, 200)):
        with serving_api(settings) as url, ThreadPoolExecutor(20) as crowd:
            found = Counter(crowd.map(stream, [url] * 20))

        assert found == {opened: 2, 429: 18}


def test_where_everybody_may_read_nobody_needs_one(settings: Settings, job: Job) -> None:
    with serving_api(settings.model_copy(update={"auth": AuthSettings()})) as url:
        given = httpx2.post(f"{url}{PATH}").json()["ticket"]

        assert {status(updates(url, ticket=one)) for one in (given, given, "x")} == {101}
