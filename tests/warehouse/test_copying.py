"""Rows in PostgreSQL's binary form are the rows that they were."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from warehouse import copying
from warehouse.engine import UNFIT, Engine, driver

TYPES = ("int8", "bytea", "timestamptz", "text", "bool", "uuid")
JOB = UUID(int=7)
INTO = "copy held from stdin (format binary)"


def make(raw: psycopg.Connection[tuple[object, ...]]) -> None:
    raw.execute(
        "create temporary table held"
        " (id int8, payload jsonb, at timestamptz, text text, is_so bool, job uuid)"
    )


def test_what_is_copied_is_held(warehouse: Engine) -> None:
    at = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
    with warehouse.begin() as connection:
        raw = driver(connection)
        make(raw)
        with copying.binary(raw, INTO, TYPES) as copy:
            copy.write_row((2**62, copying.jsonb('{"a": "é"}'.encode()), at, "\t\\", True, JOB))
            copy.write_row((1, copying.jsonb(b"[]"), None, None, False, None))

        assert raw.execute("select * from held").fetchall() == [
            (2**62, {"a": "é"}, at, "\t\\", True, JOB), (1, [], None, None, False, None),
        ]  # fmt: skip


@pytest.mark.parametrize("text", [b"{", b'"\\u0000"', b'"\xff"', b"1e999999"])
def test_what_cannot_be_held_is_refused(warehouse: Engine, text: bytes) -> None:
    with warehouse.connect() as connection:
        raw = driver(connection)
        make(raw)

        with pytest.raises(UNFIT), copying.binary(raw, INTO, TYPES) as copy:
            copy.write_row((1, copying.jsonb(text), None, None, None, None))
