"""GitHub's JSON: made safe for PostgreSQL, split into rows without being written anew."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

from gitinsight.errors import UnexpectedPayload

_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a proper surrogate pair
    rb"|\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})"  # what jsonb refuses
    rb"|\\.",  # any other escape, so that an escaped backslash hides nothing
    re.DOTALL,
)
_LONE_LENGTH = 6
_REPLACEMENT = b"\\ufffd"


class Actor(msgspec.Struct, frozen=True):
    id: int | None = None
    login: str | None = None
    type: str | None = None


class Keys(msgspec.Struct, frozen=True):
    """What the engine needs to know of a record; everything else stays as GitHub wrote it."""

    id: int
    node_id: str | None = None
    number: int | None = None
    updated_at: datetime | None = None
    created_at: datetime | None = None
    user: Actor | None = None
    actor: Actor | None = None
    author: Actor | None = None
    creator: Actor | None = None
    closed_by: Actor | None = None
    assignees: list[Actor] = []

    def actors(self) -> Iterator[Actor]:
        for actor in (self.user, self.actor, self.author, self.creator, self.closed_by):
            if actor is not None:
                yield actor
        yield from self.assignees


@dataclass(frozen=True, slots=True)
class Row:
    """One record on its way into a raw table."""

    id: int
    payload: bytes
    content_hash: bytes
    source_updated_at: datetime | None
    sanitized: bool


def sanitise(body: bytes) -> bytes:
    """Replace what ``jsonb`` refuses (NUL, lone surrogates, broken UTF-8) by U+FFFD."""
    if _SUSPICIOUS.search(body):
        body = _ESCAPE.sub(_replace, body)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace").encode()
    return body


def split(body: bytes, *, envelope: str | None = None, key: str = "id") -> list[tuple[Keys, Row]]:
    """The records of one REST page, each known by its number in the field ``key``;
    UnexpectedPayload where it is not a list of them.
    """
    try:
        if envelope is not None:
            body = bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get(envelope, b""))
        payloads = [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
        held = [msgspec.json.decode(payload, type=_keyed(key)) for payload in payloads]
    except msgspec.DecodeError as error:
        raise UnexpectedPayload("a list of GitHub's", str(error)) from error
    return [
        (keys, row(keys.id, payload, keys.updated_at))
        for keys, payload in zip(held, payloads, strict=True)
    ]


@cache
def _keyed(key: str) -> type[Keys]:
    """``Keys`` whose id is found under another name."""
    keyed: type[Keys] = msgspec.defstruct("Keyed", [("id", int)], rename={"id": key}, bases=(Keys,))  # type: ignore[assignment]
    return keyed


def row(identifier: int, payload: bytes, source_updated_at: datetime | None) -> Row:
    return Row(
        id=identifier,
        payload=payload,
        content_hash=content_hash(payload),
        source_updated_at=source_updated_at,
        sanitized=_REPLACEMENT in payload or "\ufffd".encode() in payload,
    )


def content_hash(payload: bytes) -> bytes:
    """blake2b-128 of the record without its URLs, which name a host and not a fact."""
    record = _without_urls(msgspec.json.decode(payload))
    return blake2b(msgspec.json.encode(record, order="sorted"), digest_size=16).digest()


def user_rows(actors: Iterable[Actor]) -> list[Row]:
    """One row per account that has an id; GitHub's ghost of deleted accounts is one of them."""
    known = {actor.id: actor for actor in actors if actor.id is not None and actor.login}
    return [
        row(
            identifier,
            msgspec.json.encode({"id": identifier, "login": actor.login, "type": actor.type}),
            None,
        )
        for identifier, actor in sorted(known.items())
    ]


def _replace(found: re.Match[bytes]) -> bytes:
    text = found.group()
    return _REPLACEMENT if len(text) == _LONE_LENGTH and _SUSPICIOUS.match(text) else text


def _without_urls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_urls(item)
            for key, item in value.items()
            if not (key == "url" or key.endswith("_url"))
        }
    if isinstance(value, list):
        return [_without_urls(item) for item in value]
    return value
