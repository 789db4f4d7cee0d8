"""Figures beside GitHub's own totals: what differs and is not explained fails."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.marts import make
from tests.support.rows import AT, payload_row
from warehouse import completeness, cursors, raw, reconciliation
from warehouse.completeness import Entry
from warehouse.engine import Engine, driver
from warehouse.quality import Check
from warehouse.raw import Origin

COUNTED = {
    "issues": 8, "pull_requests": 4, "issue_comments": 9, "reviews": 3, "review_comments": 2,
    "labels": 5, "milestones": 1, "releases": 2, "commits": 40, "tags": 2, "branches": 3,
}  # fmt: skip
FIGURES = {
    **{f"{thing}_count": count for thing, count in COUNTED.items() if thing != "commits"},
    "commits_incl_merges_count": 40, "issues_open_count": 3, "pull_requests_open_count": 2,
    "issues_closed_count": 5, "pull_requests_closed_unmerged_count": 1,
    "pull_requests_merged_count": 1, "stargazers_count": 1000, "forks_count": 10,
    "subscribers_count": 4,
}  # fmt: skip
BY_STATE = {
    "issues_open": 3, "issues_closed": 5, "pull_requests_open": 2, "pull_requests_closed": 1,
    "pull_requests_merged": 1,
}  # fmt: skip
OBJECT = {
    "open_issues_count": 5, "stargazers_count": 1009, "forks_count": 12, "subscribers_count": 4,
}  # fmt: skip


def reconcile(
    warehouse: Engine, *, figures: dict[str, int | None] | None = None,
    entries: tuple[Entry, ...] = (), shown: dict[str, Any] | None = None,
    by_state: dict[str, int] = BY_STATE,
) -> dict[str, Check]:  # fmt: skip
    """What the checks say where these differ from a repository in which all fits."""
    made = {**FIGURES, **(figures or {})}
    held = {thing: Entry(thing, n, n, "complete", None) for thing, n in COUNTED.items()}
    held |= {one.thing: one for one in entries}
    columns = ", ".join(f"{name} bigint" for name in made)
    origin = Origin(1, "rest", "1", AT, UUID(int=1))
    with warehouse.begin() as connection:
        make(
            connection, "candidate.repository_summary",
            f"repository_id bigint primary key, {columns}", (1, *made.values()),
        )  # fmt: skip
        completeness.record(connection, 1, held, at=AT, job_id=UUID(int=1))
        raw.upsert(connection, "repositories", [payload_row(1, **(shown or OBJECT))], origin=origin)
        totals = cursors.take(connection, 1, "totals", at=AT)
        cursors.move(connection, totals, {"by_state": by_state}, at=AT)()
        found = reconciliation.run(connection, 1, as_of=AT)
    return {one.check_name.removeprefix("reconciliation:"): one for one in found}


def failed(found: dict[str, Check]) -> dict[str, str]:
    return {name: one.severity for name, one in found.items() if one.status == "failed"}


def test_what_fits_passes_within_what_moves_meanwhile(warehouse: Engine) -> None:
    found = reconcile(warehouse)

    assert failed(found) == {}
    assert found.keys() == {*COUNTED, *BY_STATE, "stargazers", "forks", "watchers", "open_items"}


@pytest.mark.parametrize("thing", COUNTED)
def test_one_too_few_of_a_thing_blocks(warehouse: Engine, thing: str) -> None:
    figure = "commits_incl_merges_count" if thing == "commits" else f"{thing}_count"

    found = reconcile(warehouse, figures={figure: COUNTED[thing] - 1})

    assert failed(found) == {thing: "block"}
    assert (found[thing].observed, found[thing].expected, found[thing].failures) == (
        str(COUNTED[thing] - 1), str(COUNTED[thing]), 1,
    )  # fmt: skip


def test_what_a_webhook_took_away_meanwhile_is_no_difference(warehouse: Engine) -> None:
    origin = Origin(1, "rest", "1", AT, UUID(int=1))
    with warehouse.begin() as connection:
        raw.upsert(connection, "labels", [payload_row(1, name="bug")], origin=origin)
        raw.mark_deleted(
            connection, "labels", 1, [1], at=AT + timedelta(minutes=1), reason="webhook"
        )

    assert failed(reconcile(warehouse, figures={"labels_count": COUNTED["labels"] - 1})) == {}
    assert failed(reconcile(warehouse, figures={"labels_count": COUNTED["labels"] - 2})) == {
        "labels": "block"
    }


def test_what_is_said_of_an_issue_in_quarantine_is_no_difference(warehouse: Engine) -> None:
    origin = Origin(1, "rest", "1", AT, UUID(int=1))
    remark = payload_row(1, issue_url="https://github.example/repos/o/n/issues/7")
    with warehouse.begin() as connection:
        raw.upsert(connection, "issue_comments", [remark], origin=origin)

    count = COUNTED["issue_comments"]
    assert failed(reconcile(warehouse, figures={"issue_comments_count": count - 1})) == {}
    assert failed(reconcile(warehouse, figures={"issue_comments_count": count - 2})) == {
        "issue_comments": "block"
    }


def test_what_is_not_whole_is_told_by_the_ledger_alone(warehouse: Engine) -> None:
    partial = Entry("issues", 9, 8, "partial", "one is in quarantine")

    found = reconcile(warehouse, figures={"issues_count": 7}, entries=(partial,))

    assert not found.keys() & {"issues", "issues_open", "issues_closed", "open_items"}


@pytest.mark.parametrize("name", BY_STATE)
def test_one_too_many_of_a_state_warns(warehouse: Engine, name: str) -> None:
    found = reconcile(warehouse, by_state={**BY_STATE, name: BY_STATE[name] - 1})

    assert failed(found) == {name: "warn"}
    assert (found[name].observed, found[name].expected) == (
        str(BY_STATE[name]), str(BY_STATE[name] - 1),
    )  # fmt: skip


def test_a_state_that_github_does_not_count_is_not_compared(warehouse: Engine) -> None:
    assert not reconcile(warehouse, by_state={}).keys() & BY_STATE.keys()


def test_a_figure_that_nobody_knows_is_not_compared(warehouse: Engine) -> None:
    found = reconcile(warehouse, figures={"releases_count": None, "issues_open_count": None})

    assert failed(found) == {}
    assert not found.keys() & {"releases", "open_items"}


@pytest.mark.parametrize(
    ("figure", "count", "name"),
    [
        ("stargazers_count", 990, "stargazers"), ("forks_count", 6, "forks"),
        ("subscribers_count", 10, "watchers"),
    ],
)  # fmt: skip
def test_what_the_repository_object_says_otherwise_warns(
    warehouse: Engine, figure: str, count: int, name: str
) -> None:
    assert failed(reconcile(warehouse, figures={figure: count})) == {name: "warn"}


def test_open_items_that_the_repository_object_counts_otherwise_warn(warehouse: Engine) -> None:
    found = reconcile(warehouse, shown={**OBJECT, "open_issues_count": 6})

    assert failed(found) == {"open_items": "warn"}


def test_items_that_changed_meanwhile_explain_a_difference(warehouse: Engine) -> None:
    origin = Origin(1, "rest", "1", AT, UUID(int=1))
    changed = payload_row(1, at=AT - timedelta(minutes=1), number=1)
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", [changed], origin=origin)

    found = reconcile(
        warehouse, figures={"issues_open_count": 2}, by_state={**BY_STATE, "issues_open": 1}
    )

    assert failed(found) == {}
    assert found["open_items"].expected == "5, give or take 1"


def test_before_there_are_figures_there_is_nothing_to_compare(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        driver(connection).execute("drop table if exists candidate.repository_summary")

        assert reconciliation.run(connection, 1, as_of=AT) == []
