"""Hours of GH Archive in PostgreSQL: whole or not at all, once however often they are loaded."""

import gzip
import json
import random
from collections.abc import Iterable
from datetime import timedelta

import pytest
from psycopg.rows import dict_row

from gitinsight.errors import BrokenArchive, HourMissing
from gitinsight.gharchive.sources import Download
from tests.support.gharchive import HOUR, event, packed
from tests.support.rows import AT, fetch, value
from warehouse import forgotten, gharchive
from warehouse.engine import Connection, Engine, driver
from warehouse.forgotten import Person
from warehouse.gharchive import PATIENCE, ArchiveHour

HELD = "select event_id, created_at, payload::text from raw.gharchive_events order by 1, 2"


def load(connection: Connection, content: bytes) -> tuple[ArchiveHour, int]:
    download = Download("the mirror", HOUR, [content])
    return gharchive.load(connection, HOUR, download, at=AT)


def stored(warehouse: Engine, lines: Iterable[bytes]) -> tuple[ArchiveHour, int]:
    with warehouse.begin() as connection:
        return load(connection, packed(lines))


def put_aside(connection: Connection) -> list[tuple[int, bytes, bool]]:
    """(number, bytes, whether refused) of what is in quarantine."""
    return fetch(
        connection,
        "select number, raw, error is not null from ops.archive_quarantine order by number",
    )


def test_every_field_of_an_event_reaches_its_column(warehouse: Engine) -> None:
    line = event(34, org={"id": 3, "login": "octö"}, payload={"n": 2**64, "text": "\t\\ é 🚀"})
    sparse = event(35, actor={}, repo={}, payload=None)
    with warehouse.begin() as connection:
        load(connection, packed([line, sparse]))
        with driver(connection).cursor(row_factory=dict_row) as cursor:
            cursor.execute("select * from raw.gharchive_events order by event_id")
            whole, bare = cursor.fetchall()

    assert whole == {
        "event_id": 34, "created_at": HOUR + timedelta(seconds=1), "hour": HOUR,
        "type": "WatchEvent", "github_repository_id": 9, "repository_name": "octo/app",
        "actor_id": 7, "actor_login": "ann", "organization_id": 3, "organization_login": "octö",
        "sanitized": False, "payload": {"n": 2**64, "text": "\t\\ é 🚀"},
    }  # fmt: skip
    assert {name for name, held in bare.items() if held is None} == {
        "github_repository_id", "repository_name", "actor_id", "actor_login", "organization_id",
        "organization_login", "payload",
    }  # fmt: skip


def test_an_event_of_somebody_who_was_forgotten_is_that_of_a_ghost(warehouse: Engine) -> None:
    line = event(34, payload={"comment": {"user": {"login": "ann", "id": 7}, "body": "by @ann"}})
    with warehouse.begin() as connection:
        ghost = forgotten.remember(connection, Person(("ann",), (7,), (), ()), at=AT)
        assert load(connection, packed([line, b"ann{"]))[1] == 1
        held = fetch(connection, "select actor_id, actor_login, payload from raw.gharchive_events")
        aside = put_aside(connection)

    user = {"login": ghost.login, "id": ghost.id}
    assert held == [(ghost.id, ghost.login, {"comment": {"user": user, "body": "by @ghost.1"}})]
    assert aside == [(2, b"ghost.1{", True)]


def test_an_hour_says_what_it_was_and_how_good_it_is(warehouse: Engine) -> None:
    content = packed([event(1), event(2), b"{"])
    with warehouse.begin() as connection:
        held, new = load(connection, content)
        found = gharchive.find(connection, HOUR)

    assert new == 2
    assert held == found
    assert (held.state, held.grade, held.source) == ("loaded", "whole", "the mirror")
    assert (held.events_count, held.refused_count, held.attempts) == (2, 1, 1)
    assert (held.size_bytes, held.loaded_at, held.error) == (len(content), AT, None)
    assert len(held.sha256 or b"") == 32


def test_an_hour_that_is_loaded_again_writes_nothing_new(warehouse: Engine) -> None:
    lines = [event(number) for number in range(1, 900)]
    stored(warehouse, lines)
    with warehouse.begin() as connection:
        before = fetch(connection, HELD.replace("select", "select xmin::text,"))
        again, new = load(connection, packed([*lines, event(900)]))
        after = fetch(connection, HELD.replace("select", "select xmin::text,"))

    assert new == 1
    assert (again.attempts, again.events_count) == (2, 900)
    assert after[:-1] == before


def test_ids_that_are_there_twice_are_held_once(warehouse: Engine) -> None:
    twin = event(1, created_at="2024-01-15T00:00:02Z")
    lines = [event(1), event(2), event(1), twin]

    held, new = stored(warehouse, lines)

    assert (new, held.events_count) == (3, 4)
    with warehouse.begin() as connection:
        assert [(one, at.second) for one, at, _ in fetch(connection, HELD)] == [
            (1, 1), (1, 2), (2, 1),
        ]  # fmt: skip


def test_members_one_after_the_other_are_all_loaded(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        held, _ = load(connection, packed([event(1)]) + packed([event(2)]))

    assert held.events_count == 2


def test_of_a_file_that_ends_too_early_nothing_is_held(warehouse: Engine) -> None:
    noise = random.Random(1)  # noqa: S311 - what compresses badly needs several chunks
    lines = [event(number, payload={"n": noise.getrandbits(4096)}) for number in range(5000)]
    cut = packed(lines)[:-40]

    with pytest.raises(BrokenArchive, match="ends in the middle"), warehouse.begin() as connection:
        load(connection, cut)

    assert value(warehouse, "select count(*) from raw.gharchive_events") == 0
    assert value(warehouse, "select count(*) from ops.archive_hours") == 0


@pytest.mark.parametrize(
    "content", [packed([]), packed([b"<html>", b"{}"])], ids=["nothing", "something-else"]
)
def test_a_file_without_an_event_is_no_hour(warehouse: Engine, content: bytes) -> None:
    with pytest.raises(BrokenArchive, match="nothing in it"), warehouse.begin() as connection:
        load(connection, content)


def test_an_empty_file_is_a_missing_hour(warehouse: Engine) -> None:
    with pytest.raises(HourMissing), warehouse.begin() as connection:
        load(connection, b"")


def test_what_is_no_event_is_kept_byte_for_byte_and_counted(warehouse: Engine) -> None:
    broken = event(2, payload={"body": "X"}).replace(b"X", b"a\rb\xff")
    lines = [event(1), broken, event(3), event(4)[:50], event(4)[50:], event(5)]
    with warehouse.begin() as connection:
        held, _ = load(connection, packed(lines))

        assert (held.events_count, held.refused_count) == (3, 3)
        assert put_aside(connection) == [
            (2, broken, True), (4, lines[3], True), (5, lines[4], True),
        ]  # fmt: skip
        load(connection, packed(lines[:1]))
        assert put_aside(connection) == []


def test_an_event_with_a_replaced_character_is_held_and_its_bytes_too(warehouse: Engine) -> None:
    line = event(2, payload={"body": "a\0b"})
    with warehouse.begin() as connection:
        held, _ = load(connection, packed([event(1), line]))

        assert (held.events_count, held.refused_count) == (2, 0)
        assert put_aside(connection) == [(2, line, False)]
        assert fetch(
            connection, "select event_id, payload ->> 'body' from raw.gharchive_events"
            " where sanitized",
        ) == [(2, "a\ufffdb")]  # fmt: skip


@pytest.mark.parametrize("number", ["1e400000", "9" * 140_000])
def test_numbers_that_postgresql_has_no_room_for_cost_one_event(
    warehouse: Engine, number: str
) -> None:
    lines = [event(one) for one in range(1, 600)]
    lines[300] = event(301, payload=0).replace(b'"payload":0', b'"payload":' + number.encode())
    with warehouse.begin() as connection:
        held, new = load(connection, packed(lines))

        assert (held.events_count, held.refused_count, new) == (598, 1, 598)
        assert put_aside(connection) == [(301, lines[300], True)]


@pytest.mark.parametrize("payload", [{"n": 10**400}, {"deep": json.loads("[" * 400 + "]" * 400)}])
def test_numbers_and_nesting_that_it_has_room_for_are_held(
    warehouse: Engine, payload: dict[str, object]
) -> None:
    assert stored(warehouse, [event(1, payload=payload)])[1] == 1


def test_events_without_ids_of_before_2015_are_held_once(warehouse: Engine) -> None:
    lines = [
        b'{"type":"PushEvent","created_at":"2012/03/10 22:00:00 -0800","actor":"ann",'
        b'"repository":{"id":9,"name":"app","owner":"octo"},"payload":{"size":%d}}' % number
        for number in range(50)
    ]
    with warehouse.begin() as connection:
        first = load(connection, gzip.compress(b"".join(lines)))
        second = load(connection, packed(lines))

    assert (first[1], first[0].events_count, first[0].refused_count) == (50, 50, 0)
    assert (second[1], second[0].events_count) == (0, 50)


def record(
    warehouse: Engine, *, days: float = 0, is_missing: bool = True, error: str = "404"
) -> ArchiveHour:
    with warehouse.begin() as connection:
        return gharchive.record_failure(
            connection, HOUR, source="the mirror", is_missing=is_missing, error=error,
            at=AT + timedelta(days=days),
        )  # fmt: skip


def test_an_hour_that_is_missing_for_a_week_is_absent(warehouse: Engine) -> None:
    assert record(warehouse).state == "missing"
    assert record(warehouse, days=6.9).state == "missing"

    gone = record(warehouse, days=7)

    assert timedelta(days=7) == PATIENCE
    assert (gone.state, gone.attempts, gone.missing_since) == ("absent", 3, AT)


def test_an_hour_that_is_there_and_broken_is_never_absent(warehouse: Engine) -> None:
    record(warehouse, is_missing=False)

    found = record(warehouse, days=30, is_missing=False, error="it ends in the middle")

    assert (found.state, found.error) == ("broken", "it ends in the middle")
    assert record(warehouse, days=31).state == "missing"


def test_an_hour_that_turns_up_is_loaded_and_stays_so(warehouse: Engine) -> None:
    record(warehouse)
    held, _ = stored(warehouse, [event(1)])
    assert (held.state, held.attempts, held.missing_since) == ("loaded", 2, None)

    after = record(warehouse, days=9)

    assert (after.state, after.events_count, after.error) == ("loaded", 1, "404")
