"""The audit: what was asked to be written, newest first."""

from dataclasses import replace

from tests.support.rows import AT
from warehouse import audit
from warehouse.audit import Entry
from warehouse.engine import Engine


def test_what_is_recorded_is_told(warehouse: Engine) -> None:
    entry = Entry(AT, "user:1", "::1", "POST", "/api/v1/jobs/{job_id}/retry", "/x", 202, "r-1")
    with warehouse.begin() as connection:
        for number in (1, 2, 3):
            audit.record(connection, replace(entry, request_id=f"r-{number}"))

        found = audit.recent(connection, limit=2)

    assert found == [replace(entry, request_id="r-3"), replace(entry, request_id="r-2")]
