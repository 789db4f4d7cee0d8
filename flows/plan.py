"""What an analysis would ask GitHub for, before it does: requests, points and when it would end.

Asks for two answers at most, the repository and its totals. What cannot be known from them, or from
what is held already, is null, and the sums are what it takes at least.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from flows.steps.account import totals
from flows.steps.identities import ASK_AGAIN
from gitinsight import clock
from gitinsight.errors import NotFound
from gitinsight.github import access
from gitinsight.github.client import GitHubClient
from gitinsight.github.pace import Pace
from gitinsight.settings import Settings
from gitinsight.targets import GIT, Target
from gitinsight.things.catalogue import THINGS
from gitinsight.things.thing import Reading, Thing
from warehouse import accounting, addresses, ledger, repositories
from warehouse import governor as governing
from warehouse.engine import Connection, Engine
from warehouse.governor import SharedGovernor, Standing
from warehouse.repositories import Repository

_TOTALS = {thing.name: thing.total for thing in THINGS if thing.total}
_EMAILS_PER_QUERY = 100
_WINDOW_SECONDS = 3_600.0
_QUIET_REQUESTS = 1
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Need:
    """What one thing takes. ``records`` are those that are read; null is not known."""

    thing: str
    records: int | None
    requests: int | None
    points: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """``requests`` and ``points`` are sums of what is known, ``unknown`` names what is not.

    ``seconds`` and ``finish_at`` are null until response times have been measured.
    """

    full_name: str
    is_full: bool
    is_quiet: bool
    requests: int
    points: int
    seconds: int | None
    finish_at: datetime | None
    unknown: list[str]
    needs: list[Need] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        return {
            "repository": self.full_name, "requests": self.requests, "points": self.points,
            "seconds": self.seconds, "finish_at": self.finish_at,
        }  # fmt: skip


class _Made(msgspec.Struct, frozen=True):
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Counts:
    """Thing -> how many exist, and how many of them are not held."""

    upstream: dict[str, int | None]
    missing: Mapping[str, int | None]
    is_known: bool
    unknown_emails: int | None

    @property
    def is_quiet(self) -> bool:
        """Everything that GitHub counts is held, as far as counts can tell."""
        return self.is_known and not any(self.missing.get(thing) for thing in _TOTALS)


def plan(settings: Settings, engine: Engine, target: Target, *, is_full: bool) -> Plan:
    """NotFound for a repository without an API; NotVisible where GitHub shows none."""
    if target.host == GIT:
        raise NotFound(f"{target.full_name} on GitHub")
    client = access.connect(
        settings, target.host, subject=target.full_name, governor=partial(SharedGovernor, engine)
    )
    try:
        found = client.get(f"repos/{target.full_name}")
        age = found.date - msgspec.json.decode(found.body, type=_Made).created_at
        told = totals(client, target.full_name)
        shown = {thing: told[key] for thing, key in _TOTALS.items() if key in told}
        with engine.begin() as connection:
            known = repositories.on_host(connection, target.host, target.full_name)
            counts = _counts(connection, known, shown)
            is_quiet = counts.is_quiet and not is_full
            counts.upstream["stars_history"] = math.ceil(age / _WEEK)
            needs = _needs(counts, has_token=client.has_token, is_full=is_full or not known)
            if is_quiet:
                needs = _quiet(needs)
            seconds = _seconds(connection, settings, client, target.host, needs)
            accounting.record_requests(
                connection, client.drain(), job_id=None,
                repository_id=known.repository_id if known else None,
            )  # fmt: skip
    finally:
        client.close()
    return Plan(
        full_name=target.full_name,
        is_full=is_full or known is None,
        is_quiet=is_quiet,
        requests=sum(one.requests or 0 for one in needs),
        points=sum(one.points or 0 for one in needs),
        seconds=seconds,
        finish_at=None if seconds is None else clock.now() + timedelta(seconds=seconds),
        unknown=[one.thing for one in needs if None in {one.requests, one.points}],
        needs=needs,
    )


def _counts(connection: Connection, known: Repository | None, shown: Mapping[str, int]) -> _Counts:
    entries = ledger.completeness(connection, known.repository_id) if known else []
    held = {one["thing"]: one["held_count"] for one in entries}
    upstream: dict[str, int | None] = {
        one["thing"]: one["upstream_count"] if one["upstream_count"] is not None
        else one["held_count"]
        for one in entries
    } | dict(shown)  # fmt: skip
    emails = (
        addresses.unknown_emails(
            connection, known.repository_id, asked_before=clock.now() - ASK_AGAIN
        )
        if known and held
        else None
    )
    return _Counts(
        upstream=upstream,
        missing={
            thing: max(0, total - (held.get(thing) or 0)) for thing, total in shown.items()
        },
        is_known=bool(held) and bool(shown),
        unknown_emails=None if emails is None else len(emails),
    )  # fmt: skip


def _needs(counts: _Counts, *, has_token: bool, is_full: bool) -> list[Need]:
    listed = counts.upstream if is_full else counts.missing
    found = []
    for thing in THINGS:
        if thing.reading not in {Reading.EMBEDDED, Reading.GIT}:
            # Pull requests that have not changed are not hydrated again, even by a full run.
            wanted = counts.missing if thing.reading is Reading.HYDRATED else listed
            found.append(_need(thing, _records(thing, wanted), has_token=has_token))
    emails = counts.unknown_emails
    identities = None if emails is None else math.ceil(emails / _EMAILS_PER_QUERY)
    found.append(Need("identities", emails, 0, identities if has_token else 0))
    # The ledger counts again at the end: the totals, and review comments by the last page's number.
    found.append(Need("completeness", None, 1, int(has_token)))
    return found


def _records(thing: Thing, wanted: Mapping[str, int | None]) -> int | None:
    if thing.reading is Reading.OBJECT:
        return 1
    if thing.name == "issues":  # their list holds the pull requests too
        counts = [wanted.get("issues"), wanted.get("pull_requests")]
        return None if None in counts else sum(one or 0 for one in counts)
    return wanted.get(thing.name)


def _need(thing: Thing, records: int | None, *, has_token: bool) -> Need:
    """A list takes one request per page and one at least; one that is read by its updates is asked
    once more where it had several pages, so that the next poll is free.
    """
    is_graphql = thing.reading is Reading.CONNECTION or (
        thing.reading is Reading.HYDRATED and has_token
    )
    if records is None:
        return Need(thing.name, None, 0 if is_graphql else None, None if is_graphql else 0)
    pages = math.ceil(records / thing.page_size)
    if is_graphql:
        return Need(thing.name, records, 0, max(pages, int(thing.reading is Reading.CONNECTION)))
    if thing.reading is Reading.HYDRATED:
        return Need(thing.name, records, math.ceil(records / 100), 0)
    if thing.reading is Reading.OBJECT:
        return Need(thing.name, records, 1, 0)
    closing = int(thing.reading is Reading.SINCE and pages > 1)
    return Need(thing.name, records, max(1, pages) + closing, 0)


def _quiet(needs: list[Need]) -> list[Need]:
    """The object, the lists that move and one short list in turn; unchanged, all of it is free."""
    always = {
        thing.name
        for thing in THINGS
        if thing.reading is Reading.SINCE
        or thing.moves_alone
        or (thing.reading is Reading.OBJECT and not thing.catalogue)
    }  # fmt: skip
    asked = [Need(one.thing, 0, _QUIET_REQUESTS, 0) for one in needs if one.thing in always]
    return [*asked, Need("one short list in turn", 0, _QUIET_REQUESTS, 0)]


def _seconds(
    connection: Connection, settings: Settings, client: GitHubClient, host: str, needs: list[Need]
) -> int | None:
    measured = accounting.typical_milliseconds(connection, host)
    pace = Pace.of(settings.github)
    total = 0.0
    for bucket, count in (
        ("core", sum(one.requests or 0 for one in needs)),
        ("graphql", sum(one.points or 0 for one in needs)),
    ):
        if not count:
            continue
        if bucket not in measured:
            return None
        standing = governing.standing(connection, host, client.principal, bucket)
        total += _working(count, measured[bucket], pace, bucket) + _waiting(count, standing, pace)
    return math.ceil(total)


def _working(count: int, milliseconds: float, pace: Pace, bucket: str) -> float:
    """One after the other, no faster than the pace and the budget of response time allow."""
    seconds = count * milliseconds / 1_000
    per_minute, budget = pace.per_minute(bucket), pace.bucket_seconds(bucket)
    paced = count / per_minute * 60 if per_minute else 0.0
    timed = seconds / budget * 60 if budget else 0.0
    return max(seconds, paced, timed)


def _waiting(count: int, standing: Standing | None, pace: Pace) -> float:
    """Until as many windows have begun as the count takes; 0 where GitHub has told of no limit."""
    if standing is None or standing.quota is None or standing.remaining is None:
        return 0.0
    reserve = int(standing.quota * pace.reserve_ratio)
    lacking = count - max(0, standing.remaining - reserve)
    blocked = max(0.0, standing.blocked_for or 0.0)
    if lacking <= 0:
        return blocked
    windows = math.ceil(lacking / max(1, standing.quota - reserve)) - 1
    renews_in = max(0.0, standing.renews_in or 0.0)
    return max(blocked, renews_in) + windows * _WINDOW_SECONDS
