"""Benches: one for each job that makes figures, and none for two."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from queue import Queue

import pytest

from tests.support.analyses import count
from tests.support.marts import make
from tests.support.outages import kill_sessions
from tests.support.rows import value
from warehouse import benches
from warehouse.engine import UNREACHABLE, Engine, session_lock
from warehouse.publish import LOCK_KEY
from warehouse.schemas import NOW, Schemas


def named(number: int) -> Schemas:
    return Schemas(made=f"bench{number}_") if number else NOW


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_each_works_at_one_of_its_own_and_the_next_takes_what_is_free(warehouse: Engine) -> None:
    with benches.taken(warehouse) as first:
        with benches.taken(warehouse) as second:
            pass
        with benches.taken(warehouse) as third:
            pass

    assert (first, second, third) == (NOW, named(1), named(1))


def test_whoever_finds_none_waits_for_one(warehouse: Engine, held: ExitStack) -> None:
    most = [ExitStack() for _ in range(benches.MOST)]
    taken = [one.enter_context(benches.taken(warehouse)) for one in most]
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        most[3].close()

    late = held.enter_context(benches.taken(warehouse, wait=wait))
    for one in most:
        one.close()

    assert taken == [named(number) for number in range(benches.MOST)]
    assert (late, len(waited)) == (named(3), 1)


def test_giants_leave_some_to_those_that_are_small(warehouse: Engine, held: ExitStack) -> None:
    giants = [
        held.enter_context(benches.taken(warehouse, is_giant=True))
        for _ in range(benches.MOST // 2)
    ]

    def refuse(_seconds: float) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError), benches.taken(warehouse, is_giant=True, wait=refuse):
        pass
    with benches.taken(warehouse, wait=refuse) as small:
        assert small == NOW
    assert giants == [named(number) for number in range(4, 8)]


def test_nothing_is_left_at_any_but_the_first(warehouse: Engine) -> None:
    for _ in range(2):
        with benches.taken(warehouse) as first, benches.taken(warehouse) as second:
            for schemas in (first, second):
                with warehouse.begin() as connection:
                    for schema in ("staging", "intermediate", "candidate"):
                        make(connection, f"{schemas.named(schema)}.activity", "n int", (1,))

    told = [
        count(warehouse, f"{schemas.named(schema)}.activity")
        for schemas in (NOW, named(1)) for schema in ("staging", "intermediate", "candidate")
    ]  # fmt: skip
    assert told == [1, 1, 1, 1, 0, 0], "seeds lie in staging, and are not made again"


def test_one_is_free_again_whatever_became_of_its_job(warehouse: Engine, database_url: str) -> None:
    def lose() -> None:
        with benches.taken(warehouse):
            kill_sessions(database_url)

    with pytest.raises(ValueError, match="inside"), benches.taken(warehouse):
        raise ValueError("inside")
    with pytest.raises(UNREACHABLE):
        lose()
    with benches.taken(warehouse) as again:
        assert again == NOW
    assert value(warehouse, "select count(*) from pg_locks where locktype = 'advisory'") == 0


def test_whoever_must_not_meet_an_analysis_waits_for_all_and_keeps_all_out(
    warehouse: Engine,
) -> None:
    order: Queue[str] = Queue()

    def forget() -> None:
        with session_lock(warehouse, LOCK_KEY):
            order.put("forget")

    def analyse() -> None:
        with benches.taken(warehouse):
            order.put("analyse")

    with benches.taken(warehouse), benches.taken(warehouse):
        alone = threading.Thread(target=forget)
        alone.start()
        alone.join(0.2)
        late = threading.Thread(target=analyse)
        late.start()
        late.join(0.2)
        order.put("both")
    alone.join(5)
    late.join(5)

    assert [order.get(timeout=5) for _ in range(3)] == ["both", "forget", "analyse"]
