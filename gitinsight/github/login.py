"""Logging in with GitHub: the authorization code flow with PKCE, and what a user's token shows.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlencode

import httpx2
import msgspec

from gitinsight.errors import (
    TokenRejected,
    Unauthorised,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.settings import Settings

T = TypeVar("T")
_MOST_PAGES = 100
_VERIFIER_BYTES = 48


class Account(msgspec.Struct, frozen=True):
    id: int
    login: str


class _Repository(msgspec.Struct, frozen=True):
    id: int


class _Token(msgspec.Struct, frozen=True):
    """GitHub answers 200 with an ``error`` where the code is not good."""

    access_token: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """What GitHub knows this service as."""

    login_url: str
    api_url: str
    client_id: str
    redirect_uri: str
    scope: str
    timeout_seconds: float
    client_secret: str = field(repr=False)

    def authorize_url(self, *, state: str, verifier: str) -> str:
        """Where a user is sent to log in."""
        query = urlencode({
            "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": self.scope,
            "state": state, "code_challenge": challenge(verifier), "code_challenge_method": "S256",
        })  # fmt: skip
        return f"{self.login_url}/login/oauth/authorize?{query}"

    def token(self, code: str, *, verifier: str) -> str:
        """The user's token for the code that GitHub sent back with him; Unauthorised where the code
        is not one, or was begun by somebody else.
        """
        response = self._ask(
            "POST", f"{self.login_url}/login/oauth/access_token",
            data={
                "client_id": self.client_id, "client_secret": self.client_secret, "code": code,
                "redirect_uri": self.redirect_uri, "code_verifier": verifier,
            },
        )  # fmt: skip
        found = _decoded(response, _Token)
        if found.access_token is None:
            raise Unauthorised("GitHub does not take this login; begin again", known=False)
        return found.access_token

    def account(self, token: str) -> Account:
        return _decoded(self._ask("GET", f"{self.api_url}/user", token=token), Account)

    def private_repositories(self, token: str) -> set[int]:
        """GitHub's ids of those that the user may read."""
        found: set[int] = set()
        url: str | None = f"{self.api_url}/user/repos?visibility=private&per_page=100"
        for _ in range(_MOST_PAGES):
            if url is None:
                return found
            response = self._ask("GET", url, token=token)
            found |= {one.id for one in _decoded(response, list[_Repository])}
            url = response.links.get("next", {}).get("url")
        raise UnexpectedPayload("/user/repos", f"there are more than {_MOST_PAGES} pages")

    def _ask(
        self, method: str, url: str, *, token: str | None = None,
        data: dict[str, str] | None = None,
    ) -> httpx2.Response:  # fmt: skip
        headers = {"accept": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        target = httpx2.URL(url).path
        try:
            response = httpx2.request(
                method, url, headers=headers, data=data, timeout=self.timeout_seconds
            )
        except httpx2.HTTPError as error:
            raise UpstreamUnavailable(target, type(error).__name__) from error
        if response.status_code == httpx2.codes.UNAUTHORIZED:
            raise TokenRejected(target)
        if not response.is_success:
            raise UpstreamUnavailable(target, f"HTTP {response.status_code}")
        return response


def client_of(settings: Settings, *, redirect_uri: str) -> Client | None:
    """None where nobody can log in, for no client is named in the settings."""
    auth = settings.auth
    if auth.github_client_id is None or auth.github_client_secret is None:
        return None
    return Client(
        login_url=auth.github_url, api_url=settings.github.api_url,
        client_id=auth.github_client_id, redirect_uri=redirect_uri, scope=auth.github_scope,
        client_secret=auth.github_client_secret.get_secret_value(),
        timeout_seconds=settings.github.timeout_seconds,
    )  # fmt: skip


def new_verifier() -> str:
    return secrets.token_urlsafe(_VERIFIER_BYTES)


def challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    digest = sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _decoded(response: httpx2.Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.DecodeError as error:
        # The answer may hold a token: what it was is not said.
        raise UnexpectedPayload(response.request.url.path, "another shape") from error
