"""What an answer says about itself, and when it is another one."""

from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from fastapi import Request

from api.envelope import conditional, meta, plain, version
from tests.support.rows import AT
from warehouse.ledger import Standing

STANDING = Standing(
    3, AT, AT, {"issues": {"upstream": 5, "held": 5, "ratio": 1.0}}, "warned", ["drift"]
)


def request(path: str = "/a", query: str = "", held: str | None = None) -> Request:
    headers = [] if held is None else [(b"if-none-match", held.encode())]
    return Request(
        {
            "type": "http", "method": "GET", "path": path, "raw_path": quote(path).encode(),
            "query_string": query.encode(), "headers": headers, "server": ("api.test", 80),
            "scheme": "http",
        }
    )  # fmt: skip


def etag(path: str = "/a", query: str = "", state: str = "1") -> str:
    return str(conditional(request(path, query), dict, version=state).headers["etag"])


def test_what_is_known_about_the_figures_is_all_there() -> None:
    assert plain(meta(STANDING, definition="x@1")) == {
        "as_of": "2026-06-01T12:00:00Z", "verified_at": "2026-06-01T12:00:00Z",
        "coverage": {"issues": {"upstream": 5, "held": 5, "ratio": 1.0}},
        "quality": {"status": "warned", "failed_checks": ["drift"]}, "definition": "x@1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"publication": 4}, {"as_of": AT + timedelta(1)}, {"coverage": {}},
        {"quality_status": "passed"}, {"failed_checks": ["volume"]},
    ],
    ids=str,
)  # fmt: skip
def test_other_figures_or_other_doubts_are_another_version(changed: dict[str, Any]) -> None:
    assert version(replace(STANDING, **changed)) != version(STANDING)


def test_looking_again_and_finding_nothing_new_is_not() -> None:
    assert version(replace(STANDING, verified_at=AT + timedelta(1))) == version(STANDING)


def test_every_address_and_every_version_has_a_tag_of_its_own() -> None:
    tags = {etag(), etag("/b"), etag(query="limit=1"), etag(state="2"), etag("/a?limit=1")}

    assert len(tags) == 5
    assert etag() == etag()


@pytest.mark.parametrize("held", ["{}", "*", 'W/"other", {}', '"other",{} , W/"third"'])
def test_whoever_holds_it_gets_nothing_new(held: str) -> None:
    answer = conditional(request(held=held.replace("{}", etag())), lambda: {"a": 1}, version="1")

    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag()


@pytest.mark.parametrize("held", [None, "", 'W/"other"', "nonsense", '"'])
def test_whoever_holds_another_gets_this_one(held: str | None) -> None:
    answer = conditional(request(held=held), lambda: {"a": None}, version="1")

    assert (answer.status_code, answer.body) == (200, b'{"a":null}')
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AT, "2026-06-01T12:00:00Z"),
        (AT.replace(microsecond=5), "2026-06-01T12:00:00.000005Z"),
        (AT.astimezone(timezone(timedelta(hours=2))), "2026-06-01T14:00:00+02:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal(5), 5),
        (None, None),
        (STANDING, {
            "publication": 3, "as_of": "2026-06-01T12:00:00Z",
            "verified_at": "2026-06-01T12:00:00Z",
            "coverage": {"issues": {"upstream": 5, "held": 5, "ratio": 1.0}},
            "quality_status": "warned", "failed_checks": ["drift"],
        }),
    ],
    ids=lambda one: type(one).__name__ + str(one)[:30],
)  # fmt: skip
def test_what_leaves_is_plain_json(value: object, expected: object) -> None:
    assert plain(value) == expected
