"""Who may do what."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from gitinsight.settings import AuthSettings, Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.rows import add_repository, value
from warehouse.engine import Engine

WRITES = (
    "/api/v1/repositories",
    "/api/v1/repositories/1/analyze",
    f"/api/v1/jobs/{uuid4()}/cancel",
    f"/api/v1/jobs/{uuid4()}/retry",
)
READS = ("/api/v1/repositories", "/api/v1/marts", "/api/v1/jobs")
WRONG = (
    None, "Bearer wrong", "Bearer", ADMIN_KEY, f"Basic {ADMIN_KEY}",
    f"Bearer {ADMIN_KEY}x", "Bearer ключ",
)  # fmt: skip


@contextmanager
def stranger(settings: Settings, key: str | None = None) -> Iterator[httpx2.Client]:
    with ExitStack() as stack:
        url = stack.enter_context(serving_api(settings))
        headers = {} if key is None else {"authorization": key.encode()}
        yield stack.enter_context(httpx2.Client(base_url=url, headers=headers))


@pytest.fixture
def required(settings: Settings) -> Settings:
    return settings.model_copy(update={"auth": AuthSettings(mode="required")})


def test_here_everybody_may_read(settings: Settings) -> None:
    with stranger(settings) as client:
        assert [client.get(path).status_code for path in READS] == [200] * len(READS)


def test_by_a_name_that_somebody_else_may_own_nothing_is_read_without_a_key(
    settings: Settings,
) -> None:
    """A page of that name could be open in a browser on this machine."""
    told = settings.api.model_copy(update={"hosts": ("insight.example.com",)})
    expected = {
        "localhost:8000": 200, "insight.example.com": 200, "evil.example.com": 401,
        "localhost.evil.example.com:8000": 401,
    }  # fmt: skip
    with stranger(settings.model_copy(update={"api": told})) as client:
        for host, status in expected.items():
            # What was answered once may be kept, and the lane remembers who may read.
            for path in (*READS, "/api/v1/fast/search?q=parser") * 2:
                answer = client.get(path, headers={"host": host})
                assert answer.status_code == status, (path, host)
        port = client.base_url.port or 0
        with (
            pytest.raises(InvalidStatus) as refused,
            socket.create_connection(("127.0.0.1", port)) as connection,
            connect(
                f"ws://evil.example.com:{port}/api/v1/stream/repository/1/updates",
                sock=connection, origin=Origin(f"http://evil.example.com:{port}"),
            ),
        ):  # fmt: skip
            pass
        detail = client.get(READS[0], headers={"host": "evil.example.com"}).json()["detail"]
        admitted = client.get(
            READS[0],
            headers={"host": "evil.example.com", "authorization": f"Bearer {ADMIN_KEY}"},
        )

    assert refused.value.response.status_code == 401
    assert "GITINSIGHT_API__HOSTS" in detail
    assert admitted.status_code == 200


def test_nobody_writes_without_the_key(settings: Settings, warehouse: Engine) -> None:
    add_repository(warehouse)
    for key in WRONG:
        with stranger(settings, key) as client:
            for path in WRITES:
                answer = client.post(path, json={"full_name": "octo/app"})

                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
                assert answer.json()["type"] == "urn:gitinsight:problem:unauthorised"
    assert value(warehouse, "select count(*) from ops.jobs") == 0


def test_what_was_wrong_is_said(settings: Settings) -> None:
    with stranger(settings) as client, stranger(settings, "Bearer wrong") as liar:
        details = [one.post(WRITES[0], json={}).json()["detail"] for one in (client, liar)]

    assert details == ["this needs a key: Authorization: Bearer KEY", "the key is wrong"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_key_opens(settings: Settings, warehouse: Engine, scheme: str) -> None:
    repository_id = add_repository(warehouse)
    with stranger(settings, f"{scheme} {ADMIN_KEY}") as client:
        assert client.post(f"/api/v1/repositories/{repository_id}/analyze").status_code == 202


def test_in_public_reading_needs_the_key_too(required: Settings) -> None:
    with stranger(required) as client:
        assert [client.get(path).status_code for path in READS] == [401] * len(READS)
        assert client.get("/health/live").status_code == 200
        assert client.get(READS[0], headers={"authorization": f"Bearer {ADMIN_KEY}"}).is_success


def test_in_public_listening_needs_the_key_too(required: Settings, warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    with serving_api(required) as url:
        address = url.replace("http", "ws")
        path = f"{address}/api/v1/stream/repository/{repository_id}/updates"
        with pytest.raises(InvalidStatus) as caught, connect(path):
            pass
        with connect(path, additional_headers={"authorization": f"Bearer {ADMIN_KEY}"}):
            pass

    assert caught.value.response.status_code == 401
