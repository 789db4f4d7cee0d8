"""Discovers the repositories of the organisations that are followed, and goes on doing so."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import msgspec

from flows.changes import queue_changed
from gitinsight import clock, logs, targets
from gitinsight.errors import (
    GitInsightError,
    IdentityChanged,
    NotVisible,
    UnexpectedPayload,
    first_line,
)
from gitinsight.github import access
from gitinsight.github.client import Answer, GitHubClient
from gitinsight.settings import Settings
from warehouse import accounting, jobs, organisations, repositories, tombstones
from warehouse.engine import UNREACHABLE, Connection, Engine
from warehouse.governor import SharedGovernor
from warehouse.organisations import Organisation
from warehouse.repositories import Repository

_LOG = logs.get(__name__)
_POLL_SECONDS = 5.0
_AGAIN_AFTER = timedelta(minutes=1)
_MOST = 100_000
_PER_PAGE = 100


class _Owner(msgspec.Struct, frozen=True):
    id: int


class _Listed(targets.Found, frozen=True, kw_only=True):
    """One repository as a listing shows it."""

    owner: _Owner
    fork: bool = False
    archived: bool = False


@dataclass(slots=True)
class Discovery:
    """``listed`` repositories were looked at, ``added`` are new and queued; ``conflicts`` stand
    under a name that was another repository's.
    """

    listed: int = 0
    added: list[Repository] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def discover_all(settings: Settings, engine: Engine) -> int:
    """Every organisation, one after the other; how many jobs were queued. One that cannot be read
    now delays no other.
    """
    with engine.begin() as connection:
        followed = organisations.several(connection, limit=_MOST)
    return sum(_try(settings, engine, one) for one in followed)


def discover_added(settings: Settings, engine: Engine) -> None:
    """For ever: discover each organisation soon after it was added, wherever that was done."""
    while True:
        try:
            discover_new(settings, engine)
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("discovery_failed", reason=first_line(error))
        time.sleep(_POLL_SECONDS)


def discover_new(settings: Settings, engine: Engine) -> int:
    """Those that were never read whole; how many jobs were queued."""
    with engine.begin() as connection:
        waiting = organisations.undiscovered(connection, asked_before=clock.now() - _AGAIN_AFTER)
    return sum(_try(settings, engine, one) for one in waiting)


def discover(settings: Settings, engine: Engine, organisation: Organisation) -> Discovery:
    """Read the listing page by page, each by its ETag, and follow what is new. What has vanished
    from it is followed on: its own job finds out what became of it.
    """
    with engine.begin() as connection:
        organisations.record_attempt(connection, organisation.organisation_id, at=clock.now())
    client = access.connect(settings, organisation.host, governor=partial(SharedGovernor, engine))
    try:
        found = _read(settings, engine, client, organisation)
    except NotVisible as error:
        with engine.begin() as connection:
            organisations.record_loss(connection, organisation.organisation_id, reason=str(error))
        raise
    finally:
        with engine.begin() as connection:
            accounting.record_requests(connection, client.drain())
        client.close()
    queue_changed(settings, engine, found.added)
    _LOG.info(
        "organisation_discovered", organisation=organisation.login, listed=found.listed,
        added=len(found.added),
    )  # fmt: skip
    return found


def _try(settings: Settings, engine: Engine, organisation: Organisation) -> int:
    try:
        return len(discover(settings, engine, organisation).added)
    except GitInsightError as error:
        _LOG.warning(
            "organisation_not_discovered", organisation=organisation.login, reason=str(error)
        )
        return 0


def _read(
    settings: Settings, engine: Engine, client: GitHubClient, organisation: Organisation
) -> Discovery:
    """Oldest first, so that a new repository changes the last page alone."""
    is_own = organisation.principal == client.principal
    etags = {page["url"]: page for page in organisation.pages} if is_own else {}
    found, pages = Discovery(), []
    url: str | None = _first(organisation)
    date = clock.now()
    while url is not None:
        known = etags.get(url, {})
        answer = client.get(url, etag=known.get("etag"))
        if answer.is_unmodified:
            page = known
        else:
            listed = _listed(answer)
            before = len(found.conflicts)
            with engine.begin() as connection:
                _follow(settings, connection, organisation, listed, found)
            is_settled = len(found.conflicts) == before
            page = _page(url, answer, len(listed), is_settled=is_settled)
        pages.append(page)
        url, date = page.get("next"), answer.date
    with engine.begin() as connection:
        organisations.record_listing(
            connection, organisation.organisation_id, pages, principal=client.principal,
            discovered_at=date,
        )  # fmt: skip
    return found


def _first(organisation: Organisation) -> str:
    whose = "orgs" if organisation.kind == "Organization" else "users"
    which = "all" if organisation.kind == "Organization" else "owner"
    order = f"sort=created&direction=asc&per_page={_PER_PAGE}"
    return f"{whose}/{organisation.login}/repos?type={which}&{order}"


def _page(url: str, answer: Answer, count: int, *, is_settled: bool) -> dict[str, str]:
    """A last page that is full is asked for anew each time: one more would not change it. So is one
    that has a repository under another one's name, which is followed once the name is free.
    """
    is_lasting = is_settled and (answer.next_url is not None or count < _PER_PAGE)
    page = {"url": url, "etag": answer.etag if is_lasting else None, "next": answer.next_url}
    return {key: value for key, value in page.items() if value is not None}


def _listed(answer: Answer) -> list[_Listed]:
    try:
        return msgspec.json.decode(answer.body, type=list[_Listed])
    except msgspec.DecodeError as error:
        raise UnexpectedPayload("the listing of an organisation", str(error)) from error


def _follow(
    settings: Settings, connection: Connection, organisation: Organisation,
    listed: Sequence[_Listed], found: Discovery,
) -> None:  # fmt: skip
    """One page, one transaction; of nobody else who has taken the login over. A known id under a
    new name is a rename; a known name with a new id is another repository, and the job of the one
    that is followed says so. What somebody has removed stays away.
    """
    for one in listed:
        if one.owner.id != organisation.github_id:
            raise IdentityChanged(organisation.login, organisation.github_id, one.owner.id)
        found.listed += 1
        if (one.fork and not organisation.include_forks) or (
            one.archived and not organisation.include_archived
        ):
            continue
        target = targets.on_host(organisation.host, one.full_name, settings)
        try:
            with connection.begin_nested() as adding:
                repository, is_new = repositories.add(
                    connection, host=target.host, full_name=one.full_name,
                    clone_url=target.clone_url, github_id=one.id, is_private=one.private,
                    at=clock.now(),
                )  # fmt: skip
                # Asked afterwards: one that is removed at this moment is new only once it is gone.
                is_unwanted = is_new and tombstones.keeps_away(
                    connection, host=target.host, github_id=one.id, full_name=one.full_name
                )
                if is_unwanted:
                    adding.rollback()
        except IdentityChanged as error:
            found.conflicts.append(one.full_name)
            _LOG.warning("name_of_another_repository", reason=str(error))
            holder = repositories.on_host(connection, organisation.host, one.full_name)
            if holder is not None:
                jobs.enqueue(connection, holder.repository_id, at=clock.now(), reason="renamed")
            continue
        if is_unwanted:
            continue
        organisations.link(
            connection, organisation.organisation_id, repository.repository_id,
            records_estimate=one.records_estimate,
        )  # fmt: skip
        if is_new:
            jobs.enqueue(connection, repository.repository_id, at=clock.now(), reason="new")
            found.added.append(repository)
