"""What a mart looks like is remembered for as long as nothing can have changed it unheard."""

import time
from collections.abc import Callable

import pytest

from gitinsight.errors import NotFound
from tests.support.marts import make
from warehouse import marts
from warehouse.engine import Connection, Engine
from warehouse.marts import Shape
from warehouse.shapes import Shapes

CALENDAR = Shape({"day": "date", "note": "text"}, {"day": "date"})


@pytest.fixture
def shapes(warehouse: Engine) -> Shapes:
    with warehouse.begin() as connection:
        make(connection, "marts.calendar", "day date primary key, note text")
    return Shapes()


def told(warehouse: Engine, shapes: Shapes) -> Shape:
    with warehouse.begin() as connection:
        return shapes.of(connection, "calendar")


def grow(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table marts.calendar add column more bigint")


def test_it_is_what_the_catalogue_says(warehouse: Engine, shapes: Shapes) -> None:
    assert told(warehouse, shapes) == CALENDAR
    with warehouse.begin() as connection, pytest.raises(NotFound, match="mart nothing"):
        shapes.of(connection, "nothing")


def test_it_is_not_looked_up_again_while_every_announcement_is_heard(
    warehouse: Engine, shapes: Shapes
) -> None:
    shapes.trust(time.monotonic())
    told(warehouse, shapes)
    grow(warehouse)

    assert told(warehouse, shapes) == CALENDAR


@pytest.mark.parametrize(
    "happens",
    [
        lambda shapes: shapes.forget(1, "v"),
        lambda shapes: shapes.forget_all(),
        lambda shapes: shapes.trust(time.monotonic() - 2),
    ],
    ids=["published", "interrupted", "silent"],
)
def test_it_is_where_it_may_be_another_one(
    warehouse: Engine, shapes: Shapes, happens: Callable[[Shapes], None]
) -> None:
    shapes.trust(time.monotonic())
    told(warehouse, shapes)
    grow(warehouse)
    happens(shapes)

    assert "more" in told(warehouse, shapes).columns


def test_what_was_looked_up_before_an_announcement_is_not_kept_after_it(
    warehouse: Engine, shapes: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes.trust(time.monotonic())
    look = marts.shape_of

    def look_too_early(connection: Connection, mart: str) -> Shape:
        found = look(connection, mart)
        shapes.forget(1, "v")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(marts, "shape_of", look_too_early)
        told(warehouse, shapes)
    grow(warehouse)

    assert "more" in told(warehouse, shapes).columns


def test_what_was_looked_up_unheard_is_not_kept(warehouse: Engine, shapes: Shapes) -> None:
    told(warehouse, shapes)
    grow(warehouse)
    shapes.trust(time.monotonic())

    assert "more" in told(warehouse, shapes).columns
