"""What GitHub delivers: kept under the id of the delivery, and done by the worker afterwards."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict
from starlette.requests import ClientDisconnect

from api.auth import Public
from api.errors import Refused
from api.session import Session
from gitinsight.clock import now
from gitinsight.github.deliveries import KEPT_HEADERS, LIMIT_BYTES, about
from gitinsight.github.signatures import Signature
from gitinsight.settings import Settings
from warehouse import webhooks

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
PATH = "/webhooks/github"
"""Whose body is signed, and so looked at as it comes."""
_PATIENCE_BYTES = 2 * LIMIT_BYTES
"""Who sends too much reads the answer only when all is sent; beyond this it is not waited for."""
_SIGNATURE = APIKeyHeader(
    name="X-Hub-Signature-256",
    scheme_name="webhookSignature",
    description="`sha256=` and the HMAC-SHA256 of the body, in hexadecimal, under the secret that"
    " is set on GitHub and here.",
    auto_error=False,  # our own error says what is wrong
)


class Received(BaseModel):
    """``is_new`` is false for a delivery that came before: it changes nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"delivery_id": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "is_new": True}]
        }
    )

    delivery_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    delivery_id: UUID
    event: str
    headers: dict[str, str]
    body: bytes


async def signed(
    request: Request, signature: Annotated[str | None, Depends(_SIGNATURE)]
) -> Delivery:
    """A delivery that GitHub has signed. Nothing is parsed, and no place in the warehouse taken,
    before the signature is right.
    """
    settings: Settings = request.app.state.settings
    secret = settings.github.webhook_secret
    if secret is None:
        raise Refused(
            503, kind="webhooks-not-configured",
            detail="no webhook secret is set here: GITINSIGHT_GITHUB__WEBHOOK_SECRET",
        )  # fmt: skip
    if signature is None:
        raise _stranger("this needs the header X-Hub-Signature-256; SHA-1 is not enough")
    made = Signature(secret)
    body = bytearray()
    async for chunk in _chunks(request):
        made.update(chunk)  # as it comes: all at once would keep everybody else waiting
        body += chunk
    if not made.matches(signature):
        raise _stranger("the signature is not that of this body under our secret")
    return _delivery(request, bytes(body))


@router.post(
    "/github", status_code=202,
    responses={
        413: {"description": "It is larger than any delivery of GitHub."},
        415: {"description": "It is no `application/json`."},
        503: {"description": "No secret is set here, or the warehouse does not answer now."},
    },
    openapi_extra={
        "parameters": [
            {
                "name": "X-GitHub-Delivery", "in": "header", "required": True,
                "description": "The id of the delivery; a redelivery has the same.",
                "schema": {"type": "string", "format": "uuid"},
            },
            {
                "name": "X-GitHub-Event", "in": "header", "required": True,
                "description": "What it is about, like `issues`.", "schema": {"type": "string"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object"},
                    "example": {"action": "edited", "issue": {"number": 7}},
                }
            },
        },
    },
)  # fmt: skip
def github(delivery: Annotated[Delivery, Depends(signed)], session: Session, _: Public) -> Received:
    """Take a delivery of GitHub's webhook; it is stored now and done by the worker."""
    told = about(delivery.body)
    is_new = webhooks.store(
        session, delivery_id=delivery.delivery_id, event=delivery.event, action=told.action,
        github_id=told.repository.id if told.repository else None,
        headers=delivery.headers, body=delivery.body, at=now(),
    )  # fmt: skip
    return Received(delivery_id=delivery.delivery_id, is_new=is_new)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= LIMIT_BYTES:
                yield chunk
            elif size > _PATIENCE_BYTES:
                break
    except ClientDisconnect as error:
        raise Refused(400, kind="incomplete", detail="the body ended before its end") from error
    if size > LIMIT_BYTES:
        raise Refused(
            413, kind="too-large", detail=f"a delivery has no more than {LIMIT_BYTES} bytes"
        )


def _delivery(request: Request, body: bytes) -> Delivery:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(
            415, kind="unsupported-media-type",
            detail="set the content type of the webhook to application/json on GitHub",
        )  # fmt: skip
    event = request.headers.get("x-github-event", "")
    try:
        delivery_id = UUID(request.headers.get("x-github-delivery", ""))
    except ValueError as error:
        raise _invalid("x-github-delivery", "the id of the delivery, a UUID") from error
    if not event:
        raise _invalid("x-github-event", "what the delivery is about")
    headers = {
        name: text for name, text in request.headers.items() if name.startswith(KEPT_HEADERS)
    }
    return Delivery(delivery_id, event, headers, body)


def _invalid(header: str, wanted: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("header", header), "msg": f"this has to be {wanted}"}])


def _stranger(detail: str) -> Refused:
    return Refused(
        401, kind="unauthorised", detail=detail,
        headers={"WWW-Authenticate": "X-Hub-Signature-256"},
    )  # fmt: skip
