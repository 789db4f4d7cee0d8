"""The completeness ledger: what exists beside what is held, and why the two differ."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitinsight.git.history import Commit, moment
from gitinsight.github.payloads import Kind, Quarantined
from tests.support.rows import AT, payload_row
from warehouse import completeness, git, ledger, quarantine, raw
from warehouse.completeness import Entry, judge
from warehouse.engine import Engine
from warehouse.git import Run
from warehouse.quarantine import Gap
from warehouse.raw import Origin

JOB = UUID(int=1)
ORIGIN = Origin(1, "rest", "1", AT, JOB)


@pytest.mark.parametrize(
    ("upstream", "held", "why", "repeated", "expected"),
    [
        (5, 5, None, 0, (5, "complete", None)),
        (0, 0, None, 0, (0, "complete", None)),
        (5, 3, None, 0, (3, "partial", "+2 not explained")),
        (3, 5, None, 0, (5, "partial", "-2 not explained")),
        (5, 4, None, 1, (4, "complete", "GitHub lists 1 of them twice, under one id")),
        (5, 3, None, 1, (3, "partial", "+2 not explained")),
        (None, 3, None, 0, (3, "uncounted", "GitHub gives no total")),
        (7, None, None, 0, (None, "uncounted", "only the total is kept")),
        (5, 0, "no token", 0, (None, "unavailable", "no token")),
        (None, 0, "no token", 0, (None, "unavailable", "no token")),
        (5, 3, "no token", 0, (3, "unavailable", "no token")),
        (0, 0, "disabled", 0, (0, "complete", "disabled")),
    ],
)
def test_a_thing_is_judged_by_what_exists_and_what_is_held(
    upstream: int | None, held: int | None, why: str | None, repeated: int,
    expected: tuple[int | None, str, str | None],
) -> None:  # fmt: skip
    found = judge("issues", upstream, held, unavailable=why, repeated=repeated)

    assert found == Entry("issues", upstream, *expected)


@pytest.mark.parametrize(
    ("upstream", "held", "repeated", "gap", "reason"),
    [
        (5, 4, 0, Gap(1), "1 of them is in quarantine"),
        (5, 3, 0, Gap(2), "2 of them are in quarantine"),
        (5, 3, 1, Gap(1), "1 of them is in quarantine"),
        (5, 2, 0, Gap(1), "1 of them is in quarantine, +2 not explained"),
        (5, 5, 0, Gap(0, 2), "the newest version of 2 of them is in quarantine"),
        (
            5, 4, 0, Gap(1, 1),
            "1 of them is in quarantine, the newest version of 1 of them is in quarantine",
        ),
        (None, 4, 0, Gap(1), "1 of them is in quarantine"),
    ],
)  # fmt: skip
def test_what_is_in_quarantine_is_missing_and_the_sum_is_exact(
    upstream: int | None, held: int, repeated: int, gap: Gap, reason: str
) -> None:
    found = judge("issues", upstream, held, repeated=repeated, gap=gap)

    assert found == Entry("issues", upstream, held, "partial", reason)


@given(st.none() | st.integers(0, 99), st.none() | st.integers(0, 99), st.integers(0, 3))
def test_complete_means_that_nothing_is_missing(
    upstream: int | None, held: int | None, repeated: int
) -> None:
    found = judge("issues", upstream, held, repeated=repeated)

    if found.state == "complete":
        assert upstream is not None
        assert held in {upstream, upstream - repeated}
    else:
        assert found.reason


def test_what_is_held_is_counted_without_what_is_gone(warehouse: Engine) -> None:
    rows = [payload_row(number) for number in (1, 2)]
    pulls = [payload_row(3, pull_request={})]
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", [*rows, *pulls], origin=ORIGIN)
        raw.upsert(connection, "pull_requests", [payload_row(31)], origin=ORIGIN)
        raw.mark_deleted(connection, "issues", 1, [2], at=AT, reason="gone")
        git.insert_commits(
            connection,
            [
                Commit(
                    sha=sha, parents=[], author_name="a", author_email="a", authored=moment("0"),
                    committer_name="a", committer_email="a", committed=moment("0"), message="",
                    is_sanitized=False,
                )
                for sha in ("main", "side")
            ],
            run=Run(1, AT, JOB), source="git",
        )  # fmt: skip
        git.mark_default_branch(connection, 1, ["main"], at=AT)

        found = completeness.held_counts(connection, 1)

    assert {thing: count for thing, count in found.items() if count} == {
        "issues": 1, "pull_requests": 1, "commits": 1,
    }  # fmt: skip
    assert found["labels"] == 0


def test_records_say_how_many_others_there_should_be(warehouse: Engine) -> None:
    issues = [payload_row(1, comments=3), payload_row(2, comments=4)]
    inside = {
        "reviews": {"totalCount": 2}, "commits": {"totalCount": 300}, "files": {"totalCount": 7}
    }  # fmt: skip
    pulls = [payload_row(11, **inside), payload_row(12)]
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", issues, origin=ORIGIN)
        raw.upsert(connection, "pull_requests", pulls, origin=ORIGIN)
        raw.mark_deleted(connection, "issues", 1, [2], at=AT, reason="gone")

        found = completeness.implied_counts(connection, 1)

    assert found == {
        "issue_comments": 3, "reviews": 2, "pull_request_commits": 250, "pull_request_files": 7,
        "discussion_comments": 0,
    }  # fmt: skip


def test_an_issue_in_quarantine_still_says_how_many_comments_it_has(warehouse: Engine) -> None:
    def refused(identifier: int | None, raw: bytes) -> Quarantined:
        return Quarantined(Kind.RECORD, identifier, raw, "")

    entries = [
        refused(1, b'{"id":1,"comments":50,"n":1e400}'),
        refused(2, b'{"id":2,"comments":3,"n":1e400}'),
        refused(2, b'{"id":2,"comments":4,"n":1e401}'),
        refused(None, rb'{"body":"\"comments\":9","comments": 5}'),
        refused(3, b"{"),
    ]
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", [payload_row(1, comments=3)], origin=ORIGIN)
        quarantine.keep(
            connection, "issues", entries, repository_id=1, source="rest", at=AT, job_id=JOB
        )

        assert completeness.implied_counts(connection, 1)["issue_comments"] == 3 + 4 + 5


def test_the_newest_judgement_of_each_thing_stays(warehouse: Engine) -> None:
    first = {name: judge(name, 5, 3) for name in ("issues", "labels")}
    second = {"issues": judge("issues", 5, 5)}
    with warehouse.begin() as connection:
        completeness.record(connection, 1, first, at=AT, job_id=JOB)
        completeness.record(connection, 1, second, at=AT, job_id=UUID(int=2))

        found = ledger.completeness(connection, 1)

    assert [(one["thing"], one["state"], one["job_id"].int) for one in found] == [
        ("issues", "complete", 2), ("labels", "partial", 1),
    ]  # fmt: skip


def test_where_github_does_not_agree_with_itself_its_list_counts() -> None:
    assert judge("issue_comments", 1000, 997, listed=997) == Entry(
        "issue_comments", 1000, 997, "complete", "GitHub's list has 997, and +3 by its own counts"
    )
    assert judge("issue_comments", 12, 9, listed=9).state == "partial"
    assert judge("issue_comments", 12, 9, listed=11).state == "partial"


def test_what_is_not_offered_is_not_missing() -> None:
    entry = judge("stars_history", 440, 0, is_offered=False)

    assert (entry.held_count, entry.state) == (None, "uncounted")


def test_what_is_doubted_is_partial_however_it_adds_up() -> None:
    assert judge("issues", 5, 5, doubt="60 of 100 were not found").state == "partial"


def test_the_last_account_can_be_read_again(warehouse: Engine) -> None:
    accounted = {
        one.thing: one
        for one in (judge("issues", 5, 3), judge("labels", 1, 1), judge("forks", 1, 0))
    }
    with warehouse.begin() as connection:
        assert completeness.entries(connection, 1) == {}
        completeness.record(connection, 1, accounted, at=AT, job_id=JOB)

        assert completeness.entries(connection, 1) == accounted
        assert completeness.entries(connection, 2) == {}
    assert {one.thing for one in accounted.values() if one.is_gap} == {"issues", "forks"}
