"""What GitHub delivers is taken when GitHub has signed it, once, and from nobody else."""

import hashlib
import hmac
import json
import socket
import statistics
import time
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from gitinsight.settings import AuthSettings, GitHubSettings, Settings
from tests.conftest import serving_api
from tests.support.outages import away
from tests.support.rows import fetch, value
from tests.support.webhooks import SECRET, headers, payload
from warehouse.engine import Engine

PATH = "/api/v1/webhooks/github"
BODY = json.dumps(payload("opened", issue={"number": 7})).encode()
COUNT = "select count(*) from ops.webhook_deliveries"
LIMIT = 26 * 2**20


@pytest.fixture
def settings(settings: Settings) -> Settings:
    github = settings.github.model_copy(
        update={"webhook_secret": GitHubSettings(webhook_secret=SECRET).webhook_secret}  # type: ignore[arg-type]
    )
    return settings.model_copy(update={"github": github})


@pytest.fixture
def github_hook(api: httpx2.Client) -> httpx2.Client:
    """GitHub has no key of ours."""
    del api.headers["authorization"]
    return api


def rows(warehouse: Engine) -> list[tuple[Any, ...]]:
    with warehouse.begin() as connection:
        return fetch(
            connection,
            "select delivery_id, event, action, github_id, headers, body, outcome"
            " from ops.webhook_deliveries",
        )


class TestTaken:
    def test_a_signed_delivery_is_stored_byte_by_byte(
        self, github_hook: httpx2.Client, warehouse: Engine
    ) -> None:
        body = b'  {"action":"opened","repository":{"id":1,"full_name":"octo/app"},"t":"\\u0000"}\n'
        identifier = uuid4()
        sent = {**headers(body, delivery_id=identifier), "cookie": "a=b", "x-github-hook-id": "1"}

        answer = github_hook.post(PATH, content=body, headers=sent)

        assert (answer.status_code, answer.json()) == (
            202, {"delivery_id": str(identifier), "is_new": True},
        )  # fmt: skip
        ((*told, kept, held, outcome),) = rows(warehouse)
        assert told == [identifier, "issues", "opened", 1]
        assert (held, outcome) == (body, None)
        assert kept.keys() == {
            "content-type", "user-agent", "x-github-event", "x-github-delivery",
            "x-github-hook-id", "x-hub-signature-256",
        }  # fmt: skip

    def test_a_redelivery_is_answered_alike_and_changes_nothing(
        self, github_hook: httpx2.Client, warehouse: Engine
    ) -> None:
        identifier = uuid4()
        first = github_hook.post(PATH, content=BODY, headers=headers(BODY, delivery_id=identifier))
        before = rows(warehouse)
        other = b'{"action": "closed"}'

        again = github_hook.post(
            PATH, content=other, headers=headers(other, delivery_id=identifier)
        )

        assert (first.status_code, again.status_code) == (202, 202)
        assert [one.json()["is_new"] for one in (first, again)] == [True, False]
        assert rows(warehouse) == before

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[1]", b"\xff\xfe", b'{"action": "a\\u0000"}', b"[" * 50_000,
         b'{"repository": {"id": 1e400, "full_name": 1}}'],
        ids=repr,
    )  # fmt: skip
    def test_what_cannot_be_read_is_kept_for_the_worker_to_tell(
        self, github_hook: httpx2.Client, warehouse: Engine, body: bytes
    ) -> None:
        assert github_hook.post(PATH, content=body, headers=headers(body)).status_code == 202
        ((_, event, action, github_id, _, held, _),) = rows(warehouse)
        assert (event, action, github_id, held) == ("issues", None, None, body)

    def test_an_event_that_nobody_knows_is_kept(
        self, github_hook: httpx2.Client, warehouse: Engine
    ) -> None:
        sent = headers(BODY, "an_event_of_next_year")

        assert github_hook.post(PATH, content=BODY, headers=sent).status_code == 202
        assert value(warehouse, COUNT) == 1

    def test_in_public_github_needs_no_key_of_ours(self, settings: Settings) -> None:
        public = settings.model_copy(update={"auth": AuthSettings(mode="required")})
        with serving_api(public) as url, httpx2.Client(base_url=url) as client:
            assert client.post(PATH, content=BODY, headers=headers(BODY)).status_code == 202

    def test_the_largest_that_github_sends_is_taken(
        self, github_hook: httpx2.Client, warehouse: Engine
    ) -> None:
        body = b'{"action": "opened", "issue": "' + b"x" * (LIMIT - 33) + b'"}'
        assert len(body) == LIMIT

        assert github_hook.post(PATH, content=body, headers=headers(body)).status_code == 202
        assert value(warehouse, "select length(body) from ops.webhook_deliveries") == LIMIT


class TestRefused:
    @pytest.mark.parametrize(
        "changed",
        [
            {"x-hub-signature-256": None},
            {
                "x-hub-signature-256": None,
                "x-hub-signature": "sha1="
                + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
            },
            {"x-hub-signature-256": headers(BODY, secret=SECRET[1:])["x-hub-signature-256"]},
            {"x-hub-signature-256": headers(BODY + b" ")["x-hub-signature-256"]},
            {"x-hub-signature-256": headers(BODY)["x-hub-signature-256"].removeprefix("sha256=")},
            {"x-hub-signature-256": "sha256="},
            {"x-hub-signature-256": ""},
            {"x-hub-signature-256": "sha256=\xe9"},
        ],
        ids=["none", "sha1", "secret", "body", "prefix", "empty", "nothing", "latin"],
    )
    def test_what_github_has_not_signed(
        self, github_hook: httpx2.Client, warehouse: Engine, changed: dict[str, str | None]
    ) -> None:
        sent = {
            name: text.encode("latin-1")
            for name, text in {**headers(BODY), **changed}.items()
            if text is not None
        }

        answer = github_hook.post(PATH, content=BODY, headers=sent)

        assert (answer.status_code, answer.headers["content-type"]) == (
            401, "application/problem+json",
        )  # fmt: skip
        assert answer.json()["type"] == "urn:gitinsight:problem:unauthorised"
        assert answer.headers["www-authenticate"] == "X-Hub-Signature-256"
        assert value(warehouse, COUNT) == 0

    @pytest.mark.parametrize("parts", [1, 2], ids=["length", "chunked"])
    def test_what_is_too_large(
        self, github_hook: httpx2.Client, warehouse: Engine, parts: int
    ) -> None:
        body = b"x" * (LIMIT + 1)
        content = body if parts == 1 else iter([body[:LIMIT], body[LIMIT:]])

        answer = github_hook.post(PATH, content=content, headers=headers(body))

        assert (answer.status_code, answer.json()["type"]) == (
            413, "urn:gitinsight:problem:too-large",
        )  # fmt: skip
        assert value(warehouse, COUNT) == 0

    @pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
    def test_another_content_type(
        self, github_hook: httpx2.Client, warehouse: Engine, kind: str
    ) -> None:
        sent = {**headers(BODY), "content-type": kind}

        answer = github_hook.post(PATH, content=BODY, headers=sent)

        assert answer.status_code == 415
        assert "application/json on GitHub" in answer.json()["detail"]
        assert value(warehouse, COUNT) == 0

    @pytest.mark.parametrize(
        ("header", "text"),
        [("x-github-delivery", "7"), ("x-github-delivery", ""), ("x-github-event", "")],
    )
    def test_what_does_not_say_which_delivery_it_is(
        self, github_hook: httpx2.Client, header: str, text: str
    ) -> None:
        answer = github_hook.post(PATH, content=BODY, headers={**headers(BODY), header: text})

        assert answer.status_code == 422
        assert [one["where"] for one in answer.json()["errors"]] == [["header", header]]

    def test_everything_while_no_secret_is_set(self, settings: Settings, warehouse: Engine) -> None:
        bare = settings.model_copy(update={"github": GitHubSettings()})
        with serving_api(bare) as url, httpx2.Client(base_url=url) as client:
            for secret in ("", SECRET):
                answer = client.post(PATH, content=BODY, headers=headers(BODY, secret=secret))

                assert (answer.status_code, answer.json()["type"]) == (
                    503, "urn:gitinsight:problem:webhooks-not-configured",
                )  # fmt: skip
                assert "GITINSIGHT_GITHUB__WEBHOOK_SECRET" in answer.json()["detail"]
        assert value(warehouse, COUNT) == 0

    def test_a_secret_of_nothing_is_none(self) -> None:
        with pytest.raises(ValueError, match="webhook_secret"):
            GitHubSettings.model_validate({"webhook_secret": ""})

    def test_what_ends_before_its_end(self, settings: Settings, warehouse: Engine) -> None:
        with serving_api(settings) as url:
            host, _, port = url.removeprefix("http://").partition(":")
            head = "".join(f"{name}: {text}\r\n" for name, text in headers(BODY).items())
            request = f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\n{head}content-length: 999\r\n\r\n"
            with socket.create_connection((host, int(port))) as caller:
                caller.sendall(request.encode() + BODY)
            with httpx2.Client(base_url=url) as client:
                assert client.post(PATH, content=BODY, headers=headers(BODY)).status_code == 202

        assert value(warehouse, COUNT) == 1


def test_while_the_warehouse_is_away_nothing_is_said_to_be_taken(
    github_hook: httpx2.Client, database_url: str
) -> None:
    with away(database_url):
        answer = github_hook.post(PATH, content=BODY, headers=headers(BODY))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_it_answers_at_once(github_hook: httpx2.Client) -> None:
    """GitHub waits for ten seconds; a queue of deliveries should not."""
    seconds = []
    for _ in range(50):
        sent = headers(BODY)
        started = time.perf_counter()
        assert github_hook.post(PATH, content=BODY, headers=sent).status_code == 202
        seconds.append(time.perf_counter() - started)

    assert statistics.median(seconds) < 0.05
