"""Records that a sweep did not find."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from gitinsight.things.issues import ISSUES
from tests.support.rows import payload_row
from warehouse import raw, suspects
from warehouse.engine import Engine
from warehouse.raw import Origin

AT = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = Origin(1, "rest", "2022-11-28", AT, UUID(int=1))


def held(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        rows = [payload_row(1, number=7), payload_row(2, number=8)]
        raw.upsert(connection, "issues", rows, origin=ORIGIN)


def test_a_suspect_is_due_with_its_number_until_it_was_asked_about(warehouse: Engine) -> None:
    held(warehouse)
    with warehouse.begin() as connection:
        suspects.add(connection, 1, "issues", [1, 1], at=AT)

        (found,) = suspects.due(connection, 1, [ISSUES], before=AT)
        assert (found.id, found.number, found.checks) == (1, 7, 0)

        suspects.checked(connection, 1, found, at=AT)
        assert suspects.due(connection, 1, [ISSUES], before=AT) == []
        (found,) = suspects.due(connection, 1, [ISSUES], before=AT + timedelta(hours=8))
        assert found.checks == 1

        suspects.clear(connection, 1, found)
        assert suspects.due(connection, 1, [ISSUES], before=AT + timedelta(days=9)) == []


def test_what_is_gone_already_is_no_suspect(warehouse: Engine) -> None:
    held(warehouse)
    with warehouse.begin() as connection:
        suspects.add(connection, 1, "issues", [2], at=AT)
        raw.mark_deleted(connection, "issues", 1, [2], at=AT, reason="deleted")

        assert suspects.due(connection, 1, [ISSUES], before=AT) == []
