"""Tickets are good once, and forgotten when they are good no longer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.support.rows import AT, value
from warehouse import tickets
from warehouse.engine import Engine

UNTIL = AT + timedelta(seconds=30)


def use(warehouse: Engine, ticket: str = "t", *, seconds: int = 0) -> bool:
    with warehouse.begin() as connection:
        late = timedelta(seconds=seconds)
        return tickets.use(connection, ticket, at=AT + late, until=UNTIL + late)


def test_only_the_first_use_counts(warehouse: Engine) -> None:
    assert [use(warehouse), use(warehouse), use(warehouse, "u")] == [True, False, True]


def test_of_many_at_once_one_is_the_first(warehouse: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: use(warehouse), range(16)))

    assert found.count(True) == 1


def test_what_has_ended_is_forgotten(warehouse: Engine) -> None:
    use(warehouse)
    use(warehouse, "u", seconds=31)

    assert value(warehouse, "select count(*) from auth.used_tickets") == 1
