"""What GitHub and git say exists beside what is held: the completeness ledger of one job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.steps.run import Run, StepResult
from warehouse import completeness, cursors
from warehouse.completeness import Entry, judge
from warehouse.raw import Written

_TOTALS = {
    "issues": "issues", "pull_requests": "pullRequests", "labels": "labels",
    "milestones": "milestones", "releases": "releases",
}  # fmt: skip
_ONLY_COUNTED = {
    "deployments": "deployments", "discussions": "discussions", "stargazers": "stargazers",
    "watchers": "watchers", "forks": "forks",
}  # fmt: skip
_BY_RECORD = ("issue_comments", "reviews", "review_comments")
_FROM_GIT = ("commits", "tags", "branches")
_WITHOUT_TOTAL = ("issue_events", "users")


@dataclass(frozen=True, slots=True)
class Account:
    entries: Mapping[str, Entry]

    @property
    def gaps(self) -> list[Entry]:
        """What is not whole, in the order in which it was counted."""
        return [one for one in self.entries.values() if one.state in {"partial", "unavailable"}]


def account(run: Run, results: Mapping[str, StepResult]) -> Account:
    """One entry per thing. A thing that was not read in this job keeps the judgement it had."""
    cursor = run.take("totals")
    totals = _totals(run)
    with run.warehouse.begin() as connection:
        held: Mapping[str, int | None] = completeness.held_counts(
            connection, run.repository.repository_id
        )
        implied = completeness.implied_counts(connection, run.repository.repository_id)
        states = cursors.states(connection, run.repository.repository_id)
    upstream: dict[str, int | None] = {
        thing: _count(totals, key) for thing, key in (_TOTALS | _ONLY_COUNTED).items()
    }
    is_read = run.repository.host != "git"
    upstream |= {thing: implied.get(thing) for thing in _BY_RECORD}
    upstream |= {thing: states.get("commits", {}).get(thing) for thing in _FROM_GIT}
    upstream["workflow_runs"] = states.get("workflow_runs", {}).get("total")
    upstream |= dict.fromkeys(_WITHOUT_TOTAL)
    if not run.client.has_token:
        upstream["reviews"] = upstream["review_comments"] = None
    why = _unavailable(run, results)
    kept = _FROM_GIT if not is_read else tuple(upstream)
    if (held["review_comments"] or 0) > (upstream["review_comments"] or 0):
        # Counted review by review: comments whose review is not shown have no total of their own.
        upstream["review_comments"] = None
    entries = {
        thing: judge(thing, upstream[thing], held.get(thing), unavailable=why.get(thing))
        for thing in kept
    }

    def write(connection: Any) -> Written:
        completeness.record(
            connection, run.repository.repository_id, entries, at=run.as_of, job_id=run.job.job_id
        )
        return Written()

    run.commit(cursor, {"totals": totals}, write)
    return Account(entries)


def _totals(run: Run) -> dict[str, Any]:
    if run.repository.host == "git" or not run.client.has_token:
        return {}
    owner, name = run.repository.full_name.split("/")
    found: dict[str, Any] = run.client.query("totals", {"owner": owner, "name": name})["repository"]
    return found


def _count(totals: Mapping[str, Any], key: str) -> int | None:
    found = totals.get(key)
    return found["totalCount"] if found else None


def _unavailable(run: Run, results: Mapping[str, StepResult]) -> dict[str, str]:
    why = {name: one.unavailable for name, one in results.items() if one.unavailable}
    if "commits" in why:
        why |= dict.fromkeys(("tags", "branches"), why["commits"])
    if run.repository.host != "git" and not run.client.has_token:
        why["reviews"] = "reviews are read by GraphQL, which needs a token"
    return why
