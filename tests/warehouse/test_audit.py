"""The audit: what was asked to be written, newest first."""

from dataclasses import asdict, replace

import pytest

from tests.support.rows import AT
from warehouse import audit
from warehouse.audit import Entry, Recorded
from warehouse.engine import Engine

ENTRY = Entry(AT, "user:1", "::1", "POST", "/api/v1/jobs/{job_id}/retry", "/x", 202, "r-1")


@pytest.fixture
def recorded(warehouse: Engine) -> Engine:
    with warehouse.begin() as connection:
        for number in (1, 2, 3):
            audit.record(connection, replace(ENTRY, request_id=f"r-{number}"))
        audit.record(connection, replace(ENTRY, principal="key:1"))
    return warehouse


def test_what_is_recorded_is_told(recorded: Engine) -> None:
    with recorded.begin() as connection:
        found = audit.recent(connection, limit=2, principal="user:1")

    assert found == [
        Recorded(**asdict(replace(ENTRY, request_id=f"r-{number}")), audit_id=number)
        for number in (3, 2)
    ]


def test_a_page_goes_on_where_the_one_before_ended(recorded: Engine) -> None:
    with recorded.begin() as connection:
        first = audit.recent(connection, limit=2)
        rest = audit.recent(connection, limit=9, before=first[-1].audit_id)

    assert [one.audit_id for one in (*first, *rest)] == [4, 3, 2, 1]
