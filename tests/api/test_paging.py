"""Cursors: what was put in comes out, and nothing else does."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from api import paging


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_a_cursor_says_where_the_page_ended(end: list[str]) -> None:
    assert paging.decode(paging.encode(*end)) == tuple(end)


def test_the_types_of_a_list_come_back() -> None:
    end = (datetime(2026, 6, 1, tzinfo=UTC), UUID(int=7), -3)

    cursor = paging.encode(*end)

    assert paging.decode_as(cursor, datetime.fromisoformat, UUID, int) == end


def test_the_first_page_has_no_cursor() -> None:
    assert paging.decode(None) == ()
    assert paging.decode_as(None, int) is None


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!", "ключ", encoded("7"), encoded("{}"), encoded("[]"), encoded("[7]"),
     encoded('["a", null]'), encoded("[" * 5_000), urlsafe_b64encode(b"\xff").decode()],
    ids=repr,
)  # fmt: skip
def test_what_is_no_cursor_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(RequestValidationError):
        paging.decode(cursor)


@pytest.mark.parametrize("end", [("x",), ("1", "2"), ("2026-06-01",)])
def test_a_cursor_of_another_list_is_refused(end: tuple[str, ...]) -> None:
    with pytest.raises(RequestValidationError):
        paging.decode_as(paging.encode(*end), int)


@given(st.text(max_size=40))
def test_whatever_comes_it_is_decoded_or_refused(cursor: str) -> None:
    try:
        end = paging.decode(cursor)
    except RequestValidationError:
        return
    assert all(isinstance(one, str) for one in end)


@pytest.mark.parametrize(
    ("found", "data", "end"), [([1, 2, 3], [1, 2], ("2",)), ([1, 2], [1, 2], None), ([], [], None)]
)
def test_a_page_is_cut_from_one_row_more(
    found: list[int], data: list[int], end: tuple[str, ...] | None
) -> None:
    page = paging.cut(found, 2, lambda one: (one,))

    assert page["data"] == data
    assert page["next_cursor"] == (paging.encode(*end) if end else None)
