"""What a delivery of GitHub's webhook does: what is gone is marked as gone, what became private is
hidden, a new name is taken over, and everything else is only marked, so that an analysis reads it
from the API.

Deliveries come in any order, and some come twice. None of them brings a record, so none can bring
back an old one: what a mark is about is read as it is by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gitinsight.github import deliveries
from gitinsight.github.deliveries import decode
from warehouse import dirty, raw, repositories, webhooks
from warehouse.engine import Connection
from warehouse.repositories import Repository
from warehouse.webhooks import Delivery

WAITING = "waiting"
"""No outcome yet: something else has to come first."""
OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class _Event:
    """One delivery about a repository that is followed, inside its transaction."""

    connection: Connection
    delivery: Delivery
    repository: Repository
    host: str
    at: datetime

    @property
    def body(self) -> bytes:
        return self.delivery.body

    @property
    def is_deletion(self) -> bool:
        return self.delivery.action == "deleted"

    def mark(self, *keys: tuple[str, str], repository_id: int | None = None) -> str:
        told = " ".join(filter(None, (self.delivery.event, self.delivery.action)))
        dirty.mark(
            self.connection, repository_id or self.repository.repository_id, keys,
            reason=f"{told} (webhook)", at=self.at,
        )  # fmt: skip
        return "marked"

    def delete(self, thing: str, identifier: int, *keys: tuple[str, str]) -> str:
        """A page that was read before may still bring it back; the mark has it read again."""
        raw.mark_deleted(
            self.connection, thing, self.repository.repository_id, [identifier],
            at=self.delivery.received_at, reason=raw.DELETED,
        )  # fmt: skip
        self.mark(*keys)
        return "applied"

    def lose(self, number: int, *, reason: str) -> str:
        raw.mark_number_gone(
            self.connection, self.repository.repository_id, number,
            at=self.delivery.received_at, reason=reason,
        )  # fmt: skip
        self.mark(("issues", str(number)))
        return "applied"


def apply(connection: Connection, delivery: Delivery, *, host: str, at: datetime) -> str:
    """Do what a delivery says about a repository that is followed on ``host``; its outcome, or
    WAITING. UnexpectedPayload where it says nothing that is understood.
    """
    about = decode(delivery.body, deliveries.About)
    if about.repository is None:
        return "ignored"
    repository = repositories.by_github_id(connection, host, about.repository.id)
    if repository is None:
        return "not followed"
    effect = _EFFECTS.get(delivery.event)
    if effect is None:
        return "ignored"
    return effect(_Event(connection, delivery, repository, host, at))


def _issues(event: _Event) -> str:
    told = decode(event.body, deliveries.OfIssue)
    if event.delivery.action == "transferred":
        _mark_arrival(event, told.changes or deliveries.Transfer())
        return event.lose(told.issue.number, reason=raw.TRANSFERRED)
    if event.is_deletion:
        return event.lose(told.issue.number, reason=raw.DELETED)
    return event.mark(("issues", str(told.issue.number)))


def _mark_arrival(event: _Event, to: deliveries.Transfer) -> None:
    if to.new_issue is None or to.new_repository is None:
        return
    target = repositories.by_github_id(event.connection, event.host, to.new_repository.id)
    if target is not None:
        event.mark(("issues", str(to.new_issue.number)), repository_id=target.repository_id)


def _issue_comments(event: _Event) -> str:
    told = decode(event.body, deliveries.OfIssueComment)
    comment = ("issue_comments", str(told.comment.id))
    if event.is_deletion:  # the issue counts its comments, and is not dated anew by a loss
        issue = ("issues", str(told.issue.number))
        return event.delete("issue_comments", told.comment.id, comment, issue)
    return event.mark(comment)


def _pull_requests(event: _Event) -> str:
    told = decode(event.body, deliveries.OfPullRequest)
    return event.mark(("pull_requests", str(told.pull_request.number)))


def _review_comments(event: _Event) -> str:
    told = decode(event.body, deliveries.OfReviewComment)
    comment = ("review_comments", str(told.comment.id))
    if event.is_deletion:
        pull_request = ("pull_requests", str(told.pull_request.number))
        return event.delete("review_comments", told.comment.id, comment, pull_request)
    return event.mark(comment)


def _labels(event: _Event) -> str:
    return _listed(event, "labels", decode(event.body, deliveries.OfLabel).label.id)


def _milestones(event: _Event) -> str:
    return _listed(event, "milestones", decode(event.body, deliveries.OfMilestone).milestone.id)


def _releases(event: _Event) -> str:
    return _listed(event, "releases", decode(event.body, deliveries.OfRelease).release.id)


def _listed(event: _Event, thing: str, identifier: int) -> str:
    if event.is_deletion:
        return event.delete(thing, identifier, (thing, dirty.ALL))
    return event.mark((thing, dirty.ALL))


def _refs(event: _Event) -> str:
    is_tag = decode(event.body, deliveries.OfRef).ref_type == "tag"
    return event.mark(("tags" if is_tag else "branches", dirty.ALL))


def _commits(event: _Event) -> str:
    return event.mark(("commits", dirty.ALL))


def _workflow_runs(event: _Event) -> str:
    return event.mark(("workflow_runs", dirty.ALL))


def _repositories(event: _Event) -> str:
    told = decode(event.body, deliveries.OfRepository)
    known = event.repository
    if event.is_deletion:
        # No mark: there is nothing to read, and a restored one says so by an event of its own.
        raw.mark_deleted(
            event.connection, "repositories", known.repository_id, [told.repository.id],
            at=event.delivery.received_at, reason=raw.DELETED,
        )  # fmt: skip
        repositories.record_loss(event.connection, known.repository_id, reason=raw.DELETED)
        return "applied"
    event.mark(("repositories", dirty.ALL))
    if event.delivery.action == "privatized":
        # At once: an analysis may come late, or not be let see it at all.
        repositories.hide(event.connection, known.repository_id)
        return "applied"
    if event.delivery.action not in {"renamed", "transferred"} or told.former_name is None:
        return "marked"
    return _rename(event, told.former_name, told.repository.full_name)


def _rename(event: _Event, former_name: str, full_name: str) -> str:
    """Deliveries of two renames may come in the wrong order: each starts where the other ended. One
    that starts at a name not heard of yet waits for the one that leads there.
    """
    known = event.repository
    if known.full_name.lower() != former_name.lower():
        has_passed = repositories.was_called(event.connection, known.repository_id, former_name)
        return OVERTAKEN if has_passed else WAITING
    repositories.rename(event.connection, known.repository_id, full_name, at=event.at)
    if event.delivery.github_id is not None:
        webhooks.hasten(event.connection, event.delivery.github_id)
    return "applied"


_EFFECTS: Mapping[str, Callable[[_Event], str]] = {
    "create": _refs,
    "delete": _refs,
    "issue_comment": _issue_comments,
    "issues": _issues,
    "label": _labels,
    "milestone": _milestones,
    "public": _repositories,
    "pull_request": _pull_requests,
    "pull_request_review": _pull_requests,
    "pull_request_review_comment": _review_comments,
    "pull_request_review_thread": _pull_requests,
    "push": _commits,
    "release": _releases,
    "repository": _repositories,
    "workflow_job": _workflow_runs,
    "workflow_run": _workflow_runs,
}
"""What concerns a thing that is read; any other event is kept and has no effect."""
