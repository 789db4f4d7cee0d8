"""The first rows of the table of faults: states, limits, failures and broken answers.

Each is met by a real extraction of the simulated GitHub, leaves the ledger exact, and is forgotten
once it is over: the next run is whole.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from flows.attempt import attempt
from flows.fleet import refresh
from gitinsight.errors import (
    BrokenAnswer,
    GitInsightError,
    IdentityChanged,
    LeaseLost,
    NotVisible,
    RateLimited,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.settings import GitHubSettings, Settings
from tests.support.analyses import count, enqueue, renew_limits, rows
from tests.support.extractions import (
    NAME,
    TRUTH,
    Meddle,
    assert_whole,
    extracted,
    gaps,
    held,
)
from tests.support.github import GitHub
from warehouse.engine import Engine, make_engine
from warehouse.raw import Written

LARGER = "synthetic-labs/aurora"
EMPTY = "synthetic-labs/empty-repo"
MIDST = 6
"""A question to GitHub in the midst of a first reading: issues are held, comments are not whole."""
LANES = 3
"""Lists that are read at once, each of which may have a request on its way."""


@pytest.fixture
def known(analysed: Settings) -> Iterator[Engine]:
    """A warehouse that holds one analysis of borealis."""
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def tombstones(warehouse: Engine) -> int:
    return sum(
        count(warehouse, f"raw.github_{thing} where deleted_at is not null")
        for thing in ("issues", "issue_comments", "pull_requests", "reviews", "labels")
    )


def with_tokens(settings: Settings, *tokens: str) -> Settings:
    told = settings.github.model_dump() | {"tokens": ",".join(tokens)}
    return settings.model_copy(update={"github": GitHubSettings.model_validate(told)})


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("private", "unreadable"), ("forbidden", "unreadable"), ("sso", "unreadable"),
        ("disabled", "disabled"), ("blocked", "blocked"),
    ],
    ids=["404 private", "403 token lost access", "403 sign-on", "403 disabled", "451 blocked"],
)  # fmt: skip
def test_a_repository_that_is_not_shown(
    analysed: Settings, known: Engine, github: GitHub, fault: str, state: str
) -> None:
    before = held(known)
    github.control(state={NAME: fault})

    with pytest.raises(NotVisible):
        extracted(analysed, known)

    assert rows(known, "select state from ops.repositories") == [(state,)]
    assert held(known) == before
    assert tombstones(known) == 0
    assert refresh(analysed, known) == 0
    with known.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set checked_at = now() - interval '25 hours'"
        )
    assert refresh(analysed, known) == 1  # once a day
    github.control(calm=True)
    extracted(analysed, known)
    assert_whole(known)
    assert rows(known, "select state, state_reason from ops.repositories") == [("active", None)]


def test_a_repository_that_is_hidden_while_it_is_read(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    hide = {18: lambda: github.control(state={NAME: "private"})}

    with pytest.raises(NotVisible):
        extracted(settings, warehouse, meddle=hide)

    assert tombstones(warehouse) == 0
    github.control(calm=True)
    extracted(settings, warehouse)
    assert_whole(warehouse)


def test_one_that_is_blocked_does_not_stop_the_others(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    extracted(settings, warehouse, name=EMPTY)
    github.control(state={EMPTY: "blocked"})

    with pytest.raises(NotVisible):
        extracted(settings, warehouse, name=EMPTY)
    extracted(settings, warehouse)

    assert_whole(warehouse)
    ((reason,),) = rows(
        warehouse, "select state_reason from ops.repositories where state = 'blocked'"
    )
    assert "(dmca)" in reason


def test_301_a_rename(analysed: Settings, known: Engine, github: GitHub) -> None:
    github.control(rename={NAME: "synthetic-labs/polaris"})
    github.change(NAME, "new_issue")

    extracted(analysed, known)

    assert_whole(known, issues=1)
    assert rows(known, "select full_name from ops.repositories") == [("synthetic-labs/polaris",)]
    assert count(known, f"ops.repository_names where full_name = '{NAME}'") == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"state": {NAME: "redirect_loop"}}, UnexpectedPayload),
        ({"squat": NAME}, IdentityChanged),
    ],
    ids=["301 redirect loop", "a squatted name"],
)
def test_a_name_that_leads_elsewhere_stops_the_job(
    analysed: Settings, known: Engine, github: GitHub, fault: dict[str, Any],
    error: type[GitInsightError],
) -> None:  # fmt: skip
    before = held(known)
    github.control(rename={NAME: "synthetic-labs/polaris"} if "squat" in fault else {})
    github.control(**fault)

    with pytest.raises(error):
        extracted(analysed, known)

    assert held(known) == before
    assert gaps(known) == {}
    assert tombstones(known) == 0


def test_409_an_empty_repository(settings: Settings, warehouse: Engine) -> None:
    extracted(settings, warehouse, name=EMPTY)

    assert gaps(warehouse) == {}
    assert set(held(warehouse).values()) == {0}
    assert count(warehouse, "raw.git_commits") == 0


@pytest.mark.parametrize("is_first", [True, False], ids=["at first", "later"])
def test_410_issues_that_are_switched_off(
    settings: Settings, warehouse: Engine, github: GitHub, *, is_first: bool
) -> None:
    if not is_first:
        extracted(settings, warehouse)
    github.control(state={NAME: "no_issues"})

    extracted(settings, warehouse)

    reason = "HTTP 410: Issues has been disabled in this repository."
    assert gaps(warehouse)["issues"] == ("unavailable", reason)
    assert gaps(warehouse)["issue_comments"] == ("unavailable", reason)
    assert tombstones(warehouse) == 0
    github.control(calm=True)
    extracted(settings, warehouse)
    assert_whole(warehouse)


def test_422_deep_pages(settings: Settings, warehouse: Engine, github: GitHub) -> None:
    github.control(page_cap=1)

    extracted(settings, warehouse, name=LARGER)

    assert_whole(warehouse, name=LARGER)


def test_more_runs_than_a_search_shows(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    more = 1001 - TRUTH["workflow_runs"]
    for _ in range(more):
        github.change(NAME, "new_run")

    extracted(settings, warehouse)

    assert_whole(warehouse, workflow_runs=more)


FAILURES: list[tuple[str, dict[str, Any], type[GitInsightError]]] = [
    ("502", {"error_rate": 1}, UpstreamUnavailable),
    ("a hung answer", {"hang_rate": 1, "hang_seconds": 5}, UpstreamUnavailable),
    ("a reset", {"reset_rate": 1}, UpstreamUnavailable),
    ("a unicorn as 502", {"html_rate": 1}, UpstreamUnavailable),
    ("a unicorn as 200", {"html_rate": 1, "html_status": 200}, BrokenAnswer),
    ("truncated JSON", {"truncate_rate": 1}, BrokenAnswer),
    ("an empty body", {"empty_rate": 1}, BrokenAnswer),
    ("broken gzip", {"gzip_rate": 1}, UpstreamUnavailable),
    ("a byte order mark", {"bom_rate": 1}, BrokenAnswer),
]


@pytest.mark.parametrize(
    ("fault", "error"), [one[1:] for one in FAILURES], ids=[one[0] for one in FAILURES]
)
def test_a_failure_that_lasts_commits_nothing(
    settings: Settings, warehouse: Engine, github: GitHub, fault: dict[str, Any],
    error: type[GitInsightError],
) -> None:  # fmt: skip
    begin: Meddle = {MIDST: lambda: github.control(**fault)}

    # Short where an answer never comes; else a busy machine would be taken for that.
    patience = 0.3 if "hang_rate" in fault else 5

    with pytest.raises(error):
        extracted(settings, warehouse, meddle=begin, timeout_seconds=patience)

    assert gaps(warehouse) == {}  # nothing is accounted for, least of all as empty
    assert tombstones(warehouse) == 0
    github.control(calm=True)
    extracted(settings, warehouse)
    assert_whole(warehouse)


@pytest.mark.parametrize(
    "fault", [{"error_rate": 0.2}, {"truncate_rate": 0.2}, {"gzip_rate": 0.2}],
    ids=["some 502", "some truncated", "some broken gzip"],
)  # fmt: skip
def test_a_failure_that_passes_is_not_noticed(
    settings: Settings, warehouse: Engine, github: GitHub, fault: dict[str, Any]
) -> None:
    begin: Meddle = {1: lambda: github.control(**fault)}

    extracted(settings, warehouse, meddle=begin)

    assert_whole(warehouse)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("told", ["seconds", "date", "none"])
def test_a_secondary_limit(
    settings: Settings, warehouse: Engine, github: GitHub, status: int, told: str
) -> None:
    limit: Meddle = {
        MIDST: lambda: github.control(
            secondary_every=1, secondary_status=status, secondary_retry_after=told
        )
    }

    with pytest.raises(RateLimited):
        extracted(settings, warehouse, meddle=limit)

    refused = github.statistics()["refused"]
    assert 1 <= refused <= LANES  # none was sent but those already on their way
    with pytest.raises(RateLimited):
        extracted(settings, warehouse)
    assert github.statistics()["refused"] == refused
    renew_limits(warehouse, github)
    extracted(settings, warehouse)
    assert_whole(warehouse)


@pytest.mark.parametrize("as_errors", [False, True], ids=["403", "200 RATE_LIMITED"])
def test_a_limit_that_is_used_up(
    settings: Settings, warehouse: Engine, github: GitHub, *, as_errors: bool
) -> None:
    limit: Meddle = {
        14: lambda: github.control(limits={"with token": 1}, graphql_limit_as_errors=as_errors)
    }

    with pytest.raises(RateLimited):
        extracted(settings, warehouse, meddle=limit)

    renew_limits(warehouse, github)
    extracted(settings, warehouse)
    assert_whole(warehouse)


@pytest.mark.parametrize(
    "fault",
    [{"is_bare": True}, {"clock_skew": 600}, {"clock_skew": -600}],
    ids=["headers missing", "ten minutes ahead", "ten minutes behind"],
)
def test_what_headers_say_or_do_not_say(
    settings: Settings, warehouse: Engine, github: GitHub, fault: dict[str, Any]
) -> None:
    github.control(**fault)
    extracted(settings, warehouse)
    assert_whole(warehouse)

    for _ in range(2):
        github.change(NAME, "new_issue")
        extracted(settings, warehouse)

    assert_whole(warehouse, issues=2)
    github.control(calm=True)
    github.change(NAME, "new_issue")
    extracted(settings, warehouse)
    assert_whole(warehouse, issues=3)


def test_a_token_that_is_revoked_and_another_that_is_not(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    """The first of them goes, the second does the same page."""
    two = with_tokens(settings, "first", "second")
    revoke: Meddle = {MIDST: lambda: github.control(revoke_after=MIDST + 9)}

    extracted(two, warehouse, meddle=revoke)

    assert_whole(warehouse)
    used = rows(warehouse, "select count(distinct principal) from ops.requests")
    assert used == [(2,)]
    assert count(warehouse, "ops.requests where status = 401") > 0


def test_the_last_token_that_is_revoked(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    revoke: Meddle = {MIDST: lambda: github.control(revoke_after=1)}

    with pytest.raises(TokenRejected):
        extracted(settings, warehouse, meddle=revoke)

    assert tombstones(warehouse) == 0
    renew_limits(warehouse, github)
    extracted(settings, warehouse)
    assert_whole(warehouse)


def test_two_workers_at_one_repository(settings: Settings, warehouse: Engine) -> None:
    """The second takes over what the first still believes to hold."""
    job = enqueue(settings, warehouse, NAME)
    with attempt(settings, warehouse, job.job_id, worker="slow") as first:
        stale = first.take("issues")
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update ops.jobs set lease_until = now() - interval '1 hour'"
            )

        extracted(settings, warehouse)

        with pytest.raises(LeaseLost):
            first.announce("extract")
        with pytest.raises(LeaseLost):
            first.commit(stale, {}, lambda _connection: Written())
    assert_whole(warehouse)
