"""Publication: everything of one repository at once, and only what differs is written."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gitinsight.errors import TransientError
from tests.support.marts import make
from tests.support.rows import AT, fetch
from warehouse import publish
from warehouse.engine import Connection, Engine

JOB = UUID(int=1)
COLUMNS = "repository_id bigint, day date, n int, primary key (repository_id, day)"
BUS_FACTOR = {
    "window_days": 0, "commits_count": 3, "persons_count": 1, "top_persons": [{"person": "ann"}],
    "as_of": AT, "definition": "bus-factor@1", "job_id": JOB,
}  # fmt: skip


def show(
    connection: Connection, repository_id: int = 1, *, rows: dict[str, Sequence[Any]] | None = None
) -> int:
    publish.prepare(connection)
    return publish.publish(
        connection, repository_id, job_id=JOB, as_of=AT, at=AT, quality_status="passed",
        rows=rows or {},
    )  # fmt: skip


def published(
    warehouse: Engine, columns: str, *rows: tuple[Any, ...], repository_id: int = 1
) -> None:
    """The candidate of one job, published."""
    with warehouse.begin() as connection:
        make(connection, "candidate.activity", columns, *rows)
        show(connection, repository_id)


def held(warehouse: Engine, what: str = "*") -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return fetch(connection, f"select {what} from marts.activity order by 1, 2")


def types(warehouse: Engine) -> dict[str, str]:
    with warehouse.connect() as connection:
        return dict(
            fetch(
                connection,
                "select column_name, data_type from information_schema.columns"
                " where table_schema = 'marts' and table_name = 'activity'",
            )
        )


class TestRows:
    def test_what_is_new_changed_or_gone_is_so_for_readers(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", 1), (1, "2026-01-02", 2))

        published(warehouse, COLUMNS, (1, "2026-01-02", 3), (1, "2026-01-03", 4))

        found = held(warehouse, "day::text, n")
        assert found == [("2026-01-02", 3), ("2026-01-03", 4)]

    def test_a_row_that_stays_as_it_is_is_not_written(self, warehouse: Engine) -> None:
        rows = [(1, "2026-01-01", 1), (1, "2026-01-02", None)]
        published(warehouse, COLUMNS, *rows)
        before = held(warehouse, "day, xmin::text")

        published(warehouse, COLUMNS, *rows, (1, "2026-01-03", 3))

        assert held(warehouse, "day, xmin::text")[:2] == before

    def test_unknown_that_becomes_known_is_written(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", None))

        published(warehouse, COLUMNS, (1, "2026-01-01", 0))

        assert held(warehouse, "n, day::text") == [(0, "2026-01-01")]

    def test_other_repositories_are_left_alone(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", 1))
        published(warehouse, COLUMNS, (2, "2026-01-01", 2), repository_id=2)
        before = held(warehouse, "repository_id, n, xmin::text")

        published(warehouse, COLUMNS, repository_id=2)

        assert held(warehouse, "repository_id, n, xmin::text") == before[:1]

    def test_a_candidate_of_another_repository_is_not_published(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", 1), (2, "2026-01-01", 2))

        assert held(warehouse, "repository_id, n") == [(1, 1)]

    def test_a_mart_that_is_all_key_is_published_too(self, warehouse: Engine) -> None:
        columns = "repository_id bigint, person text, primary key (repository_id, person)"
        published(warehouse, columns, (1, "ann"))

        published(warehouse, columns, (1, "ann"), (1, "bob"))

        assert held(warehouse) == [(1, "ann"), (1, "bob")]


class TestShape:
    """The published table follows its candidate."""

    def test_its_key_is_that_of_the_candidate(self, warehouse: Engine) -> None:
        published(warehouse, "day date, repository_id bigint, primary key (repository_id, day)")

        with warehouse.connect() as connection:
            found = fetch(
                connection,
                "select pg_get_constraintdef(oid) from pg_constraint"
                " where conrelid = 'marts.activity'::regclass and contype = 'p'",
            )
        assert found == [("PRIMARY KEY (repository_id, day)",)]

    def test_a_new_column_is_unknown_where_nobody_looked_yet(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (2, "2026-01-01", 2), repository_id=2)

        wider = COLUMNS.replace("n int", "n int, seen text not null")
        published(warehouse, wider, (1, "2026-01-01", 1, "yes"))

        assert held(warehouse, "repository_id, n, seen") == [(1, 1, "yes"), (2, 2, None)]

    def test_a_column_of_another_type_is_cast(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (2, "2026-01-01", 2), repository_id=2)

        published(warehouse, COLUMNS.replace("n int", "n double precision"), (1, "2026-01-01", 1.5))

        assert types(warehouse)["n"] == "double precision"
        assert held(warehouse, "repository_id, n") == [(1, 1.5), (2, 2.0)]

    def test_a_column_that_is_no_more_is_dropped(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", 1))

        published(warehouse, COLUMNS.replace("n int, ", ""), (1, "2026-01-01"))

        assert set(types(warehouse)) == {"repository_id", "day"}

    def test_where_the_key_is_another_the_mart_begins_anew(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (2, "2026-01-01", 2), repository_id=2)

        published(
            warehouse,
            "repository_id bigint, day date, n int, primary key (repository_id, day, n)",
            (1, "2026-01-01", 1), (1, "2026-01-01", 2),
        )  # fmt: skip

        assert held(warehouse, "repository_id, n") == [(1, 1), (1, 2)]

    def test_names_that_want_quotes_are_quoted(self, warehouse: Engine) -> None:
        columns = COLUMNS.replace("n int", '"Größe; drop" int')
        published(warehouse, columns, (1, "2026-01-01", 1))

        published(warehouse, columns, (1, "2026-01-01", 2))

        assert held(warehouse, '"Größe; drop"::text, 1') == [("2", 1)]

    def test_comments_come_along_and_go_along(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            make(connection, "candidate.activity", COLUMNS)
            connection.exec_driver_sql("comment on table candidate.activity is 'it''s by day'")
            connection.exec_driver_sql("comment on column candidate.activity.n is 'how many'")
            show(connection)
            first = comments(connection)
            make(connection, "candidate.activity", COLUMNS)
            connection.exec_driver_sql("comment on column candidate.activity.day is 'in UTC'")
            show(connection)
            second = comments(connection)

        assert first == [(0, "it's by day"), (3, "how many")]
        assert second == [(2, "in UTC")]

    def test_a_candidate_without_a_key_is_refused(self, warehouse: Engine) -> None:
        with pytest.raises(ValueError, match="activity has no primary key"):
            published(warehouse, "repository_id bigint, day date")


def comments(connection: Connection) -> list[tuple[Any, ...]]:
    return fetch(
        connection,
        "select objsubid, description from pg_description"
        " where objoid = 'marts.activity'::regclass order by 1",
    )


class TestVersions:
    def say(self, connection: Connection, version: str) -> None:
        connection.exec_driver_sql(f"comment on schema candidate is '{version}'")

    def test_tables_of_another_version_of_the_models_are_not_written(
        self, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            make(connection, "candidate.activity", COLUMNS, (1, "2026-01-01", 1))
            self.say(connection, "models of today")
            show(connection)
            self.say(connection, "models of tomorrow")

            with pytest.raises(TransientError, match="another version of the models"):
                publish.publish(
                    connection, 1, job_id=JOB, as_of=AT, at=AT, quality_status="passed", rows={}
                )
            assert show(connection) == 2

    def test_nobody_waits_for_tables_that_are_of_the_version_already(
        self, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            make(connection, "candidate.activity", COLUMNS, (1, "2026-01-01", 1))
            self.say(connection, "models of today")
            show(connection)

        with warehouse.begin() as reader, warehouse.begin() as connection:
            fetch(reader, "select * from marts.activity")
            connection.exec_driver_sql("set local lock_timeout = '1s'")
            publish.prepare(connection)
            held = fetch(
                connection,
                "select mode from pg_locks where pid = pg_backend_pid()"
                " and relation = 'marts.activity'::regclass",
            )
        assert held == [], "a comment is a lock that two publications cannot share"


class TestWhole:
    def test_each_publication_has_the_next_number_and_says_whose_figures_they_are(
        self, warehouse: Engine
    ) -> None:
        later = AT + timedelta(hours=1)
        with warehouse.begin() as connection:
            first = show(connection)
            second = publish.publish(
                connection, 1, job_id=UUID(int=2), as_of=later, at=later,
                quality_status="warned", rows={},
            )  # fmt: skip
            found = fetch(connection, "select job_id, as_of, quality_status from ops.publications")

            assert publish.published_as_of(connection, 1) == later
            assert publish.published_as_of(connection, 2) is None
        assert (first, second) == (1, 2)
        assert found == [(UUID(int=2), later, "warned")]

    def test_insights_are_published_with_the_marts(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            show(connection, rows={"bus_factor": [BUS_FACTOR]})

            assert fetch(
                connection, "select window_days, commits_count from insights.bus_factor"
            ) == [(0, 3)]

    @pytest.mark.parametrize("fault", ["a mart", "an insight"])
    def test_an_error_in_the_middle_leaves_the_last_good_figures(
        self, warehouse: Engine, fault: str
    ) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", 1))
        rows = (
            {"bus_factor": [BUS_FACTOR | {"commits_count": None}]} if fault == "an insight" else {}
        )

        def publish_more() -> None:
            with warehouse.begin() as connection:
                wider = COLUMNS.replace("n int", "n int, seen text")
                make(connection, "candidate.activity", wider, (1, "2026-01-01", 2, "yes"))
                if fault == "a mart":
                    make(connection, "candidate.zebra", "repository_id bigint")
                show(connection, rows=rows)

        with pytest.raises(Exception, match=r"primary key|commits_count"):
            publish_more()

        assert held(warehouse) == [(1, held(warehouse)[0][1], 1)]
        with warehouse.connect() as connection:
            assert fetch(connection, "select publication from ops.publications") == [(1,)]

    def test_readers_see_the_old_figures_until_all_are_there(self, warehouse: Engine) -> None:
        published(warehouse, COLUMNS, (1, "2026-01-01", 1))
        with warehouse.begin() as connection:
            make(connection, "candidate.activity", COLUMNS, (1, "2026-01-01", 2))
            show(connection)

            assert held(warehouse, "n, day::text") == [(1, "2026-01-01")]
        assert held(warehouse, "n, day::text") == [(2, "2026-01-01")]

    def test_what_is_made_and_what_is_shown_can_be_listed(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            make(connection, "candidate.b", "repository_id bigint primary key")
            make(connection, "candidate.a", "repository_id bigint primary key")
            assert (publish.candidates(connection), publish.published(connection)) == (
                ["a", "b"],
                [],
            )
            show(connection)

            assert publish.published(connection) == ["a", "b"]
