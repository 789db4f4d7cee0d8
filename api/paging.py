"""Opaque cursors of lists."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import Query
from fastapi.exceptions import RequestValidationError

Limit = Annotated[int, Query(ge=1, le=500)]


def encode(position: int) -> str:
    return urlsafe_b64encode(str(position).encode()).decode()


def decode(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        position = int(urlsafe_b64decode(cursor.encode()))
    except ValueError as error:
        raise _invalid() from error
    if not 0 <= position < 2**63:
        raise _invalid()
    return position


def _invalid() -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", "cursor"), "msg": "not a cursor of ours"}])
