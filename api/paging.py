"""Opaque cursors of lists: where a page ended, in the terms of the list's own order."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

T = TypeVar("T")
_LAST = 2**63 - 1
Limit = Annotated[int, Query(ge=1, le=500, description="Rows in a page.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]


class Page(BaseModel, Generic[T]):
    """``next_cursor`` is null on the last page."""

    data: list[T]
    next_cursor: str | None


def encode(*end: object) -> str:
    return urlsafe_b64encode(json.dumps([str(one) for one in end]).encode()).decode()


def following(end: Sequence[str] | None) -> str | None:
    """The cursor of what comes after a page that ends there; None where nothing does."""
    return encode(*end) if end else None


def decode(cursor: str | None) -> tuple[str, ...]:
    """Where the page before ended; nothing on the first page."""
    if cursor is None:
        return ()
    try:
        end = json.loads(urlsafe_b64decode(cursor.encode()))
    except (ValueError, RecursionError) as error:
        raise invalid() from error
    if not isinstance(end, list) or not end or not all(isinstance(one, str) for one in end):
        raise invalid()
    return tuple(end)


def decode_as(cursor: str | None, *kinds: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """The same in the types of this list; None on the first page."""
    end = decode(cursor)
    try:
        return tuple(kind(one) for kind, one in zip(kinds, end, strict=True)) if end else None
    except ValueError as error:
        raise invalid() from error


def number(text: str) -> int:
    """One that PostgreSQL can count to; ValueError where it is none."""
    found = int(text)
    if not 0 <= found <= _LAST:
        raise ValueError(text)
    return found


def cut(found: Sequence[T], limit: int, end_of: Callable[[T], Sequence[object]]) -> dict[str, Any]:
    """A page of what was read with one row more than asked for."""
    page = found[:limit]
    is_last = len(found) <= limit
    return {"data": page, "next_cursor": None if is_last else encode(*end_of(page[-1]))}


def invalid() -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", "cursor"), "msg": "not a cursor of ours"}])
