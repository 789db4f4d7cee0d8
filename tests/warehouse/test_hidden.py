"""Whoever is hidden is counted as before and named nowhere that is shown."""

from typing import Any

import pytest

from gitinsight.errors import NotFound
from tests.support.rows import AT
from warehouse import erasure, hidden
from warehouse.engine import Connection, Engine, driver
from warehouse.erasure import Changes, Column


def shown(connection: Connection) -> list[tuple[object, ...]]:
    return driver(connection).execute("select * from marts.one order by title").fetchall()


def test_all_who_are_hidden_go_in_one_reading_of_each_table(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.begin() as connection:
        driver(connection).execute("create table marts.one (author_login text, title text)")
        driver(connection).execute(
            "insert into marts.one values ('max', 'by @ann and @max'), ('Ann', 'by @eve')"
        )
        for login in ("max", "ann", "eve"):
            hidden.hide(connection, login, at=AT)
        driver(connection).execute("truncate marts.one")
        driver(connection).execute(
            "insert into marts.one values ('max', 'by @ann and @max'), ('Ann', 'by @eve')"
        )
        read: list[str] = []
        erase = erasure.erase

        def counted(connection: Connection, columns: list[Column], *rest: Any, **more: Any) -> None:
            read.append(columns[0].table)
            erase(connection, columns, *rest, **more)

        monkeypatch.setattr(erasure, "erase", counted)
        hidden.cover(connection, ["marts"], Changes())

        assert read == ["one"]
        assert shown(connection) == [
            ("hidden.1", "by @hidden.2 and @hidden.1"), ("hidden.2", "by @hidden.3"),
        ]  # fmt: skip
        assert (
            hidden.veil(connection).text("@max, @ann and @eva") == "@hidden.1, @hidden.2 and @eva"
        )


def test_what_is_shown_names_nobody_who_is_hidden(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "create table marts.one (repository_id bigint, author_login text, title text,"
            " top_persons jsonb)"
        )
        raw.execute(
            "insert into marts.one values (1, 'max', 'a max, by @max', '[{\"person\": \"max\"}]'),"
            " (1, 'ann', 'max', '[]')"
        )
        hidden.hide(connection, "Max", at=AT)
        hidden.hide(connection, "max", at=AT)

        assert shown(connection) == [
            (1, "hidden.1", "a max, by @hidden.1", [{"person": "hidden.1"}]), (1, "ann", "max", []),
        ]  # fmt: skip
        assert hidden.logins(connection) == ["max"]
        hidden.show(connection, "MAX")
        assert hidden.logins(connection) == []
        with pytest.raises(NotFound):
            hidden.show(connection, "max")
