"""Reports of wrong figures: kept as they were made, open until answered, seen by who may."""

from datetime import timedelta

import pytest

from gitinsight.errors import NotFound
from tests.support.rows import AT, add_repository
from warehouse import reports
from warehouse.engine import Connection, Engine
from warehouse.reports import Report


@pytest.fixture
def reported(warehouse: Engine) -> Engine:
    """Two of a public repository, one of a private one."""
    for number in (1, 2):
        add_repository(warehouse, f"octo/r{number}", github_id=number)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set is_private = true where repository_id = 2"
        )
        for repository_id in (1, 2, 1):
            add(connection, repository_id)
    return warehouse


def add(connection: Connection, repository_id: int) -> Report:
    return reports.add(
        connection, repository_id, metric="commits@1", shown="812", as_of=AT, comment="too many",
        by="user:3", at=AT,
    )  # fmt: skip


def ids(connection: Connection, **told: object) -> list[int]:
    return [one.report_id for one in reports.several(connection, **told)]  # type: ignore[arg-type]


def test_a_report_keeps_what_was_shown(reported: Engine) -> None:
    with reported.begin() as connection:
        newest = reports.several(connection, limit=1)[0]

    assert newest == Report(
        3, 1, "commits@1", "812", AT, "too many", "user:3", AT, None, None, None
    )  # fmt: skip


def test_the_newest_come_first_page_by_page(reported: Engine) -> None:
    with reported.begin() as connection:
        assert ids(connection, limit=2) == [3, 2]
        assert ids(connection, before=2) == [1]


def test_an_answer_closes_it(reported: Engine) -> None:
    later = AT + timedelta(hours=1)
    with reported.begin() as connection:
        closed = reports.close(connection, 1, answer="so it was", by="admin", at=later)
        assert (closed.answer, closed.closed_by, closed.closed_at) == ("so it was", "admin", later)
        assert ids(connection, is_open=True) == [3, 2]
        assert ids(connection, is_open=False) == [1]
        with pytest.raises(NotFound, match="report 9"):
            reports.close(connection, 9, answer="a", by="admin", at=AT)


def test_what_is_private_is_kept_from_others(reported: Engine) -> None:
    with reported.begin() as connection:
        assert ids(connection, readable=frozenset()) == [3, 1]
        assert ids(connection, readable=frozenset({2})) == [3, 2, 1]
        with pytest.raises(NotFound, match="report 2"):
            reports.close(connection, 2, answer="a", by="b", at=AT, readable=frozenset())
