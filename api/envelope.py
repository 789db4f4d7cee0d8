"""What wraps every answer that comes from a mart or an insight, and its ETag."""

from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Generic, Literal, TypeVar

import msgspec
from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from warehouse.ledger import Standing

T = TypeVar("T")


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
    return msgspec.json.encode(value)


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


def answer(
    request: Request, data: object, standing: Standing, *, definition: str | None
) -> Response:
    """The data of one repository with what is known about it, or 304."""
    body = {"data": data, "meta": meta(standing, definition=definition)}
    return conditional(request, body, version=version(standing))


def conditional(request: Request, body: object, *, version: str) -> Response:
    """304 where the caller holds this version of this address already."""
    address = f"{request.url.path}?{request.url.query}"
    digest = blake2b(f"{version} {address}".encode(), digest_size=12).hexdigest()
    etag = f'W/"{digest}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    held = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if held & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return JSONResponse(plain(body), headers=headers)
