"""A proof is begun before the first row is changed, and goes on where one was left open."""

from gitinsight.veil import Ghost
from tests.support.rows import AT
from warehouse import proofs
from warehouse.engine import Engine, driver

GHOST = Ghost(1)


def test_one_that_was_left_open_goes_on_and_one_that_ended_does_not(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        assert proofs.begin(connection, GHOST, at=AT) == {}
        proofs.note(connection, GHOST, {"raw.one.login": 2})
        assert proofs.begin(connection, GHOST, at=AT) == {"raw.one.login": 2}
        assert proofs.look(connection, GHOST, remains={"logs/a": 1}, mirrors=["5"]) == {"logs/a": 1}
        # Whoever looks again knows the login alone, and finds less: what was found stays told.
        assert proofs.look(connection, GHOST, remains={}, mirrors=[]) == {"logs/a": 1}
        proofs.end(connection, GHOST, at=AT)
        assert proofs.begin(connection, GHOST, at=AT.replace(year=AT.year + 1)) == {}
        held = (
            driver(connection)
            .execute("select changed, remains, mirrors, ended_at from ops.erasures order by at")
            .fetchall()
        )

    assert held == [({"raw.one.login": 2}, {"logs/a": 1}, ["5"], AT), ({}, None, [], None)]
