"""GitHub's JSON: made safe for PostgreSQL, split into rows without being written anew.

What cannot be held is not lost with its page: it comes out in bytes, with the reason, for the
quarantine. Syntax is one question (``fault``), what can be held of valid JSON another (``split``).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any

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
_REPLACED = "characters that jsonb refuses were replaced"

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)
_ID = re.compile(rb"\s*:\s*(\d{1,19})(?![\d.eE])")

_LARGEST_ID = 2**63 - 1
_DEEPEST = 512
_LARGEST_BYTES = 64 * 2**20

Id = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_ID)]
At = Annotated[datetime, msgspec.Meta(tz=True)]


class Actor(msgspec.Struct, frozen=True):
    id: Id | None = None
    login: str | None = None
    type: str | None = None


class Keys(msgspec.Struct, frozen=True):
    """What the engine needs to know of a record; everything else stays as GitHub wrote it."""

    id: Id
    node_id: str | None = None
    number: int | None = None
    updated_at: At | None = None
    created_at: At | None = None
    user: Actor | None = None
    actor: Actor | None = None
    author: Actor | None = None
    creator: Actor | None = None
    closed_by: Actor | None = None
    assignees: list[Actor] | None = None

    def actors(self) -> Iterator[Actor]:
        for actor in (self.user, self.actor, self.author, self.creator, self.closed_by):
            if actor is not None:
                yield actor
        yield from self.assignees or ()


_INDISPENSABLE = {"id", "updated_at"}
"""Without these a record has no place, or may overwrite a newer version of itself."""
_IDENTITY = ("id", "node_id", "number", "full_name")
"""Which record a copy is of."""
_KEYS = msgspec.json.Decoder(Keys)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_SYNTAX = msgspec.json.Decoder(msgspec.Raw)
_ANYTHING = msgspec.json.Decoder()
_SORTED = msgspec.json.Encoder(order="sorted")


class Row(msgspec.Struct, frozen=True):
    """One record on its way into a raw table."""

    id: int
    payload: bytes
    content_hash: bytes
    source_updated_at: datetime | None
    sanitized: bool


class Kind(StrEnum):
    """What the bytes in quarantine are."""

    RECORD = "record"
    """One record that cannot be held."""
    ORIGINAL = "original"
    """One record that is held with characters replaced, as it came."""
    ANSWER = "answer"
    """A whole answer that is no JSON."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """``id`` is None where it cannot be read."""

    kind: Kind
    id: int | None
    raw: bytes
    error: str


class Page(list[tuple[Keys, Row]]):
    """The records of an answer that can be held, and in ``kept`` what belongs into quarantine."""

    def __init__(
        self, records: Iterable[tuple[Keys, Row]] = (), kept: Iterable[Quarantined] = ()
    ) -> None:
        super().__init__(records)
        self.kept = list(kept)

    @property
    def refused(self) -> list[Quarantined]:
        return [one for one in self.kept if one.kind is Kind.RECORD]

    @property
    def present(self) -> list[int] | None:
        """Every id that was listed, refused or not; None where one of them cannot be read."""
        refused = [one.id for one in self.refused]
        known = [identifier for identifier in refused if identifier is not None]
        return [row.id for _, row in self] + known if len(known) == len(refused) else None


class Sanitised(bytes):
    """A body in which something was replaced; ``original`` is as it came."""

    original: bytes


def sanitise(body: bytes) -> bytes:
    """Replace what ``jsonb`` refuses (NUL, lone surrogates, broken UTF-8) by U+FFFD."""
    safe = _ESCAPE.sub(_replace, body) if _SUSPICIOUS.search(body) else body
    try:
        safe.decode("utf-8")
    except UnicodeDecodeError:
        safe = safe.decode("utf-8", "replace").encode()
    if safe == body:
        return body
    replaced = Sanitised(safe)
    replaced.original = body
    return replaced


def fault(body: bytes) -> str | None:
    """Why a sanitised body is no JSON; None where it is, be it more than a decoder can hold."""
    try:
        _SYNTAX.decode(body)
    except RecursionError:
        bare = re.sub(_STRING, b"", body, flags=re.DOTALL)
        is_whole = bare.count(b"[") == bare.count(b"]") and bare.count(b"{") == bare.count(b"}")
        return None if is_whole else "nested without end"
    except msgspec.DecodeError as error:
        return str(error)
    return None


def value(body: bytes) -> Any:
    """What a valid answer holds as one value, None for a list: that is judged record by record.
    msgspec.DecodeError or RecursionError where it is more than can be held.
    """
    return None if body.lstrip()[:1] == b"[" else _ANYTHING.decode(body)


def elements(body: bytes, *, envelope: str | None = None) -> list[bytes]:
    """The records of one REST page as GitHub wrote them; UnexpectedPayload where it is no list."""
    try:
        listed = body if envelope is None else bytes(_FIELDS.decode(body).get(envelope, b""))
        return [bytes(raw) for raw in _LIST.decode(listed)]
    except RecursionError:
        return list(_scan(body, envelope))
    except msgspec.DecodeError as error:
        raise UnexpectedPayload("a list of GitHub's", str(error)) from error


def split(
    body: bytes, *, envelope: str | None = None, key: str = "id", copies: Sequence[str] = ()
) -> Page:
    """The records of one REST page, each told by its number in the field ``key``; UnexpectedPayload
    where it is no list at all.

    ``copies`` are fields that repeat another record whole. It has a row of its own, is larger than
    what repeats it, and would make that a new version whenever it changes itself: kept of it is
    which record it is.
    """
    payloads = elements(body, envelope=envelope)
    originals = list(_scan(body.original, envelope)) if isinstance(body, Sanitised) else payloads
    page = Page()
    for payload, original in zip(payloads, originals, strict=True):
        is_sanitised = payload != original
        try:
            keys = _keys(payload) if key == "id" else _keyed(payload, key)
            kept = _without(copies, payload) if copies else payload
            held = row(keys.id, kept, keys.updated_at, is_sanitised=is_sanitised)
        except (msgspec.DecodeError, RecursionError) as error:
            refused = Quarantined(Kind.RECORD, _readable_id(payload), original, str(error))
            page.kept.append(refused)
            continue
        page.append((keys, held))
        if is_sanitised:
            page.kept.append(Quarantined(Kind.ORIGINAL, keys.id, original, _REPLACED))
    return page


def joined(pages: Iterable[Page]) -> Page:
    """Several pages as one."""
    pages = list(pages)
    return Page(
        (record for page in pages for record in page), (one for page in pages for one in page.kept)
    )


def row(
    identifier: int, payload: bytes, source_updated_at: datetime | None, *,
    is_sanitised: bool | None = None,
) -> Row:  # fmt: skip
    """``is_sanitised`` is told by who has the original; else any U+FFFD counts as a replacement."""
    if is_sanitised is None:
        is_sanitised = _REPLACEMENT in payload or "\ufffd".encode() in payload
    return Row(identifier, payload, content_hash(payload), source_updated_at, is_sanitised)


def content_hash(payload: bytes) -> bytes:
    """blake2b-128 of the record without its URLs, which name a host and not a fact."""
    record = _ANYTHING.decode(payload)
    _drop_urls(record)
    return blake2b(_SORTED.encode(record), digest_size=16).digest()


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


def _keys(payload: bytes) -> Keys:
    """ValidationError where the record cannot be held. An odd account or number is none of its
    keys: it is left out here and stays in the payload.
    """
    if len(payload) > _LARGEST_BYTES:
        raise msgspec.ValidationError(f"larger than {_LARGEST_BYTES >> 20} MiB")
    if payload.count(b"[") + payload.count(b"{") > _DEEPEST and _depth(payload) > _DEEPEST:
        raise msgspec.ValidationError(f"nested deeper than {_DEEPEST}")
    try:
        return _KEYS.decode(payload)
    except msgspec.ValidationError:
        return _lenient_keys(payload)


def _lenient_keys(payload: bytes) -> Keys:
    fields = _FIELDS.decode(payload)
    readable: dict[str, Any] = {}
    for one in msgspec.structs.fields(Keys):
        if one.name not in fields:
            continue
        try:
            readable[one.name] = msgspec.json.decode(fields[one.name], type=one.type)
        except msgspec.ValidationError as error:
            if one.name in _INDISPENSABLE:
                raise msgspec.ValidationError(f"{one.name}: {error}") from error
    if "id" not in readable:
        raise msgspec.ValidationError("it has no id")
    return Keys(**readable)


def _keyed(payload: bytes, key: str) -> Keys:
    fields = _FIELDS.decode(payload)
    return Keys(id=msgspec.json.decode(fields.get(key, b"null"), type=Id))


def _without(copies: Sequence[str], payload: bytes) -> bytes:
    """All other fields as GitHub wrote them."""
    fields = _FIELDS.decode(payload)
    for name in copies:
        try:
            whole = _FIELDS.decode(fields[name])
        except (KeyError, msgspec.ValidationError):
            continue  # there is none
        known = {one: whole[one] for one in _IDENTITY if one in whole}
        fields[name] = msgspec.Raw(msgspec.json.encode(known))
    return msgspec.json.encode(fields)


def _drop_urls(value: Any) -> None:
    """In place: rebuilding the record takes half as long again."""
    if type(value) is dict:
        for name in _url_names(tuple(value)):
            del value[name]
        value = value.values()
    elif type(value) is not list:
        return
    for item in value:
        if type(item) is dict or type(item) is list:
            _drop_urls(item)


@lru_cache(maxsize=1024)
def _url_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Remembered by shape: GitHub's records have few of them."""
    return tuple(name for name in names if name == "url" or name.endswith("_url"))


def _scan(body: bytes, envelope: str | None) -> Iterator[bytes]:
    """The elements of a list, told apart by its brackets alone, where no decoder can read it."""
    start = body.find(b"[")
    if envelope is not None:
        opening = re.search(rb'"%s"\s*:\s*(?=\[)' % re.escape(envelope.encode()), body)
        start = opening.end() if opening else -1
    depth, begin = 0, start + 1
    for token in _TOKEN.finditer(body, start) if start >= 0 else ():
        mark = body[token.start()]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth == 0 or (depth == 1 and mark in b","):
            element = body[begin : token.start()].strip()
            if element or depth:
                yield element
            if depth == 0:
                return
            begin = token.end()
    raise UnexpectedPayload("a list of GitHub's", "it does not end")


def _depth(payload: bytes) -> int:
    deepest = depth = 0
    for token in _TOKEN.finditer(payload):
        mark = payload[token.start()]
        depth += (mark in b"[{") - (mark in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _readable_id(payload: bytes) -> int | None:
    """The record's own id, where it is a number at its place, whatever the rest is like."""
    depth = 0
    for token in _TOKEN.finditer(payload):
        mark = payload[token.start()]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth == 1 and token.group() == b'"id"' and (found := _ID.match(payload, token.end())):
            identifier = int(found[1])
            return identifier if identifier <= _LARGEST_ID else None
    return None
