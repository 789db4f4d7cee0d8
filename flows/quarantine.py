"""What was refused, tried again: by the same split and the same upsert as a page of GitHub's."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gitinsight.errors import UnexpectedPayload
from gitinsight.github import payloads
from gitinsight.github.client import API_VERSION
from gitinsight.github.payloads import Kind
from gitinsight.things.catalogue import GITHUB_THINGS
from warehouse import jobs, quarantine, raw
from warehouse.engine import Connection, Engine
from warehouse.quarantine import Entry
from warehouse.raw import Origin, Written

_TABLES = {thing.name: thing for thing in GITHUB_THINGS}


@dataclass(slots=True)
class Replay:
    """How many entries were accepted, are still refused, or were left to a job that is running."""

    accepted: int = 0
    refused: int = 0
    busy: int = 0


def replay(
    engine: Engine, *, at: datetime, thing: str | None = None, repository_id: int | None = None
) -> dict[tuple[int, str], Replay]:
    """By repository and thing. One entry, one transaction: it is written and closed, or neither."""
    done: dict[tuple[int, str], Replay] = defaultdict(Replay)
    with engine.begin() as connection:
        waiting = quarantine.waiting(connection, thing=thing, repository_id=repository_id)
    for quarantine_id, owner_id, name in waiting:
        counts = done[owner_id, name]
        with engine.begin() as connection:
            if jobs.is_at_work(connection, owner_id):
                counts.busy += 1
                continue
            entry = quarantine.lock(connection, quarantine_id)
            if entry is None:  # closed since, by a newer version of it
                counts.accepted += 1
                continue
            if _is_accepted(connection, entry, at):
                quarantine.close_one(connection, quarantine_id, at=at)
                counts.accepted += 1
            else:
                counts.refused += 1
    return dict(done)


def exit_code(replays: Iterable[Replay]) -> int:
    """75 where a running job was in the way, 3 where something is refused still."""
    replays = list(replays)
    if any(one.busy for one in replays):
        return 75
    return 3 if any(one.refused for one in replays) else 0


def _is_accepted(connection: Connection, entry: Entry, at: datetime) -> bool:
    """Whether it is written now, or a newer version of it is held; else the new reason is kept."""
    origin = Origin(entry.repository_id, entry.source, API_VERSION, at, entry.job_id)
    try:
        written = _write(connection, entry, origin)
    except (UnexpectedPayload, msgspec.DecodeError, RecursionError) as error:
        quarantine.refuse_again(connection, entry.quarantine_id, str(error))
        return False
    return entry.kind is Kind.ANSWER or not written.refused


def _write(connection: Connection, entry: Entry, origin: Origin) -> Written:
    if entry.kind is Kind.RECORD and entry.source == "graphql" and entry.id is not None:
        again = payloads.row(entry.id, payloads.sanitise(entry.raw), entry.source_updated_at)
        return raw.upsert(connection, entry.thing, [again], origin=origin)
    if entry.thing not in _TABLES:
        raise UnexpectedPayload(entry.thing, "it is no list of records, and is asked for anew")
    thing, is_answer = _TABLES[entry.thing], entry.kind is Kind.ANSWER
    page = payloads.split(
        payloads.sanitise(entry.raw if is_answer else b"[" + entry.raw + b"]"),
        envelope=thing.envelope if is_answer else None,
        key=thing.list_key,
        copies=thing.copies,
    )
    return raw.store(connection, entry.thing, page, origin=origin, known=set())
