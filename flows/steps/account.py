"""What GitHub and git say exists beside what is held: the completeness ledger of one job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.steps import lists
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible
from gitinsight.github.client import GitHubClient
from gitinsight.things.catalogue import children
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.pull_requests import PULL_REQUESTS
from gitinsight.things.review_comments import REVIEW_COMMENTS
from warehouse import completeness, cursors, quarantine
from warehouse.completeness import Entry, judge
from warehouse.quarantine import Gap
from warehouse.raw import Written

_ONLY_COUNTED = "watchers"
_FROM_GIT = ("commits", "tags", "branches")
_BY_STATE: Mapping[str, str] = {
    "issues_open": "issuesOpen",
    "issues_closed": "issuesClosed",
    "pull_requests_open": "pullRequestsOpen",
    "pull_requests_closed": "pullRequestsClosed",
    "pull_requests_merged": "pullRequestsMerged",
}
"""What is asked by state too -> its alias in the query of totals."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """What GitHub and git say that there is; None where they do not tell."""

    counts: Mapping[str, int | None]
    by_state: Mapping[str, int]
    """No entries of the ledger, which knows no states: the gate compares figures with them."""


@dataclass(frozen=True, slots=True)
class Account:
    entries: Mapping[str, Entry]
    is_new: bool = True
    """Whether it says something else than the one before it."""

    @property
    def gaps(self) -> list[Entry]:
        """What is not whole, in the order in which it was counted."""
        return [one for one in self.entries.values() if one.is_gap]


def upstream(run: Run) -> Upstream:
    with run.warehouse.begin() as connection:
        states = cursors.states(connection, run.repository.repository_id)
    counts = {thing: states.get("commits", {}).get(thing) for thing in _FROM_GIT}
    found: dict[str, int] = {}
    if run.repository.has_api:
        found = totals(run.client, run.repository.full_name)
        counts |= {thing.name: found.get(thing.total) for thing in completeness.COUNTED}
        counts[_ONLY_COUNTED] = found.get(_ONLY_COUNTED)
        counts["review_comments"] = lists.count(run, REVIEW_COMMENTS)
        counts["workflow_runs"] = states.get("workflow_runs", {}).get("total")
    by_state = {name: found[alias] for name, alias in _BY_STATE.items() if alias in found}
    return Upstream(counts, by_state)


def totals(client: GitHubClient, full_name: str) -> dict[str, int]:
    """Connection -> how many GitHub says it has, but for those that it does not show to this token;
    without one, none. NotVisible where the repository is not shown.
    """
    if not client.has_token:
        return {}
    owner, name = full_name.split("/")
    answer = client.query_in_part("totals", {"owner": owner, "name": name})
    shown: dict[str, Any] | None = answer.data["repository"]
    if shown is None:
        raise NotVisible(full_name, 404, "it is not shown by GraphQL")
    return {
        key: found["totalCount"]
        for key, found in shown.items()
        if isinstance(found, dict) and "totalCount" in found
    }


def account(run: Run, results: Mapping[str, StepResult], told: Upstream) -> Account:
    """One entry per thing. A thing that was not read in this job keeps the judgement it had."""
    cursor = run.take("totals")
    with run.warehouse.begin() as connection:
        held: Mapping[str, int | None] = completeness.held_counts(
            connection, run.repository.repository_id
        )
        implied = completeness.implied_counts(connection, run.repository.repository_id)
        states = cursors.states(connection, run.repository.repository_id)
        gaps = quarantine.gaps(connection, run.repository.repository_id)
        before = completeness.entries(connection, run.repository.repository_id)
    counts = dict(told.counts)
    if run.repository.has_api:
        counts |= implied
    doubts = {thing: why for one in results.values() for thing, why in one.doubts.items()}
    why = _unavailable(run, results, states.get("commits", {}))
    counts |= dict.fromkeys(
        thing.name for thing in children(PULL_REQUESTS) if thing.name in counts.keys() & why.keys()
    )
    if ISSUES.name in why and not held.get(ISSUES.name):
        counts[ISSUE_COMMENTS.name] = None  # nothing is held that would tell
    entries = {
        thing: judge(
            thing, count, held.get(thing), unavailable=why.get(thing),
            repeated=states.get(thing, {}).get("repeated", 0), gap=gaps.get(thing, Gap()),
            is_offered=thing not in results or results[thing].is_offered,
            doubt=doubts.get(thing), listed=states.get(thing, {}).get("listed"),
        )
        for thing, count in counts.items()
    }  # fmt: skip

    def write(connection: Any) -> Written:
        completeness.record(
            connection, run.repository.repository_id, entries, at=run.as_of, job_id=run.job.job_id
        )
        return Written()

    run.commit(cursor, {"by_state": dict(told.by_state)}, write)
    return Account(entries, is_new=entries != before)


def _unavailable(
    run: Run, results: Mapping[str, StepResult], commits: Mapping[str, Any]
) -> dict[str, str]:
    why = {name: one.unavailable for name, one in results.items() if one.unavailable}
    if commits.get("is_shallow"):
        why["commits"] = "the remote is a shallow clone: older commits are missing"
    elif "commits" in why:
        why |= dict.fromkeys(("tags", "branches"), why["commits"])
    reason = why.get(PULL_REQUESTS.name)
    if run.repository.has_api and not run.client.has_token:
        reason = "they are read by GraphQL, which needs a token"
    if reason is not None:
        why |= dict.fromkeys((thing.name for thing in children(PULL_REQUESTS)), reason)
    return why
