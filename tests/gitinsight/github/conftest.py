"""A client of the GitHub that a test writes down beforehand."""

from typing import Any

import pytest

from gitinsight.github.client import GitHubClient
from gitinsight.github.governor import LocalGovernor
from gitinsight.github.pace import Pace
from gitinsight.github.principals import users
from gitinsight.github.turns import Turns
from gitinsight.veil import NOTHING, Veil
from tests.support.client import TOKEN, Connect, Time
from tests.support.upstream import Upstream


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def slept(time: Time) -> list[float]:
    return time.slept


@pytest.fixture
def connect(upstream: Upstream, time: Time, request: pytest.FixtureRequest) -> Connect:
    def make(
        *tokens: str,
        url: str = upstream.url,
        pace: Pace | None = None,
        timeout_seconds: float = 30.0,
        veil: Veil = NOTHING,
        **waiting: Any,
    ) -> GitHubClient:
        governor = LocalGovernor(url, pace or Pace(), now=time.now)
        turns = Turns(governor, **{"sleep": time.sleep, **waiting})
        client = GitHubClient(
            api_url=url, graphql_url=f"{url}/graphql", principals=lambda: users(tokens or [TOKEN]),
            turns=turns, timeout_seconds=timeout_seconds, veil=veil,
        )  # fmt: skip
        request.addfinalizer(client.close)
        return client

    return make


@pytest.fixture
def client(connect: Connect) -> GitHubClient:
    return connect()
