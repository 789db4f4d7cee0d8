"""People who have logged in to the API, as their clients see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2

from gitinsight.settings import Settings
from gitinsight.simulator.login import CLIENT_ID, CLIENT_SECRET
from tests.support.github import GitHub

PUBLIC_URL = "http://gitinsight.test"
LOGIN = "/api/v1/auth/github/login"


def where_people_log_in(settings: Settings, github: GitHub, **told: Any) -> Settings:
    """The same service, where everybody needs a key or a login."""
    auth = {
        "mode": "required", "github_client_id": CLIENT_ID, "github_client_secret": CLIENT_SECRET,
        "github_url": github.url, "public_url": PUBLIC_URL, **told,
    }  # fmt: skip
    return Settings.model_validate(
        {
            "state_dir": settings.state_dir, "warehouse": {"url": settings.warehouse_url},
            "github": {"api_url": github.url, "clone_url": github.clone_url, "tokens": "test-token",
                       "wait_seconds": 2},
            "redis": settings.redis.model_dump(exclude_none=True), "auth": auth,
        }
    )  # fmt: skip


def where_keys_are_needed(settings: Settings) -> Settings:
    """The same service, where everybody needs a key, and nobody can log in."""
    auth = settings.auth.model_copy(update={"mode": "required"})
    return settings.model_copy(update={"auth": auth})


def to_github(client: httpx2.Client, **parameters: str) -> str:
    """Where the browser is sent to."""
    answer = client.get(LOGIN, params=parameters)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def back_from_github(url: str) -> str:
    """The path that GitHub sends the browser back to."""
    answer = httpx2.get(url)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}" == PUBLIC_URL
    return f"{back.path}?{back.query}"


def log_in(url: str, github: GitHub, login: str) -> dict[str, Any]:
    """The whole way, as a browser goes it: what it holds in the end."""
    github.control(login=login)
    with httpx2.Client(base_url=url, timeout=30) as browser:
        answer = browser.get(back_from_github(to_github(browser)))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def client_of(url: str, key: str | None) -> Iterator[httpx2.Client]:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
        yield client
