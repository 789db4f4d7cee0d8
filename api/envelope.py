"""What wraps every answer that comes from a mart or an insight, and its ETag."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Generic, Literal, TypeVar

import msgspec
from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict

from api import compressed
from api.answers import Answer, Answers
from api.headers import versions
from api.session import read
from warehouse import ledger
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.shapes import Shapes
from warehouse.visibility import Readable

T = TypeVar("T")
_TYPE = "application/json"
_ASKED_EACH_TIME = "private, no-cache"
_NO_HEADERS: Mapping[str, str] = {}
_JSON = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


class Coverage(BaseModel):
    upstream: int | None
    held: int | None
    ratio: float | None


class Quality(BaseModel):
    status: Literal["passed", "warned", "failed", "unknown"]
    failed_checks: list[str]


class Meta(BaseModel):
    """``as_of`` is the instant that the figures describe; null before the first publication.
    ``definition`` is what `GET /metrics` explains; null where more than one metric is answered.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "as_of": "2026-11-23T12:00:00Z",
                    "verified_at": "2026-11-23T12:00:04Z",
                    "coverage": {"issues": {"upstream": 479, "held": 479, "ratio": 1.0}},
                    "quality": {"status": "passed", "failed_checks": []},
                    "definition": "review-latency@1",
                }
            ]
        }
    )

    as_of: datetime | None
    verified_at: datetime | None
    coverage: dict[str, Coverage]
    quality: Quality
    definition: str | None


class Envelope(BaseModel, Generic[T]):
    data: T
    meta: Meta


class PagedEnvelope(BaseModel, Generic[T]):
    """``meta`` is null where the rows are of more than one repository."""

    data: list[T]
    meta: Meta | None
    next_cursor: str | None


CONDITIONAL: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"schema": {"type": "string"}, "description": "Changes with them."}}},
    304: {"description": "The caller holds this version already."},
}
"""The responses of a route that answers by ``conditional``."""


def plain(value: object) -> Any:
    """JSON types; times in UTC end in Z."""
    return jsonable_encoder(
        value, custom_encoder={datetime: lambda at: at.isoformat().replace("+00:00", "Z")}
    )


def as_json(value: object) -> bytes:
    """The same of what is no model of pydantic's, made in one step."""
    return _JSON.encode(value)


def meta(standing: Standing, *, definition: str | None) -> dict[str, Any]:
    return {
        "as_of": standing.as_of,
        "verified_at": standing.verified_at,
        "coverage": standing.coverage,
        "quality": {"status": standing.quality_status, "failed_checks": standing.failed_checks},
        "definition": definition,
    }


def version(standing: Standing) -> str:
    """Another one whenever the figures, or what is known about them, are others."""
    return repr(replace(standing, verified_at=None))


Read = Callable[[Connection, Shapes, Standing], dict[str, Any] | bytes]
"""The body of an answer, with ``data`` and ``meta``; bytes of what is no JSON."""

Made = Callable[[bytes], Awaitable[bytes]]


async def answer(
    request: Request, repository_id: int, readable: Readable, work: Read, *,
    media_type: str = _TYPE, made: Made | None = None,
) -> Response:  # fmt: skip
    """What is read of one repository, if it may be seen, and ``made`` into something else; 304
    where the caller holds it, and then nothing is read. What is known about it comes first: should
    it be published anew in between, the rows are newer than their tag, and the next one to ask with
    it is told them again.
    """
    answers: Answers = request.app.state.answers
    target = address(request)
    number = answers.number(repository_id)
    found = answers.get(target)

    def whole(session: Connection, shapes: Shapes) -> Answer:
        known = ledger.one(session, repository_id, readable)
        etag = _etag(version(known.standing), target)
        body = None
        if etag not in held(request):
            body = _bytes(work(session, shapes, known.standing))
        return Answer(
            etag, body, repository_id, number, is_public=not known.is_private,
            media_type=media_type, route=request.scope.get("route"),
        )  # fmt: skip

    if found is None:
        found = await read(request, whole)
        if made is not None and found.body is not None:
            found = replace(found, body=await made(found.body))
        answers.keep(target, found)
    request.scope.setdefault("state", {})["answer"] = found  # whoever compresses it keeps that, too
    return _response(request, found.etag, found.body, media_type=media_type)


def ready(request: Request) -> tuple[Answer, Response] | None:
    """What is kept for this address, in a coding that is taken, and what it is answered with to
    whoever may read. Where it is kept in no such coding yet, the ordinary way makes it one.
    """
    answers: Answers = request.app.state.answers
    found = answers.get(address(request))
    if found is None:
        return None
    body, headers = found.body, {}
    if found.media_type in compressed.TEXTS:
        headers["Vary"] = compressed.VARY
        coding = compressed.wanted(request.scope)
        if coding is not None and len(body or b"") >= compressed.WORTH_BYTES:
            body = found.copies.get(coding)
            if body is None and not is_held(request, found.etag):
                return None
            if body is not found.body:
                headers["Content-Encoding"] = coding
    return found, _response(
        request, found.etag, body, media_type=found.media_type, headers=headers
    )  # fmt: skip


def conditional(
    request: Request, body: Callable[[], object], *, version: str, media_type: str = _TYPE,
    kept: str = _ASKED_EACH_TIME,
) -> Response:  # fmt: skip
    """304 where the caller holds this version of this address already; ``kept`` is for caches."""
    etag = tag(request, version)
    told = None if etag in held(request) else _bytes(body())
    return _response(request, etag, told, media_type=media_type, headers={"Cache-Control": kept})


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else as_json(body)


def _response(
    request: Request, etag: str, body: bytes | None, *, media_type: str,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Response:  # fmt: skip
    told = {**conditions(etag), **headers}
    if body is None or is_held(request, etag):
        told.pop("Content-Encoding", None)
        return Response(status_code=304, headers=told)
    return Response(body, headers=told, media_type=media_type)


def is_held(request: Request, etag: str) -> bool:
    """Any version will do for a `*`, if there is one."""
    return not held(request).isdisjoint({etag, "*"})


def tag(request: Request, version: str) -> str:
    """The ``ETag`` of this version of this address."""
    return _etag(version, address(request))


def conditions(etag: str) -> dict[str, str]:
    """The headers of what may be asked for again by its version."""
    return {"ETag": etag, "Cache-Control": _ASKED_EACH_TIME}


def held(request: Request) -> frozenset[str]:
    return versions(request.headers.get("if-none-match", ""))


def address(request: Request) -> bytes:
    """Word for word, as it was asked."""
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return raw + b"?" + query


def _etag(version: str, address: bytes) -> str:
    digest = blake2b(version.encode() + b" " + address, digest_size=12).hexdigest()
    return f'W/"{digest}"'
