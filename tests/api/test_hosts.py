"""Names that this API is reached by."""

import pytest

from api.hosts import Hosts

HOSTS = Hosts(["insight.example.com", " Insight.example.com:8443 "])
OURS = (
    "", "localhost", "LOCALHOST:8000", "gitinsight.localhost:8000", "127.0.0.1", "127.0.0.1:8000",
    "10.0.0.7:8000", "[::1]", "[::1]:8000", "insight.example.com", "insight.EXAMPLE.com:8443",
)  # fmt: skip
STRANGE = (
    "evil.example.com", "evil.example.com:8000", "127.0.0.1.evil.example.com", "localhost.",
    "localhost.evil.example.com:8000", "notlocalhost", "insight.example.com:8000", "2130706433",
    "evil.example.com#localhost", "evil.example.com:8000@localhost", "[evil.example.com]", "[::1",
    "api.insight.example.com", "127.0.0.1 evil.example.com", "127.0.0.1:8000:1", " ",
)  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_names_and_addresses_of_this_machine_and_those_that_are_told_are_ours(host: str) -> None:
    assert HOSTS.has(host)


@pytest.mark.parametrize("host", STRANGE)
def test_what_somebody_else_may_own_is_not(host: str) -> None:
    assert not HOSTS.has(host)
