"""Workers wherever they are: their places are one pool, and those of the dead are none."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.support.analyses import rows
from tests.support.rows import AT
from warehouse import workers
from warehouse.engine import Engine
from warehouse.workers import SILENT

SECOND = timedelta(seconds=1)


def tell(warehouse: Engine, number: int, places: int, *, at: datetime = AT) -> None:
    with warehouse.begin() as connection:
        workers.tell(connection, UUID(int=number), host=f"host-{number}", places=places, at=at)


def places(warehouse: Engine, *, at: datetime = AT) -> int:
    with warehouse.begin() as connection:
        return workers.places(connection, at=at)


def test_there_are_as_many_places_as_all_that_are_up_have(warehouse: Engine) -> None:
    assert places(warehouse) == 0

    tell(warehouse, 1, 2)
    tell(warehouse, 2, 3, at=AT + 20 * SECOND)

    assert places(warehouse, at=AT + 20 * SECOND) == 5
    assert places(warehouse, at=AT + SILENT) == 3, "the first was not heard of again"


def test_one_that_ends_takes_its_places_along(warehouse: Engine) -> None:
    tell(warehouse, 1, 2)
    tell(warehouse, 2, 3)
    with warehouse.begin() as connection:
        workers.leave(connection, UUID(int=2))

    assert places(warehouse) == 2


def test_what_is_told_twice_a_second_is_written_every_five(warehouse: Engine) -> None:
    for seconds in range(13):
        tell(warehouse, 1, 2, at=AT + seconds * SECOND)

    assert rows(warehouse, "select started_at, seen_at, host from ops.workers") == [
        (AT, AT + 10 * SECOND, "host-1")
    ]


def test_those_that_ended_long_ago_are_not_kept(warehouse: Engine) -> None:
    tell(warehouse, 1, 2)
    tell(warehouse, 2, 2, at=AT + timedelta(days=2))

    assert rows(warehouse, "select worker_id from ops.workers") == [(UUID(int=2),)]
