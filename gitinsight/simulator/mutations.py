"""Changes that somebody makes on GitHub while it is being read."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitinsight.simulator import activity, git_repository
from gitinsight.simulator.records import LABEL, Record, Repository, iso, touch
from gitinsight.simulator.state import Simulator


@dataclass(frozen=True, slots=True)
class Change:
    """Where and when; ``number`` is of an issue, None for the one that suits the operation."""

    simulator: Simulator
    repository: Repository
    at: datetime
    number: int | None = None
    to: str | None = None

    def issue(self, state: str | None = None, *, is_pull: bool | None = None) -> Record:
        """The one that is named, else the first in that state."""
        issues = self.repository.issues
        if self.number is not None:
            found = issues[self.number]
        else:
            found = next(
                one for number, one in issues.items()
                if state in {None, one["state"]}
                and is_pull in {None, number in self.repository.pulls}
            )  # fmt: skip
        self.repository.previous[found["number"]] = copy.deepcopy(found)
        return found

    def next_id(self) -> int:
        return self.simulator.organisation.next_id()

    def person(self) -> Record:
        return next(iter(self.simulator.organisation.users.values()))


def apply(
    simulator: Simulator, operation: str, name: str, *, number: int | None = None,
    to: str | None = None,
) -> None:  # fmt: skip
    """One of ``OPERATIONS`` on the repository that bore ``name`` at first. KeyError for another."""
    at = datetime.now(UTC) - timedelta(seconds=1)
    repository = simulator.organisation.repositories[name]
    OPERATIONS[operation](Change(simulator, repository, at, number, to))


def _new_issue(change: Change) -> None:
    change.simulator.organisation.add_issue(change.repository, change.at)


def _edit_issue(change: Change) -> None:
    issue = change.issue()
    issue["title"] += " (edited)"
    touch(issue, change.at)


def _close_issue(change: Change) -> None:
    issue = change.issue("open")
    issue |= {"state": "closed", "closed_at": iso(change.at), "state_reason": "completed"}
    touch(issue, change.at)


def _reopen_issue(change: Change) -> None:
    issue = change.issue("closed", is_pull=False)
    issue |= {"state": "open", "closed_at": None, "state_reason": "reopened"}
    touch(issue, change.at)


def _delete_issue(change: Change) -> None:
    number = change.number or max(change.repository.issues)
    _take_away(change.repository, number)
    change.repository.deleted.add(number)


def _transfer_issue(change: Change) -> None:
    """To the repository ``to``: another id and number there, the comments with it."""
    source, others = change.repository, change.simulator.organisation.repositories
    target = others[change.to] if change.to else next(
        one for one in others.values() if one.issues and one is not source
    )  # fmt: skip
    issue = change.issue(is_pull=False)
    old, new, identifier = issue["number"], target.next_number, change.next_id()
    comments = _take_away(source, old)
    issue |= {"id": identifier, "node_id": f"I_{identifier}", "number": new, "labels": []}
    touch(issue, change.at)
    target.issues[new] = issue
    target.comments += [one | {"number": new} for one in comments]
    source.transferred[old] = (target, new)


def _convert_issue(change: Change) -> None:
    repository, issue = change.repository, change.issue(is_pull=False)
    talk = activity.add_discussion(repository, change.next_id, issue["user"], change.at)
    talk |= {"title": issue["title"], "created_at": issue["created_at"]}
    for one in _take_away(repository, issue["number"]):
        activity.add_discussion_comment(talk, change.next_id, one["user"], change.at)
    repository.converted[issue["number"]] = talk["number"]


def _take_away(repository: Repository, number: int) -> list[Record]:
    """Without its comments, which are given back."""
    del repository.issues[number]
    repository.pulls.pop(number, None)
    repository.previous.pop(number, None)
    gone = [one for one in repository.comments if one["number"] == number]
    for name in ("comments", "reviews", "review_comments", "events"):
        held = getattr(repository, name)
        held[:] = [one for one in held if one["number"] != number]
    return gone


def _new_comment(change: Change) -> None:
    number = change.number or max(change.repository.issues)
    change.simulator.organisation.add_comment(change.repository, number, change.at)


def _edit_comment(change: Change) -> None:
    """Its issue does not move."""
    comment = change.repository.comments[-1]
    comment["body"] += " (edited)"
    touch(comment, change.at)


def _delete_comment(change: Change) -> None:
    """Its issue does not move."""
    comment = change.repository.comments.pop()
    change.repository.issues[comment["number"]]["comments"] -= 1


def _hide_comment(change: Change) -> None:
    """As those of spammers are: its issue still counts it."""
    change.repository.comments.pop()


def _rename_label(change: Change) -> None:
    """No issue moves that bears it."""
    change.repository.labels[0]["name"] = change.to or "renamed"


def _merge_pull_request(change: Change) -> None:
    issue = change.issue("open", is_pull=True)
    at, merger = iso(change.at), change.person()
    issue |= {"state": "closed", "closed_at": at, "pull_request": {"merged_at": at}}
    change.repository.pulls[issue["number"]] |= {"merged_at": at, "merged_by": merger}
    touch(issue, change.at)


def _new_review(change: Change) -> None:
    issue, identifier = change.issue(is_pull=True), change.next_id()
    change.repository.reviews.append(
        {"id": identifier, "node_id": f"PRR_{identifier}", "number": issue["number"],
         "user": change.person(), "state": "APPROVED", "body": "", "at": iso(change.at),
         "comments": 0}
    )  # fmt: skip
    touch(issue, change.at)


def _new_star(change: Change) -> None:
    change.repository.stars.append(iso(change.at))


def _new_run(change: Change) -> None:
    activity.add_run(change.repository, change.next_id, change.person(), change.at, conclusion=None)


def _finish_run(change: Change) -> None:
    run = next(one for one in change.repository.runs if one["status"] != "completed")
    activity.finish_run(change.repository, run, change.at, change.to or "success")


def _rerun(change: Change) -> None:
    """The newest one that has ended."""
    run = next(one for one in reversed(change.repository.runs) if one["status"] == "completed")
    run |= {
        "run_attempt": run["run_attempt"] + 1, "status": "in_progress", "conclusion": None,
        "run_started_at": iso(change.at), "updated_at": iso(change.at),
    }  # fmt: skip
    activity.add_jobs(
        change.repository, change.next_id, run, change.at,
        attempt=run["run_attempt"], conclusion=None,
    )  # fmt: skip


def _new_deployment(change: Change) -> None:
    activity.add_deployment(
        change.repository, change.next_id, change.person(), change.at, change.to or "production"
    )


def _new_deployment_status(change: Change) -> None:
    activity.add_status(
        change.repository.deployments[-1], change.next_id, change.person(), change.at,
        change.to or "SUCCESS",
    )  # fmt: skip


def _new_discussion(change: Change) -> None:
    activity.add_discussion(change.repository, change.next_id, change.person(), change.at)


def _new_discussion_comment(change: Change) -> None:
    talk = change.repository.discussions[change.number or min(change.repository.discussions)]
    activity.add_discussion_comment(talk, change.next_id, change.person(), change.at)


def _new_release(change: Change) -> None:
    identifier, at = change.next_id(), iso(change.at)
    change.repository.releases.append(
        {"id": identifier, "node_id": f"RE_{identifier}", "tag_name": change.to or "v9.0.0",
         "name": "9.0.0", "draft": False, "prerelease": False, "author": change.person(),
         "created_at": at, "published_at": at, "body": LABEL, "assets": []}
    )  # fmt: skip


def _new_commit(change: Change) -> None:
    git_repository.add_commit(_git_path(change), at=change.at)


def _force_push(change: Change) -> None:
    git_repository.force_push(_git_path(change), at=change.at)


def _move_tag(change: Change) -> None:
    git_repository.move_tag(_git_path(change))


def _delete_tag(change: Change) -> None:
    git_repository.delete_tag(_git_path(change))


def _git_path(change: Change) -> Path:
    return change.simulator.paths[change.repository.name]


OPERATIONS: dict[str, Callable[[Change], None]] = {
    "new_issue": _new_issue, "edit_issue": _edit_issue, "close_issue": _close_issue,
    "reopen_issue": _reopen_issue, "delete_issue": _delete_issue,
    "transfer_issue": _transfer_issue, "convert_issue": _convert_issue,
    "new_comment": _new_comment, "edit_comment": _edit_comment, "delete_comment": _delete_comment,
    "hide_comment": _hide_comment,
    "rename_label": _rename_label, "merge_pull_request": _merge_pull_request,
    "new_review": _new_review, "new_star": _new_star, "new_run": _new_run,
    "finish_run": _finish_run, "rerun": _rerun, "new_deployment": _new_deployment,
    "new_deployment_status": _new_deployment_status, "new_discussion": _new_discussion,
    "new_discussion_comment": _new_discussion_comment, "new_release": _new_release,
    "new_commit": _new_commit, "force_push": _force_push, "move_tag": _move_tag,
    "delete_tag": _delete_tag,
}  # fmt: skip
