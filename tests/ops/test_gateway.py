"""The gateway: Debian's nginx with our configuration, in front of two processes of the API."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from gitinsight.runtime import state
from gitinsight.runtime.process import free_port
from tests.support import server_sent
from tests.support.gateway import NGINX, Gateway, check, gateway
from tests.support.rows import AT, add_repository, claim, value
from tests.support.waiting import wait_for
from warehouse import job_events
from warehouse.engine import Engine
from warehouse.jobs import Job

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (nginx-light)")
KEY = "the-admin-key-of-the-gateway"


@dataclass(frozen=True, slots=True)
class Behind:
    gateway: Gateway
    warehouse: Engine
    processes: list["subprocess.Popen[bytes]"]
    log: Path

    @contextmanager
    def client(self, source: str = "127.0.0.1") -> Iterator[httpx2.Client]:
        """From an address of this machine, as somebody with the admin key."""
        transport = httpx2.HTTPTransport(verify=self.gateway.trust, local_address=source)
        headers = {"authorization": f"Bearer {KEY}"}
        with httpx2.Client(
            transport=transport, base_url=self.gateway.url, headers=headers, timeout=20
        ) as one:
            yield one


@pytest.fixture(scope="module")
def behind(library: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    home = tmp_path_factory.mktemp("gateway")
    ports = [free_port(0), free_port(0)]
    url = library.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(_api(home / f"api-{number}", url, port))
            for number, port in enumerate(ports)
        ]
        made = stack.enter_context(gateway(home, ports))
        found = Behind(made, library, processes, home / "log")
        for port in ports:
            wait_for(lambda at=port: _is_up(f"http://127.0.0.1:{at}"), seconds=60)  # type: ignore[misc]
        yield found


@contextmanager
def _api(state_dir: Path, url: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    state.prepare(state_dir)
    (state_dir / "admin.key").write_text(KEY)
    environment = os.environ | {
        "GITINSIGHT_STATE_DIR": str(state_dir), "GITINSIGHT_WAREHOUSE__URL": url,
        "GITINSIGHT_API__PORT": str(port), "GITINSIGHT_GATEWAY__TRUSTED_PROXIES": "127.0.0.1",
        "GITINSIGHT_AUTH__MODE": "required",
        "GITINSIGHT_AUTH__REQUESTS_PER_MINUTE": "0",
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "api.serve"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def _is_up(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", timeout=2).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def job(behind: Behind) -> Job:
    return claim(behind.warehouse, add_repository(behind.warehouse))


def tell(warehouse: Engine, job: Job, message: str) -> None:
    with warehouse.begin() as connection:
        job_events.append(connection, job.job_id, at=AT, state="running", message=message)


def logged(behind: Behind) -> list[dict[str, str]]:
    return [json.loads(line) for line in behind.log.read_text().splitlines()]


@pytest.mark.parametrize("listen", ["listen-plain.conf"])
def test_nginx_takes_the_configuration_that_stands_behind_an_ingress(
    tmp_path: Path, listen: str
) -> None:
    assert "test is successful" in check(tmp_path, listen=listen)


def test_requests_go_to_both_processes_by_tls(behind: Behind) -> None:
    with behind.client() as client:
        answers = [client.get("/health/ready") for _ in range(20)]

    assert {one.status_code for one in answers} == {200}
    assert {one.headers["strict-transport-security"] for one in answers} == {"max-age=31536000"}
    ready = [one["upstream"] for one in logged(behind) if one["path"] == "/health/ready"]
    assert len(set(ready)) == 2


def test_who_comes_without_tls_is_sent_to_it_and_its_health_is_told(behind: Behind) -> None:
    plain = f"http://127.0.0.1:{behind.gateway.plain_port}"

    sent = httpx2.get(f"{plain}/docs?a=b", follow_redirects=False)
    well = httpx2.get(f"{plain}/gateway/health")

    assert (sent.status_code, sent.headers["location"]) == (308, "https://127.0.0.1/docs?a=b")
    assert (well.status_code, well.text) == (200, "ok\n")


def test_what_prometheus_reads_is_not_for_everybody(behind: Behind) -> None:
    with behind.client() as client:
        assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("given", "is_kept"), [("from-the-caller", True), ("no word at all", False), (None, False)]
)
def test_one_id_is_in_the_answer_and_in_both_logs(
    behind: Behind, given: str | None, *, is_kept: bool
) -> None:
    headers = {} if given is None else {"x-request-id": given}
    with behind.client() as client:
        answer = client.get("/api/v1/repositories", headers=headers)

    told = answer.headers["x-request-id"]
    assert (told == given) is is_kept
    wait_for(lambda: told in {one["request_id"] for one in logged(behind)})


def test_events_arrive_while_the_stream_is_open(behind: Behind, job: Job) -> None:
    with (
        behind.client() as client,
        server_sent.stream(client, f"/api/v1/jobs/{job.job_id}/events") as messages,
    ):
        heard = []
        for text in ("first", "second"):
            tell(behind.warehouse, job, text)
            started = time.monotonic()
            heard.append(_next_text(messages, text))
            assert time.monotonic() - started < 5

    assert heard == ["first", "second"]


def _next_text(messages: Iterator[server_sent.Message], text: str) -> str:
    for one in messages:
        if one.data is not None and one.data["message"] == text:
            return text
    return "the stream has ended"


def test_a_websocket_passes_and_the_page_it_is_for_is_known(behind: Behind, job: Job) -> None:
    """The API compares the page with what the gateway says of scheme and host."""
    asyncio.run(_listen_and_be_refused(behind, job))


async def _listen_and_be_refused(behind: Behind, job: Job) -> None:
    """Not by the client that reads in one thread and writes in another: by TLS what is written may
    be lost then (python/cpython#151508).
    """
    ask = partial(
        connect,
        f"{behind.gateway.url}/api/v1/stream/repository/{job.repository_id}/updates".replace(
            "https", "wss"
        ),
        ssl=behind.gateway.trust,
        additional_headers={"authorization": f"Bearer {KEY}"},
    )
    async with ask(origin=Origin(behind.gateway.url)) as socket, asyncio.timeout(10):
        tell(behind.warehouse, job, "over the socket")
        while json.loads(await socket.recv())["message"] != "over the socket":
            pass
    with pytest.raises(InvalidStatus) as refused:
        await ask(origin=Origin("https://evil.example"))
    assert refused.value.response.status_code == 403


def test_what_a_request_says_of_who_asks_is_not_believed(behind: Behind, job: Job) -> None:
    said = {"x-forwarded-for": "6.6.6.6", "forwarded": "for=6.6.6.6", "x-real-ip": "6.6.6.6"}
    with behind.client("127.0.0.7") as client:
        client.post(f"/api/v1/jobs/{job.job_id}/cancel", headers=said).raise_for_status()

    found = value(behind.warehouse, "select address from auth.audit order by audit_id desc limit 1")
    assert found == "127.0.0.7"


def test_who_asks_too_often_is_told_when_to_come_back_and_nobody_else(behind: Behind) -> None:
    with behind.client("127.0.0.8") as client:
        answers = [client.get("/api/v1/auth/github/login") for _ in range(40)]
    with behind.client("127.0.0.9") as client:
        other = client.get("/api/v1/auth/github/login")

    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert refused[0].json() | {"request_id": ""} == {
        "type": "urn:gitinsight:problem:too-many-requests", "title": "Too Many Requests",
        "status": 429, "detail": "too many requests from this address",
        "instance": "/api/v1/auth/github/login", "request_id": "",
    }  # fmt: skip
    assert other.status_code != 429


def test_a_body_that_is_larger_than_any_delivery_is_not_passed_on(behind: Behind) -> None:
    with behind.client() as client:
        answer = client.post("/api/v1/webhooks/github", content=b"x" * (27 * 2**20))

    assert answer.status_code == 413


def test_a_process_that_is_gone_is_missed_by_nobody_and_all_gone_is_told(behind: Behind) -> None:
    """The last one: it leaves nobody to answer."""
    first, second = behind.processes
    with behind.client("127.0.0.10") as client:
        first.kill()
        first.wait()
        alive = [client.get("/api/v1/repositories").status_code for _ in range(20)]
        second.kill()
        second.wait()
        gone = client.get('/api/v1/repositories?q="')

    assert alive == [200] * 20
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "2")
    assert gone.json()["instance"] == "/api/v1/repositories"
