"""Events of GH Archive: their keys are read, in either schema; what happened stays as it was."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b

import msgspec

from gitinsight.errors import first_line
from gitinsight.gharchive.lines import LONGEST_BYTES, split_objects
from gitinsight.github.payloads import sanitise

_BIGGEST = 2**63 - 1
_SLASHED = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)")
"""How times were written until March 2012."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """``event_id`` is negative where GitHub gave none: a hash of the event. ``payload`` is JSON."""

    event_id: int
    created_at: datetime
    type: str
    repository_id: int | None
    repository_name: str | None
    actor_id: int | None
    actor_login: str | None
    organization_id: int | None
    organization_login: str | None
    payload: bytes | None
    sanitized: bool


class Line(msgspec.Struct, frozen=True, gc=False):
    """One record of the file as it came, ``number`` counted from 1; no event where it is none."""

    number: int
    raw: bytes
    event: Event | None
    error: str | None = None


class _Actor(msgspec.Struct, gc=False):
    id: int | None = None
    login: str | None = None


class _Repository(msgspec.Struct, gc=False):
    id: int | None = None
    name: str | None = None


class _OldRepository(msgspec.Struct, gc=False):
    id: int | None = None
    name: str | None = None
    owner: str | None = None
    organization: str | None = None


class _Wire(msgspec.Struct, gc=False):
    """An event as it is written; the schema of before 2015 says ``repository`` and a login."""

    type: str
    created_at: str
    id: str | int | None = None
    actor: _Actor | str | None = None
    repo: _Repository | None = None
    repository: _OldRepository | None = None
    org: _Actor | None = None
    payload: msgspec.Raw = msgspec.Raw()


_DECODER = msgspec.json.Decoder(_Wire)
_NOBODY = _Actor()


def read(blocks: Iterable[bytes]) -> Iterator[Line]:
    """Every record of blocks of whole lines; blank lines are none."""
    number = 0
    for block in blocks:
        safe = sanitise(block)
        if safe is block or safe == block:
            for text in block.split(b"\n"):
                if text and not text.isspace():
                    for line in _lines(number, text, text):
                        yield line
                        number = line.number
        else:
            # Neither a line feed nor what stands before one is ever replaced.
            for text, mended in zip(block.split(b"\n"), safe.split(b"\n"), strict=True):
                if text and not text.isspace():
                    for line in _lines(number, text, mended):
                        yield line
                        number = line.number


def _lines(number: int, text: bytes, mended: bytes) -> Iterator[Line]:
    """The records of one line: one, but for the archive's first years and for its accidents."""
    try:
        yield Line(number + 1, text, _event(mended, sanitized=mended != text))
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        objects, rest = split_objects(text) if len(text) <= LONGEST_BYTES else ([], text)
        if not objects or (len(objects) == 1 and not rest):
            yield Line(number + 1, text, None, first_line(error))
            return
        for one in (*objects, *([rest] if rest else [])):
            yield from _lines(number, one, sanitise(one))
            number += 1


def _event(text: bytes, *, sanitized: bool) -> Event:
    wire = _DECODER.decode(text)
    actor, repository = wire.actor, wire.repo
    if actor.__class__ is not _Actor:
        actor = _Actor(login=actor) if isinstance(actor, str) else _NOBODY
    organization = wire.org or _NOBODY
    if repository is None:
        repository, organization = _old(wire, organization)
    return Event(
        _id(wire.id, text),
        _moment(wire.created_at),
        wire.type,
        _bounded(repository.id),
        repository.name,
        _bounded(actor.id),  # type: ignore[union-attr]
        actor.login,  # type: ignore[union-attr]
        _bounded(organization.id),
        organization.login,
        bytes(wire.payload) or None,
        sanitized,
    )


def _old(wire: _Wire, organization: _Actor) -> tuple[_Repository, _Actor]:
    old = wire.repository
    if old is None:
        return _Repository(), organization
    if old.organization and organization is _NOBODY:
        organization = _Actor(login=old.organization)
    name = f"{old.owner}/{old.name}" if old.owner and old.name else old.name
    return _Repository(old.id, name), organization


def _id(written: str | int | None, text: bytes) -> int:
    if written is None:
        digest = blake2b(text.strip(), digest_size=8).digest()
        return -1 - (int.from_bytes(digest) >> 1)
    found = int(written)
    if not 0 <= found <= _BIGGEST:
        raise ValueError(f"{found} is no id")
    return found


def _bounded(found: int | None) -> int | None:
    if found is not None and not 0 <= found <= _BIGGEST:
        raise ValueError(f"{found} is no id")
    return found


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime:
    """The events of a second stand together: most are asked for again at once."""
    written = _SLASHED.fullmatch(text)
    if written is not None:
        text = "{}-{}-{}T{}{}:{}".format(*written.groups())
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
