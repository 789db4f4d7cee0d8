"""Raw rows: what is new, what is changed, what is gone, and what is left alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitinsight.github.payloads import Row
from tests.support.rows import AT, fetch, payload_row
from warehouse import holdings, raw
from warehouse.engine import Connection, Engine
from warehouse.raw import Origin, Written

ORIGIN = Origin(1, "rest", "2022-11-28", AT, UUID(int=1))
LATER = Origin(1, "rest", "2022-11-28", AT + timedelta(hours=1), UUID(int=2))
OLD, NEW = AT - timedelta(days=2), AT - timedelta(days=1)


def put(warehouse: Engine, *rows: Row, origin: Origin = ORIGIN, thing: str = "issues") -> Written:
    with warehouse.begin() as connection:
        return raw.upsert(connection, thing, rows, origin=origin)


def held(warehouse: Engine, columns: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return fetch(connection, f"select {columns} from raw.github_issues order by id")


def history(warehouse: Engine, columns: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return fetch(
            connection, f"select {columns} from raw.github_issues_history order by id, valid_from"
        )


def test_a_new_record_is_kept_as_it_came_with_where_it_came_from(warehouse: Engine) -> None:
    written = put(warehouse, payload_row(7, title="Grüße", body="a\tb\\n\n"))

    assert written == Written(new=1)
    (row,) = held(warehouse, "id, payload, source, api_version, extracted_at, run_id, deleted_at")
    payload = {"id": 7, "title": "Grüße", "body": "a\tb\\n\n"}
    assert row == (7, payload, "rest", "2022-11-28", AT, UUID(int=1), None)


def test_nothing_at_all_writes_nothing(warehouse: Engine) -> None:
    assert put(warehouse) == Written()


def test_an_unchanged_record_is_not_written_at_all(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, title="a"), payload_row(2, title="b"))
    before = held(warehouse, "id, xmin, extracted_at")

    written = put(warehouse, payload_row(1, title="a"), payload_row(2, title="b"), origin=LATER)

    assert written == Written(unchanged=2)
    assert held(warehouse, "id, xmin, extracted_at") == before
    assert history(warehouse, "id") == []


def test_a_record_whose_addresses_alone_changed_is_unchanged(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, title="a", html_url="https://old.test/1"))

    written = put(warehouse, payload_row(1, title="a", html_url="https://new.test/1"))

    assert written == Written(unchanged=1)


def test_a_changed_record_leaves_its_former_version_in_the_history(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, at=OLD, title="before"))

    written = put(warehouse, payload_row(1, at=NEW, title="after"), origin=LATER)

    assert written == Written(changed=1)
    assert held(warehouse, "payload ->> 'title', run_id, extracted_at") == [
        ("after", UUID(int=2), LATER.at)
    ]
    assert history(warehouse, "payload ->> 'title', valid_from, valid_to, run_id") == [
        ("before", AT, LATER.at, UUID(int=1))
    ]


def test_an_older_payload_never_overwrites_a_newer_one(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, at=NEW, title="newer"))

    written = put(warehouse, payload_row(1, at=OLD, title="older"), origin=LATER)

    assert written == Written(unchanged=1)
    assert held(warehouse, "payload ->> 'title'") == [("newer",)]


@pytest.mark.parametrize("updated_at", [None, NEW])
def test_where_no_order_is_known_the_record_that_came_last_wins(
    warehouse: Engine, updated_at: datetime | None
) -> None:
    put(warehouse, payload_row(1, at=updated_at, title="first"))

    put(warehouse, payload_row(1, at=updated_at, title="last"), origin=LATER)

    assert held(warehouse, "payload ->> 'title'") == [("last",)]


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)])
def test_of_a_record_that_one_page_shows_twice_the_newer_is_kept(
    warehouse: Engine, order: tuple[datetime, datetime]
) -> None:
    rows = [payload_row(1, at=at, title=at.isoformat()) for at in order]

    assert put(warehouse, *rows) == Written(new=1)
    assert held(warehouse, "payload ->> 'title'") == [(NEW.isoformat(),)]


def test_a_deleted_record_that_is_seen_again_lives_again(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, title="a"))
    with warehouse.begin() as connection:
        raw.mark_deleted(connection, "issues", 1, [1], at=AT, reason="gone")

    written = put(warehouse, payload_row(1, title="a"), origin=LATER)

    assert written == Written(changed=1)
    assert held(warehouse, "deleted_at, deleted_reason") == [(None, None)]


def test_an_older_payload_does_not_bring_a_deleted_record_back(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, at=NEW))
    with warehouse.begin() as connection:
        raw.mark_deleted(connection, "issues", 1, [1], at=AT, reason="gone")

    put(warehouse, payload_row(1, at=OLD), origin=LATER)

    assert held(warehouse, "deleted_reason") == [("gone",)]


def test_a_tombstone_keeps_the_payload_and_its_first_time(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, title="a"), payload_row(2, title="b"))
    with warehouse.begin() as connection:
        first = raw.mark_deleted(connection, "issues", 1, [1], at=AT, reason="gone")
        again = raw.mark_deleted(connection, "issues", 1, [1, 3], at=LATER.at, reason="again")

    assert (first, again) == (1, 0)
    assert held(warehouse, "payload ->> 'title', deleted_at, deleted_reason") == [
        ("a", AT, "gone"),
        ("b", None, None),
    ]


def test_what_a_complete_list_no_longer_shows_is_gone(warehouse: Engine) -> None:
    put(warehouse, *(payload_row(identifier) for identifier in (1, 2, 3)))
    put(warehouse, payload_row(4), origin=Origin(2, "rest", "1", AT, UUID(int=1)))
    with warehouse.begin() as connection:
        gone = raw.mark_absent(connection, "issues", [2], origin=ORIGIN)
        again = raw.mark_absent(connection, "issues", [2], origin=LATER)

    assert (gone, again) == (2, 0)
    assert [deleted is None for (deleted,) in held(warehouse, "deleted_at")] == [
        False, True, False, True,
    ]  # fmt: skip


def test_a_complete_list_of_nothing_means_that_everything_is_gone(warehouse: Engine) -> None:
    put(warehouse, payload_row(1))
    with warehouse.begin() as connection:
        assert raw.mark_absent(connection, "issues", [], origin=LATER) == 1


def test_records_of_two_repositories_do_not_meet(warehouse: Engine) -> None:
    other = Origin(2, "rest", "2022-11-28", AT, UUID(int=2))
    put(warehouse, payload_row(1, title="mine"))

    written = put(warehouse, payload_row(1, title="yours"), origin=other)

    assert written == Written(new=1)
    assert held(warehouse, "payload ->> 'title'") == [("mine",), ("yours",)]


REFUSED = Row(2, b'{"id": 2, "title": "\\u0000"}', b"hash", None, sanitized=False)
"""What the decoder would have kept from PostgreSQL."""


def quarantined(warehouse: Engine) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        return fetch(
            connection,
            "select thing, kind, id, raw, source from ops.quarantine where replayed_at is null",
        )


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_row_that_postgresql_refuses_does_not_take_its_page_with_it(
    warehouse: Engine, place: int
) -> None:
    rows = [payload_row(number) for number in range(10, 16)]
    rows.insert(place, REFUSED)

    written = put(warehouse, *rows)

    assert written == Written(new=6, refused=1)
    assert len(held(warehouse, "id")) == 6
    assert quarantined(warehouse) == [("issues", "record", 2, REFUSED.payload, "rest")]


def test_a_row_that_postgresql_refuses_takes_nothing_of_another_thing_with_it(
    warehouse: Engine,
) -> None:
    put(warehouse, payload_row(3, body="old"), thing="reviews")
    batches = {
        "reviews": [payload_row(3, body="new"), payload_row(4)],
        "issues": [payload_row(1), REFUSED],
        "labels": [payload_row(5)],
    }

    with warehouse.begin() as connection:
        written = raw.upsert_all(connection, batches, origin=ORIGIN)

    assert written == Written(new=3, changed=1, refused=1)
    with warehouse.connect() as connection:
        for thing, ids in (("reviews", [3, 4]), ("issues", [1]), ("labels", [5])):
            found = fetch(connection, f"select id from raw.github_{thing} order by id")
            assert [identifier for (identifier,) in found] == ids
        former = fetch(connection, "select payload ->> 'body' from raw.github_reviews_history")
    assert former == [("old",)]
    assert quarantined(warehouse) == [("issues", "record", 2, REFUSED.payload, "rest")]


def test_a_change_that_postgresql_refuses_leaves_the_version_that_is_held(
    warehouse: Engine,
) -> None:
    put(warehouse, payload_row(1, title="a"), payload_row(2, title="a"), payload_row(3))

    written = put(warehouse, payload_row(1, title="b"), REFUSED, payload_row(3))

    assert written == Written(changed=1, unchanged=1, refused=1)
    assert sorted(held(warehouse, "id, payload ->> 'title'")) == [(1, "b"), (2, "a"), (3, None)]
    assert [one[2] for one in quarantined(warehouse)] == [2]


def test_a_version_that_is_accepted_closes_what_was_refused_before(warehouse: Engine) -> None:
    put(warehouse, REFUSED)

    put(warehouse, payload_row(2, title="fine"))

    assert quarantined(warehouse) == []
    assert held(warehouse, "id") == [(2,)]


class TestPullRequests:
    """Which of them are to be read in full, and how they go."""

    @staticmethod
    def listed(number: int, at: datetime = NEW) -> Row:
        return payload_row(number, at=at, number=number, node_id=f"N{number}", pull_request={})

    def due(self, warehouse: Engine, *again: str) -> list[int]:
        with warehouse.connect() as connection:
            return [number for number, *_ in holdings.due_pull_requests(connection, 1, again=again)]

    def test_one_that_is_gone_is_gone_in_both_of_its_rows(self, warehouse: Engine) -> None:
        put(warehouse, self.listed(1), self.listed(2))
        put(warehouse, payload_row(101, number=1), thing="pull_requests")
        with warehouse.begin() as connection:
            gone = raw.mark_number_gone(connection, 1, 1, at=AT, reason="404")

        assert gone == 2
        assert self.due(warehouse) == [2]


def test_what_happened_to_an_issue_goes_with_it(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, number=4), payload_row(2, number=5))
    events = [payload_row(11, issue={"number": 4}), payload_row(12, issue={"number": 5})]
    put(warehouse, *events, thing="issue_events")

    with warehouse.begin() as connection:
        gone = raw.mark_number_gone(connection, 1, 4, at=AT, reason="deleted")

    assert gone == 2
    with warehouse.connect() as connection:
        assert fetch(
            connection, "select id from raw.github_issue_events where deleted_at is null"
        ) == [(12,)]  # fmt: skip


VERSIONS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from("abc")), max_size=8
)


@given(VERSIONS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_records_arrive_the_newest_of_each_is_held(
    warehouse: Engine, versions: list[tuple[int, int, str]]
) -> None:
    """One by one or all in one page: the newest of each, and of equals the last, is what stays."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        payload_row(identifier, at=start + timedelta(days=day), title=title, updated_on=day)
        for identifier, day, title in versions
    ]
    newest: dict[int, Row] = {}
    for row in rows:
        is_newer = row.id not in newest or row.source_updated_at >= newest[row.id].source_updated_at
        newest = newest | {row.id: row} if is_newer else newest

    with warehouse.connect() as connection:
        singly = _stored(connection, [[row] for row in rows])
        together = _stored(connection, [rows])

    assert (
        singly == together == {identifier: row.content_hash for identifier, row in newest.items()}
    )


def _stored(connection: Connection, pages: list[list[Row]]) -> dict[int, bytes]:
    for page in pages:
        raw.upsert(connection, "issues", page, origin=ORIGIN)
    found = dict(fetch(connection, "select id, content_hash from raw.github_issues"))
    connection.exec_driver_sql("rollback")
    return found
