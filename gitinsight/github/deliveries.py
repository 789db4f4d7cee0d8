"""What GitHub's webhooks deliver, as far as it is looked at: what happened to what.

A payload is a sign that something has changed and never a record: it lacks fields that the API has.
"""

from typing import Annotated, TypeVar

import msgspec

from gitinsight.errors import UnexpectedPayload

T = TypeVar("T")
Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[\w.-]*$")]
"""PostgreSQL keeps neither greater ids nor a NUL."""
LIMIT_BYTES = 26 * 2**20
"""GitHub sends no payload of more than 25 MB."""
KEPT_HEADERS = ("content-type", "user-agent", "x-github-", "x-hub-signature-256")
"""How the names of those begin that GitHub says something in."""


class Named(msgspec.Struct, frozen=True):
    id: Id
    full_name: str

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]


class About(msgspec.Struct, frozen=True):
    """What every delivery says of itself; one of an organisation or an app has no repository."""

    action: Word | None = None
    repository: Named | None = None


class Numbered(msgspec.Struct, frozen=True):
    number: int


class Identified(msgspec.Struct, frozen=True):
    id: Id


class Transfer(msgspec.Struct, frozen=True):
    """Where an issue went."""

    new_issue: Numbered | None = None
    new_repository: Named | None = None


class OfIssue(msgspec.Struct, frozen=True):
    issue: Numbered
    changes: Transfer | None = None


class OfIssueComment(msgspec.Struct, frozen=True):
    issue: Numbered
    comment: Identified


class OfPullRequest(msgspec.Struct, frozen=True):
    """Of one, of a review or of a thread of a review."""

    pull_request: Numbered


class OfReviewComment(msgspec.Struct, frozen=True):
    pull_request: Numbered
    comment: Identified


class OfLabel(msgspec.Struct, frozen=True):
    label: Identified


class OfMilestone(msgspec.Struct, frozen=True):
    milestone: Identified


class OfRelease(msgspec.Struct, frozen=True):
    release: Identified


class OfRef(msgspec.Struct, frozen=True):
    """``ref_type`` is tag or branch."""

    ref_type: str


class Account(msgspec.Struct, frozen=True):
    login: str


class _Former(msgspec.Struct, frozen=True):
    user: Account | None = None
    organization: Account | None = None


class _FormerOwner(msgspec.Struct, frozen=True):
    former: _Former = msgspec.field(name="from")


class _FormerName(msgspec.Struct, frozen=True):
    former: str = msgspec.field(name="from")


class _RepositoryChange(msgspec.Struct, frozen=True):
    name: _FormerName | None = None


class RepositoryChanges(msgspec.Struct, frozen=True):
    repository: _RepositoryChange | None = None
    owner: _FormerOwner | None = None


class OfRepository(msgspec.Struct, frozen=True):
    repository: Named
    changes: RepositoryChanges | None = None

    @property
    def former_name(self) -> str | None:
        """OWNER/NAME before it was renamed or transferred, where the delivery says so."""
        changes = self.changes or RepositoryChanges()
        if changes.repository is not None and changes.repository.name is not None:
            return f"{self.repository.owner}/{changes.repository.name.former}"
        if changes.owner is not None:
            account = changes.owner.former.user or changes.owner.former.organization
            return f"{account.login}/{self.repository.name}" if account else None
        return None


def about(body: bytes) -> About:
    """What it says of itself; the worker tells of what it cannot read."""
    try:
        return decode(body, About)
    except UnexpectedPayload:
        return About()


def decode(body: bytes, kind: type[T]) -> T:
    """One delivery; UnexpectedPayload where it is no JSON, or lacks what it is about."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnexpectedPayload("a webhook", str(error)) from error
