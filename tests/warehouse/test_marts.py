"""Marts as readers see them: only what the catalogue names, page by page, null where unknown."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest

from gitinsight.errors import NotFound
from tests.support.marts import ACTIVITY, SUMMARY, make, publish_figures
from tests.support.rows import claim, fetch
from warehouse import marts
from warehouse.engine import Connection, Engine

INJECTIONS = (
    "nothing", "", "daily_activity; drop table ops.jobs", 'daily_activity" --', "../raw",
    "pg_class", "github_issues", "marts.daily_activity", "DAILY_ACTIVITY",
)  # fmt: skip


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    """One repository with figures, and another with two days."""
    publish_figures(warehouse, claim(warehouse, 1))
    with warehouse.begin() as connection:
        insert = "insert into marts.daily_activity values (2, %s, 9, 9, 9, 1, null) returning 1"
        for day in ("2026-01-01", "2026-01-02"):
            fetch(connection, insert, day)
        connection.exec_driver_sql("comment on table marts.daily_activity is 'by day'")
        connection.exec_driver_sql("comment on column marts.daily_activity.day is 'of UTC'")
    return warehouse


def series(
    warehouse: Engine, metric: str = "commits_count", **asked: Any
) -> list[tuple[date, Any]]:
    wanted = {"first": None, "last": None, "every": "day", "actors": "all"} | asked
    with warehouse.begin() as connection:
        return [(one["at"], one["value"]) for one in marts.series(connection, 1, metric, **wanted)]


def pages(
    connection: Connection, mart: str, *, limit: int, repository_id: int | None = None
) -> list[list[Any]]:
    found: list[list[Any]] = []
    after: tuple[str, ...] | None = ()
    while after is not None:
        page = marts.rows(connection, mart, repository_id=repository_id, limit=limit, after=after)
        found.append(page.rows)
        after = page.end
    return found


class TestCatalogue:
    def test_every_mart_is_named_with_what_it_is_for(self, filled: Engine) -> None:
        with filled.begin() as connection:
            found = {one["name"]: one["description"] for one in marts.names(connection)}

        assert found == {
            "contributor": None,
            "daily_activity": "by day",
            "repository_summary": None,
        }

    def test_every_column_is_named_with_what_it_means(self, filled: Engine) -> None:
        with filled.begin() as connection:
            found = marts.columns(connection, "daily_activity")

        assert [one["name"] for one in found][:3] == ["repository_id", "day", "commits_count"]
        assert found[1] == {
            "name": "day",
            "type": "date",
            "nullable": False,
            "description": "of UTC",
        }

    @pytest.mark.parametrize("name", INJECTIONS)
    def test_what_the_catalogue_does_not_name_is_not_found(self, filled: Engine, name: str) -> None:
        with filled.begin() as connection:
            with pytest.raises(NotFound):
                marts.columns(connection, name)
            with pytest.raises(NotFound):
                marts.rows(connection, name, repository_id=None, limit=1)


class TestRows:
    @pytest.mark.parametrize("limit", [1, 2, 4, 5, 500])
    def test_pages_show_every_row_once_and_in_order(self, filled: Engine, limit: int) -> None:
        with filled.begin() as connection:
            found = pages(connection, "daily_activity", limit=limit)
            whole = fetch(
                connection, "select repository_id, day from marts.daily_activity order by 1, 2"
            )

        assert [(row["repository_id"], row["day"]) for page in found for row in page] == whole
        assert all(len(page) == limit for page in found[:-1])
        assert found[-1]

    def test_a_publication_between_two_pages_moves_no_row(self, filled: Engine) -> None:
        """An offset would show one of them twice, or leave one out."""
        with filled.begin() as connection:
            first = marts.rows(connection, "daily_activity", repository_id=1, limit=1)
            fetch(
                connection,
                "delete from marts.daily_activity where repository_id = 1"
                " and day = '2026-01-05' returning 1",
            )
            second = marts.rows(
                connection, "daily_activity", repository_id=1, limit=1, after=first.end or ()
            )

        assert [one["day"].day for one in (*first.rows, *second.rows)] == [5, 6]

    def test_rows_can_be_those_of_one_repository(self, filled: Engine) -> None:
        with filled.begin() as connection:
            found = marts.rows(connection, "daily_activity", repository_id=2, limit=9)

        assert {row["repository_id"] for row in found.rows} == {2}
        assert found.end is None

    def test_a_mart_of_no_repository_cannot_be_asked_for_one(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            make(connection, "marts.calendar", "day date primary key", ("2026-01-01",))

            assert len(pages(connection, "calendar", limit=1)) == 1
            with pytest.raises(NotFound, match="repository_id"):
                marts.rows(connection, "calendar", repository_id=1, limit=1)

    def test_rows_of_an_empty_mart_are_none(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            make(connection, "marts.daily_activity", ACTIVITY)

            found = marts.rows(connection, "daily_activity", repository_id=None, limit=1)

        assert found == marts.Page([], None)

    @pytest.mark.parametrize(
        "after",
        [("1",), ("1", "2026-01-05", "3"), ("x", "2026-01-05"), ("1", "a day"), ("1", "\0")],
    )
    def test_a_page_that_ends_nowhere_is_refused(
        self, filled: Engine, after: tuple[str, ...]
    ) -> None:
        with filled.begin() as connection, pytest.raises(ValueError, match=r"daily_activity|zip"):
            marts.rows(connection, "daily_activity", repository_id=1, limit=1, after=after)

    def test_a_page_cannot_smuggle_sql_in(self, filled: Engine) -> None:
        after = ("0", "2026-01-01' or true; drop table marts.daily_activity --")
        with filled.begin() as connection, pytest.raises(ValueError, match="no page"):
            marts.rows(connection, "daily_activity", repository_id=1, limit=1, after=after)

        with filled.begin() as connection:
            assert marts.columns(connection, "daily_activity")

    def test_whoever_asks_for_whatever_page_it_is_one_statement_to_postgresql(
        self, filled: Engine
    ) -> None:
        """It prepares what it has been asked five times."""
        with filled.begin() as connection:
            for number in range(1, 9):
                marts.rows(
                    connection, "daily_activity", repository_id=number, limit=number,
                    after=(str(number), "2026-01-01"), readable=frozenset({number}),
                )  # fmt: skip

            prepared = fetch(
                connection,
                "select count(*) from pg_prepared_statements where statement ~ 'daily_activity'",
            )

        assert prepared == [(1,)]

    def test_what_is_no_number_is_not_known(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            make(
                connection, "marts.odd", "id bigint primary key, share numeric",
                (1, "NaN"), (2, None), (3, "2.5"),
            )  # fmt: skip

            found = marts.rows(connection, "odd", repository_id=None, limit=9).rows

        assert [one["share"] for one in found] == [None, None, Decimal("2.5")]


class TestSummary:
    def test_it_is_the_one_row_and_what_is_unknown_is_null(self, filled: Engine) -> None:
        with filled.begin() as connection:
            assert marts.summary(connection, 1) == {
                "repository_id": 1, "issues_count": 479, "forks_count": None, "p50_hours": 2.5,
            }  # fmt: skip

    def test_a_repository_without_figures_has_none(self, filled: Engine) -> None:
        with filled.begin() as connection, pytest.raises(NotFound, match="summary of repository 9"):
            marts.summary(connection, 9)

    def test_before_the_first_publication_there_is_no_mart(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection, pytest.raises(NotFound, match="repository_summary"):
            marts.summary(connection, 1)


class TestSeries:
    """The days are Monday the 5th, Tuesday the 6th, and Monday the 12th, which is unknown."""

    @pytest.mark.parametrize(
        ("every", "expected"),
        [
            ("day", [(5, 3), (6, 4), (12, None)]),
            ("week", [(5, 7), (12, None)]),
            ("month", [(1, None)]),
        ],
    )
    def test_counts_add_up_and_are_null_where_a_day_is_unknown(
        self, filled: Engine, every: str, expected: list[tuple[int, int | None]]
    ) -> None:
        assert [(at.day, value) for at, value in series(filled, every=every)] == expected

    def test_it_can_begin_and_end_on_a_day(self, filled: Engine) -> None:
        found = series(filled, first=date(2026, 1, 6), last=date(2026, 1, 6))

        assert found == [(date(2026, 1, 6), 4)]

    @pytest.mark.parametrize("metric", ["commits_count", "commits_human_count"])
    def test_humans_are_counted_where_a_column_counts_them(
        self, filled: Engine, metric: str
    ) -> None:
        assert series(filled, metric, actors="human", every="week")[0] == (date(2026, 1, 5), 6)

    def test_where_no_column_counts_humans_there_is_no_figure_of_them(self, filled: Engine) -> None:
        with pytest.raises(NotFound, match="lines_added_count of human"):
            series(filled, "lines_added_count", actors="human")

    def test_persons_of_a_week_are_not_the_sum_of_those_of_its_days(self, filled: Engine) -> None:
        assert series(filled, "active_persons_count")[0] == (date(2026, 1, 5), 2)
        with pytest.raises(NotFound, match="active_persons_count by week"):
            series(filled, "active_persons_count", every="week")

    @pytest.mark.parametrize(
        ("every", "expected"),
        [
            ("day", [(5, 4), (6, 9), (12, None)]),
            ("week", [(5, 9), (12, None)]),
            ("month", [(1, None)]),
        ],
    )
    def test_what_is_open_at_the_end_of_a_week_is_so_at_the_end_of_its_last_day(
        self, warehouse: Engine, every: str, expected: list[tuple[int, int | None]]
    ) -> None:
        columns = (
            "repository_id bigint, day date, issues_open_eod_count bigint,"
            " primary key (repository_id, day)"
        )
        with warehouse.begin() as connection:
            make(
                connection, "marts.daily_activity", columns,
                (1, "2026-01-06", 9), (1, "2026-01-05", 4), (1, "2026-01-12", None),
            )  # fmt: skip

        found = series(warehouse, "issues_open_eod_count", every=every)
        assert [(at.day, value) for at, value in found] == expected

    @pytest.mark.parametrize("metric", ["repository_id", "day", "remark", *INJECTIONS[:4]])
    def test_what_is_no_count_is_no_metric(self, filled: Engine, metric: str) -> None:
        with pytest.raises(NotFound):
            series(filled, metric)

    @pytest.mark.parametrize("actors", ["human", "all"])
    def test_days_without_a_row_are_not_made_up(
        self, warehouse: Engine, actors: Literal["human", "all"]
    ) -> None:
        with warehouse.begin() as connection:
            make(connection, "marts.daily_activity", ACTIVITY)
            make(connection, "marts.repository_summary", SUMMARY)

        assert series(warehouse, actors=actors) == []
