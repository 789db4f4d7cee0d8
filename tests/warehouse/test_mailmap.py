"""What `.mailmap` says holds until it says otherwise, and what it said is kept."""

from datetime import timedelta
from uuid import uuid4

from tests.support.rows import AT, fetch
from warehouse import mailmap
from warehouse.engine import Connection, Engine
from warehouse.git import Run

HOUR = timedelta(hours=1)
ROWS = "select email, proper_email, extracted_at, replaced_at from raw.git_mailmap order by 1, 3"


def replace(connection: Connection, hours: int, **emails: str) -> int:
    return mailmap.replace(connection, emails, run=Run(1, AT + hours * HOUR, uuid4()))


def test_what_it_said_before_is_kept_with_its_time(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        assert replace(connection, 0, a="x", b="y", c="z") == 3
        assert replace(connection, 1, a="x", b="other") == 2
        assert replace(connection, 2, a="x", b="other") == 0

        assert fetch(connection, ROWS) == [
            ("a", "x", AT, None),
            ("b", "y", AT, AT + HOUR),
            ("b", "other", AT + HOUR, None),
            ("c", "z", AT, AT + HOUR),
        ]


def test_the_same_job_may_write_twice(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        replace(connection, 0, a="x")
        replace(connection, 0)
        replace(connection, 0, a="y")

        assert fetch(connection, ROWS) == [("a", "y", AT, None)]
