"""Events: their keys in every schema that there was, and lines that are none."""

import json
from datetime import UTC, datetime

import pytest

from gitinsight.gharchive.events import Event, Line, read
from tests.support.gharchive import event


def read_all(*lines: bytes) -> list[Line]:
    return [*read([b"\n".join(lines) + b"\n"])]


def one(line: bytes) -> Event:
    (found,) = read_all(line)
    assert found.error is None
    assert found.event is not None
    return found.event


def test_an_event_of_today() -> None:
    payload = b'{"push_id": 18446744073709551617, "ref":"refs/heads/\\u00e9"}'
    line = event(34, type="PushEvent", org={"id": 3, "login": "octo"}, payload=1)
    line = line.replace(b'"payload":1', b'"payload":' + payload)

    assert one(line) == Event(
        34, datetime(2024, 1, 15, 0, 0, 1, tzinfo=UTC), "PushEvent", 9, "octo/app", 7, "ann",
        3, "octo", payload, sanitized=False,
    )  # fmt: skip


def test_an_event_of_the_timeline_of_2012() -> None:
    line = (
        b'{"created_at":"2012-04-01T00:00:12-07:00","payload":{"size":1},"public":true,'
        b'"type":"PushEvent","url":"https://github.com/octo/app/compare/1...2","actor":"ann",'
        b'"actor_attributes":{"login":"ann","name":"Ann","email":"ann@example.org"},'
        b'"repository":{"id":9,"name":"app","owner":"octo","organization":"octo","watchers":1}}'
    )

    found = one(line)

    assert found.event_id < 0
    assert found.created_at == datetime(2012, 4, 1, 7, 0, 12, tzinfo=UTC)
    assert (found.repository_id, found.repository_name) == (9, "octo/app")
    assert (found.actor_id, found.actor_login) == (None, "ann")
    assert (found.organization_id, found.organization_login) == (None, "octo")
    assert found.payload == b'{"size":1}'


def test_an_event_without_an_id_has_the_same_one_whenever_it_is_read() -> None:
    line = b'{"type":"GistEvent","created_at":"2012/03/10 22:00:00 -0800","actor":"ann"}'

    assert one(line).event_id == one(line + b"\r").event_id
    assert one(line).event_id != one(line.replace(b"ann", b"bob")).event_id
    assert one(line).created_at == datetime(2012, 3, 11, 6, tzinfo=UTC)
    assert one(line).payload is None


def test_what_is_not_known_is_not_made_up() -> None:
    found = one(event(actor={}, repo={}))

    assert (found.repository_id, found.repository_name) == (None, None)
    assert (found.actor_id, found.actor_login) == (None, None)


def test_types_and_fields_that_nobody_has_heard_of_are_taken() -> None:
    found = one(event(type="MoonEvent", moon={"phase": 1}, payload={"new": [1]}))

    assert (found.type, found.payload) == ("MoonEvent", b'{"new":[1]}')


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [(rb"\u0000", rb"\ufffd"), (rb"\ud800", rb"\ufffd"), (b"\xff", "\ufffd".encode())],
)
def test_what_postgresql_refuses_is_replaced_and_said(hostile: bytes, safe: bytes) -> None:
    line = event(2, payload={"body": "X"}).replace(b"X", hostile)
    before, found, after = read_all(event(1), line, event(3))

    assert found.raw == line
    assert found.event is not None
    assert found.event.sanitized
    assert found.event.payload == b'{"body":"' + safe + b'"}'
    assert before.event is not None
    assert after.event is not None
    assert [before.event.sanitized, after.event.sanitized] == [False, False]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"1"',
        b"[1]",
        b"null",
        b"\xef\xbb\xbf" + event(),
        event()[:-1] + b',"x":NaN}',
        event(payload={"body": "X"}).replace(b"X", b"a\rb"),
        event(payload={"body": "X"}).replace(b"X", b"\x01"),
        event(id="abc"),
        event(id=-1),
        event(id=2**63),
        event(repo={"id": 2**63}),
        event(created_at="yesterday"),
        event(created_at="0001-01-01T00:00:00+14:00"),
        event(created_at=None),
        event(type=None),
        event(payload=0).replace(b'"payload":0', b'"payload":' + b"[" * 20_000 + b"]" * 20_000),
    ],
    ids=[
        "truncated",
        "a list",
        "null",
        "a byte order mark",
        "NaN",
        "a carriage return in it",
        "a control character in it",
        "an id of letters",
        "a negative id",
        "an id too big",
        "a repository too big",
        "no time",
        "a time before time",
        "a time that is null",
        "no type",
        "nested without end",
    ],
)
def test_a_line_that_is_no_event_is_kept_with_its_reason(line: bytes) -> None:
    before, found, after = read_all(event(1), line, event(3))

    assert (found.number, found.raw, found.event) == (2, line, None)
    assert found.error
    assert before.event is not None
    assert after.event is not None


def test_ends_of_lines_and_blank_lines_are_no_part_of_an_event() -> None:
    found = read_all(event(1) + b"\r", b"", b" \r", event(2, payload={"body": "\u2028\x85\x0b"}))

    assert [line.number for line in found] == [1, 2]
    assert all(line.event is not None for line in found)


def test_a_line_feed_in_the_middle_makes_two_lines_that_are_kept() -> None:
    first, second = event(1)[:40], event(1)[40:]
    found = read_all(first, second, event(2))

    assert [line.raw for line in found[:2]] == [first, second]
    assert [line.event is None for line in found] == [True, True, False]


def test_events_on_one_line_are_told_apart() -> None:
    found = read_all(event(1) + event(2, payload={"body": "}{"}) + event(3)[:30], event(4))

    assert [line.number for line in found] == [1, 2, 3, 4]
    assert [line.event.event_id if line.event else None for line in found] == [1, 2, None, 4]
    assert found[1].event is not None
    assert json.loads(found[1].event.payload or b"") == {"body": "}{"}
