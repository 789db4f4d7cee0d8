"""The repository itself: is it still there, is it still the same one, what does it say."""

import re

import msgspec

from flows.steps.run import Run, StepResult
from gitinsight.errors import IdentityChanged, NotVisible
from gitinsight.github.payloads import row
from warehouse import raw, repositories
from warehouse.engine import Connection
from warehouse.raw import Written

_STATES = {403: "disabled", 451: "blocked"}
_TOO_WEAK = re.compile(r"not accessible|SAML|organization has", re.IGNORECASE)
"""A 403 that is about the token: a permission it lacks, or a sign-on that its owner has to make."""


class _CustomProperties(msgspec.Struct, frozen=True):
    gitinsight_synthetic: str | None = None


class _Repository(msgspec.Struct, frozen=True):
    id: int
    full_name: str
    default_branch: str | None = None
    private: bool = False
    clone_url: str | None = None
    custom_properties: _CustomProperties | None = None


def discover(run: Run) -> StepResult:
    """Ask for the repository object. A rename is followed; a name that now belongs to another
    repository stops the job before anything is written.
    """
    cursor = run.take("repositories")
    is_own = cursor.state.get("principal") == run.client.principal
    etag = cursor.state.get("etag") if is_own else None
    try:
        answer = run.client.get(run.path(""), etag=etag)
    except NotVisible as error:
        _record_loss(run, error)
        raise
    known = run.repository
    if answer.is_unmodified:
        with run.warehouse.begin() as connection:
            run.repository = repositories.record_check(
                connection, known.repository_id, checked_at=answer.date,
                default_branch=known.default_branch, full_name=known.full_name,
                is_private=known.is_private, is_synthetic=known.is_synthetic,
                state="active", state_reason=None,
            )  # fmt: skip
        run.commit(cursor, cursor.state)
        return StepResult("repositories")
    found = msgspec.json.decode(answer.body, type=_Repository)
    if known.github_id is not None and known.github_id != found.id:
        raise IdentityChanged(known.full_name, known.github_id, found.id)
    labelled = found.custom_properties and found.custom_properties.gitinsight_synthetic

    def write(connection: Connection) -> Written:
        run.repository = repositories.record_check(
            connection, known.repository_id, checked_at=answer.date,
            default_branch=found.default_branch, full_name=found.full_name,
            is_private=found.private, is_synthetic=labelled == "true",
            state="active", state_reason=None,
        )  # fmt: skip
        repositories.record_github_id(connection, known.repository_id, found.id)
        return raw.upsert(
            connection, "repositories", [row(found.id, answer.body, None)], origin=run.origin
        )

    state = {"etag": answer.etag, "principal": answer.principal}
    _, written = run.commit(cursor, state, write)
    return StepResult("repositories", written.touched, 1)


def discover_local(run: Run) -> StepResult:
    """A git remote without an API: it is what it is, as of now."""
    known = run.repository
    refs = run.mirror.remote_refs()
    with run.warehouse.begin() as connection:
        run.repository = repositories.record_check(
            connection, known.repository_id, checked_at=run.clock(),
            default_branch=refs.default_branch, full_name=known.full_name,
            is_private=known.is_private, is_synthetic=known.is_synthetic,
            state="active", state_reason=None,
        )  # fmt: skip
    return StepResult("repositories")


def _record_loss(run: Run, error: NotVisible) -> None:
    known, state = run.repository, _STATES.get(error.status, "unreadable")
    if _TOO_WEAK.search(error.reason):
        state = "unreadable"
    with run.warehouse.begin() as connection:
        repositories.record_check(
            connection, known.repository_id, checked_at=run.clock(),
            default_branch=known.default_branch, full_name=known.full_name,
            is_private=known.is_private, is_synthetic=known.is_synthetic,
            state=state, state_reason=str(error),
        )  # fmt: skip
