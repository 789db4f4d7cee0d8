"""The rows of the table of faults that are about GraphQL and about what records hold.

Each is met by a real extraction of the simulated GitHub, leaves the ledger exact, and is forgotten
once it is over: the next run is whole.
"""

from functools import partial
from typing import Any

import pytest

from gitinsight.errors import UpstreamUnavailable
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation
from tests.support.analyses import count, rows
from tests.support.extractions import (
    NAME,
    TRUTH,
    Meddle,
    assert_whole,
    extracted,
    gaps,
    held,
    ledger,
)
from tests.support.github import GitHub
from warehouse.engine import Engine

_ISSUES = Organisation().repositories["borealis"].issues
LARGER = "synthetic-labs/aurora"
PULL = 7
PULL_ID = str(_ISSUES[PULL]["node_id"])
ISSUE = 3


@pytest.mark.parametrize(
    "fault",
    [
        {"graphql_heavy_nodes": 1000},
        {"graphql_heavy_nodes": 1000, "graphql_heavy_status": 504},
        {"graphql_heavy_nodes": 1000, "graphql_heavy_type": "RESOURCE_LIMITS_EXCEEDED"},
        {"graphql_heavy_nodes": 1000, "graphql_heavy_type": "MAX_NODE_LIMIT_EXCEEDED"},
        {"graphql_heavy_nodes": 1000, "graphql_heavy_type": "ARGUMENT_LIMIT"},
        {"graphql_heavy_nodes": 1000, "graphql_heavy_type": "timedout"},
    ],
    ids=["502", "504", "RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT", "ARGUMENT_LIMIT", "timedout"],
)
def test_a_query_that_is_too_heavy_is_asked_in_parts(
    settings: Settings, warehouse: Engine, github: GitHub, fault: dict[str, Any]
) -> None:
    github.control(**fault)

    extracted(settings, warehouse)

    assert_whole(warehouse)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"graphql_poison": PULL_ID}, "HTTP 502"),
        ({"graphql_refuse": PULL_ID}, "FORBIDDEN"),
        ({"graphql_refuse": PULL_ID, "graphql_refuse_type": "INSUFFICIENT_SCOPES"},
         "INSUFFICIENT_SCOPES"),
    ],
    ids=["502 for one item", "FORBIDDEN for one item", "another type for one item"],
)  # fmt: skip
def test_one_item_is_parked_and_never_taken_as_empty(
    settings: Settings, warehouse: Engine, github: GitHub, fault: dict[str, Any], reason: str
) -> None:
    github.control(**fault)

    extracted(settings, warehouse)

    told = f"1 of them could not be read: #{PULL} ({reason})"
    assert gaps(warehouse) == {"pull_requests": ("partial", told)}
    assert ledger(warehouse)["pull_requests"] == (16, 15)
    github.control(calm=True)
    extracted(settings, warehouse)
    assert_whole(warehouse)


def test_not_found_for_an_item_that_rest_still_shows(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_refuse=PULL_ID, graphql_refuse_type="NOT_FOUND")

    extracted(settings, warehouse)

    assert gaps(warehouse) == {"pull_requests": ("partial", "+1 not explained")}
    assert count(warehouse, "raw.github_issues where deleted_at is not null") == 0


def test_a_connection_that_is_forbidden(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_refuse="discussions")

    extracted(settings, warehouse)

    assert {name: state for name, (state, _) in gaps(warehouse).items()} == {
        "discussions": "unavailable"
    }
    github.control(calm=True)
    extracted(settings, warehouse)
    assert_whole(warehouse)


def test_data_null(settings: Settings, warehouse: Engine, github: GitHub) -> None:
    begin: Meddle = {6: lambda: github.control(graphql_null_rate=1)}

    with pytest.raises(UpstreamUnavailable):
        extracted(settings, warehouse, meddle=begin)

    assert gaps(warehouse) == {}
    github.control(calm=True)
    extracted(settings, warehouse)
    assert_whole(warehouse)


def test_silent_truncation_with_the_totals(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_truncate_nodes=3)

    extracted(settings, warehouse)

    for thing in ("reviews", "pull_request_files", "pull_request_commits"):
        assert held(warehouse)[thing] == TRUTH[thing]


@pytest.mark.parametrize("kind", ["number", "nesting", "no id", "text id"])
def test_what_cannot_be_held_is_in_quarantine_and_adds_up(
    settings: Settings, warehouse: Engine, github: GitHub, kind: str
) -> None:
    github.control(hostile=kind, repo=NAME, number=ISSUE)

    extracted(settings, warehouse)

    assert gaps(warehouse)["issues"] == ("partial", "1 of them is in quarantine")
    refused = "ops.quarantine where thing = 'issues' and kind = 'record' and replayed_at is null"
    assert held(warehouse)["issues"] + count(warehouse, refused) == TRUTH["issues"]
    github.control(hostile="healed", repo=NAME, number=ISSUE)
    extracted(settings, warehouse)
    assert held(warehouse)["issues"] == TRUTH["issues"]


@pytest.mark.parametrize(
    "kind",
    ["nul", "surrogate", "utf8", "control", "integer", "ghost", "kinds", "unknown", "large id"],
    ids=[
        "NUL",
        "lone surrogate",
        "invalid UTF-8",
        "control characters",
        "integer beyond 64 bits",
        "ghost and null body",
        "label as string, mannequin",
        "new values and fields",
        "id beyond 2^53",
    ],
)
def test_what_is_odd_is_held(
    settings: Settings, warehouse: Engine, github: GitHub, kind: str
) -> None:
    github.control(hostile=kind, repo=NAME, number=ISSUE)

    extracted(settings, warehouse)

    assert_whole(warehouse)
    if kind == "large id":
        identifier = 2**60 + int(_ISSUES[ISSUE]["id"])
        assert count(warehouse, f"raw.github_issues where id = {identifier}") == 1
    if kind == "unknown":
        assert count(warehouse, "raw.github_issues where payload ? 'new_field'") == 1


def test_equal_timestamps(settings: Settings, warehouse: Engine, github: GitHub) -> None:
    for number in _ISSUES:
        github.control(hostile="same time", repo=NAME, number=number)

    extracted(settings, warehouse)

    assert_whole(warehouse)


def test_an_item_that_moves_between_pages(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    """The first of a list is edited while the list is read, and so is shown twice or not at all."""
    edit: Meddle = {
        asked: partial(github.change, LARGER, "edit_issue", number=asked) for asked in (3, 4, 5)
    }

    extracted(settings, warehouse, name=LARGER, meddle=edit)
    extracted(settings, warehouse, name=LARGER)

    assert_whole(warehouse, name=LARGER)
    edited = "raw.github_issues where payload ->> 'title' like '%(edited)'"
    assert count(warehouse, edited) == 3


def test_a_replica_that_lags_behind(settings: Settings, warehouse: Engine, github: GitHub) -> None:
    """What it shows is older than what is held: the newer wins."""
    extracted(settings, warehouse)
    github.change(NAME, "edit_issue", number=ISSUE)
    extracted(settings, warehouse)
    github.control(stale=True)
    github.change(NAME, "new_issue")

    extracted(settings, warehouse)

    assert_whole(warehouse, issues=1)
    title = "select payload ->> 'title' like '%(edited)' from raw.github_issues"
    assert rows(warehouse, f"{title} where (payload ->> 'number')::int = {ISSUE}") == [(True,)]
