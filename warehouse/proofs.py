"""The proof that a person is gone: begun before the first row is changed, ended after the last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from gitinsight.veil import Ghost
from warehouse.engine import Connection, driver


def begin(connection: Connection, ghost: Ghost, *, at: datetime) -> Counter[str]:
    """Rows that were changed by one that was ended in the middle: this one goes on with its proof;
    nothing where there was none.
    """
    raw = driver(connection)
    told = raw.execute(
        "select changed from ops.erasures where ghost = %s and ended_at is null", (ghost.number,)
    ).fetchone()
    if told:
        return Counter(told[0])
    raw.execute(
        "insert into ops.erasures (ghost, at, changed, mirrors) values (%s, %s, '{}', '[]')",
        (ghost.number, at),
    )
    return Counter()


def note(connection: Connection, ghost: Ghost, changed: Mapping[str, int]) -> None:
    """How many rows were changed by now, column by column."""
    driver(connection).execute(
        "update ops.erasures set changed = %s where ghost = %s and ended_at is null",
        (Jsonb(changed), ghost.number),
    )


def look(
    connection: Connection, ghost: Ghost, *, remains: Mapping[str, int], mirrors: Sequence[str]
) -> dict[str, int]:
    """Keep where something was found, and what was dropped; what is found by now, all in all: of
    whom the first look has asked, the second one knows no more.
    """
    [(found,)] = (
        driver(connection)
        .execute(
            "update ops.erasures set remains = coalesce(remains, '{}') || %s,"
            " mirrors = mirrors || %s where ghost = %s and ended_at is null returning remains",
            (Jsonb(remains), Jsonb(list(mirrors)), ghost.number),
        )
        .fetchall()
    )
    return dict(found)


def end(connection: Connection, ghost: Ghost, *, at: datetime) -> None:
    driver(connection).execute(
        "update ops.erasures set ended_at = %s where ghost = %s and ended_at is null",
        (at, ghost.number),
    )
