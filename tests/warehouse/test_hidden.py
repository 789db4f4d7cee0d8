"""Whoever is hidden is counted as before and named nowhere that is shown."""

import pytest

from gitinsight.errors import NotFound
from tests.support.rows import AT
from warehouse import hidden
from warehouse.engine import Connection, Engine, driver


def shown(connection: Connection) -> list[tuple[object, ...]]:
    return driver(connection).execute("select * from marts.one order by title").fetchall()


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
