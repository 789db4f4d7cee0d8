"""One process and what it knows of its principals; `tests/warehouse/test_governor.py` the rest."""

from datetime import UTC, datetime

import pytest

from gitinsight.errors import TokenRejected
from gitinsight.github.governor import Grant, LocalGovernor, Wait
from gitinsight.github.limits import Verdict
from gitinsight.github.pace import Outcome, Pace, Reason
from gitinsight.github.principals import users

HOST = "https://api.github.test"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ONE, TWO = users(["one", "two"])


@pytest.fixture
def governor() -> LocalGovernor:
    return LocalGovernor(HOST, Pace(), now=lambda: NOW)


def end(governor: LocalGovernor, found: Grant | Wait, verdict: Verdict, **more: float) -> None:
    assert isinstance(found, Grant)
    governor.release(found, Outcome(verdict, 5, **more))  # type: ignore[arg-type]


def test_the_first_that_may_is_granted(governor: LocalGovernor) -> None:
    end(governor, governor.acquire([ONE], "core"), Verdict.TOLD, seconds=60)

    found = governor.acquire([ONE, TWO], "core")

    assert isinstance(found, Grant)
    assert found.principal == TWO


def test_the_shortest_wait_is_told_where_nobody_may(governor: LocalGovernor) -> None:
    end(governor, governor.acquire([ONE], "core"), Verdict.TOLD, seconds=60)
    end(governor, governor.acquire([TWO], "core"), Verdict.TOLD, seconds=20)

    found = governor.acquire([ONE, TWO], "core")

    assert isinstance(found, Wait)
    assert (found.bucket, found.reason) == ("core", Reason.TOLD)
    assert found.seconds == pytest.approx(20.5, abs=0.5)


def test_whoever_was_rejected_twice_is_asked_no_more(governor: LocalGovernor) -> None:
    for _ in range(2):
        end(governor, governor.acquire([ONE], "core"), Verdict.REJECTED)

    found = governor.acquire([ONE, TWO], "core")

    assert isinstance(found, Grant)
    assert found.principal == TWO
    assert governor.usable([ONE, TWO]) == [TWO]
    assert governor.usable([ONE]) == [ONE]
    with pytest.raises(TokenRejected):
        governor.acquire([ONE], "graphql")
