"""The tokens of a GitHub App: minted for each of its installations, anew before they end.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import jwt
import msgspec

from gitinsight.errors import (
    BrokenEnvironment,
    NotVisible,
    RateLimited,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github import limits
from gitinsight.github.principals import Principal, fingerprint

_ATTEMPTS = 3
_ISSUED_AGO, _EXPIRES_IN = 60, 480
"""Seconds; GitHub takes no more than ten minutes, and clocks differ."""
_FRESH_SECONDS = 300.0
"""A token that ends sooner is replaced: what is asked with it may take a while."""
_LONGEST_LIFE = 3_600.0


class _Account(msgspec.Struct, frozen=True):
    login: str


class _Installation(msgspec.Struct, frozen=True):
    id: int
    account: _Account
    suspended_at: str | None = None


class _Token(msgspec.Struct, frozen=True):
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    until: float
    """By the monotonic clock."""


class AppTokens:
    """Safe to share between threads. ``wall`` tells seconds since 1970, ``monotonic`` durations."""

    def __init__(
        self, *, api_url: str, app_id: str, private_key: str, timeout_seconds: float = 30.0,
        wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """``private_key`` is PEM, or the path of a file that holds it."""
        self._api_url = api_url
        self._app_id = app_id
        self._private_key = private_key
        self._timeout_seconds = timeout_seconds
        self._wall = wall
        self._monotonic = monotonic
        self._skew_seconds = 0.0
        self._lock = threading.Lock()
        self._held: dict[int, _Held] = {}

    def principals(self) -> list[Principal]:
        """One per installation that is not suspended; the same ones whatever their tokens are."""
        found: list[_Installation] = []
        url: str | None = f"{self._api_url}/app/installations?per_page=100"
        while url is not None:
            response = self._ask("GET", url)
            found += _decoded(response, list[_Installation])
            url = response.links.get("next", {}).get("url")
        return [
            Principal(
                fingerprint("app", self._app_id, str(one.id)), "installation",
                owner=one.account.login.lower(), token=partial(self.token, one.id),
                renew=partial(self.forget, one.id),
            )
            for one in found if one.suspended_at is None
        ]  # fmt: skip

    def token(self, installation_id: int) -> str:
        """The one that is held, or a new one where it ends within five minutes."""
        with self._lock:
            held = self._held.get(installation_id)
            if held is None or held.until <= self._monotonic():
                held = self._held[installation_id] = self._minted(installation_id)
            return held.token

    def forget(self, installation_id: int) -> None:
        """GitHub has rejected it; the next one who asks gets a new one."""
        with self._lock:
            self._held.pop(installation_id, None)

    def _minted(self, installation_id: int) -> _Held:
        url = f"{self._api_url}/app/installations/{installation_id}/access_tokens"
        response = self._ask("POST", url)
        made = _decoded(response, _Token)
        life = (made.expires_at - limits.date_of(response)).total_seconds()
        good_for = max(min(life, _LONGEST_LIFE) - _FRESH_SECONDS, 0.0)
        return _Held(made.token, self._monotonic() + good_for)

    def _ask(self, method: str, url: str) -> httpx2.Response:
        """A rejection may be our clock's fault: then GitHub's own is used from there on."""
        reason = "no answer"
        for attempt in range(_ATTEMPTS):
            try:
                response = httpx2.request(
                    method, url, headers=self._headers(), timeout=self._timeout_seconds
                )
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                continue
            status, path = response.status_code, response.request.url.path
            if response.is_success:
                return response
            if (limited := limits.hit(response, "app")) is not None:
                raise RateLimited("app", limited.retry_at)
            if status == httpx2.codes.UNAUTHORIZED:
                if attempt:
                    raise TokenRejected(path)
                self._skew_seconds = limits.date_of(response).timestamp() - self._wall()
            elif status < httpx2.codes.INTERNAL_SERVER_ERROR:
                raise NotVisible(path, status, response.reason_phrase)
            reason = f"HTTP {status}"
        raise UpstreamUnavailable(httpx2.URL(url).host, reason)

    def _headers(self) -> dict[str, str]:
        now = int(self._wall() + self._skew_seconds)
        claims = {"iat": now - _ISSUED_AGO, "exp": now + _EXPIRES_IN, "iss": self._app_id}
        try:
            signed = jwt.encode(claims, _pem(self._private_key), algorithm="RS256")
        except (OSError, ValueError, TypeError, jwt.exceptions.InvalidKeyError) as error:
            raise BrokenEnvironment(
                "the private key of the GitHub App cannot be used",
                "set GITINSIGHT_GITHUB__APP_PRIVATE_KEY to its PEM text, or to the path of a file",
            ) from error
        return {
            "accept": "application/vnd.github+json", "user-agent": "gitinsight",
            "authorization": f"Bearer {signed}",
        }  # fmt: skip


def _pem(key: str) -> str:
    """In variables of an environment the ends of lines are often written as two characters."""
    text = key if "-----BEGIN" in key else Path(key).expanduser().read_text("utf-8")
    return text.replace("\\n", "\n")


def _decoded(response: httpx2.Response, type_: type[Any]) -> Any:
    try:
        return msgspec.json.decode(response.content, type=type_)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnexpectedPayload(response.request.url.path, str(error)) from error
