"""Keys that sign: one at a time, and those before it as long as they are needed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from tests.support.rows import AT
from warehouse import signing_keys
from warehouse.engine import Engine
from warehouse.signing_keys import SigningKey


def current(warehouse: Engine, *, at: datetime, oldest: datetime) -> SigningKey:
    def make() -> SigningKey:
        return SigningKey(uuid4().hex, "{}", b"sealed", at)

    with warehouse.begin() as connection:
        return signing_keys.current(connection, make, oldest=oldest)


def test_the_newest_one_signs_until_it_is_too_old(warehouse: Engine) -> None:
    day = timedelta(days=1)
    first = current(warehouse, at=AT, oldest=AT - day)

    assert current(warehouse, at=AT + day, oldest=AT - day) == first
    second = current(warehouse, at=AT + day, oldest=AT)
    assert second != first
    with warehouse.begin() as connection:
        both = signing_keys.good(connection, replaced_after=AT)
        newest = signing_keys.good(connection, replaced_after=AT + 2 * day)
    assert (both, newest) == ([second, first], [second])


def test_processes_that_need_one_at_once_agree(warehouse: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(
            pool.map(
                lambda _: current(warehouse, at=AT, oldest=AT - timedelta(days=1)).kid, range(4)
            )
        )

    assert len(found) == 1
