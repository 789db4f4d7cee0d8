"""What is held, and what of it is missing or out of date."""

from datetime import datetime, timedelta

from gitinsight.github.payloads import Row
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issue_events import ISSUE_EVENTS
from gitinsight.things.pull_requests import PULL_REQUESTS
from gitinsight.things.reviews import REVIEWS
from tests.support.rows import AT, payload_row
from tests.warehouse.test_raw import LATER, NEW, OLD, put
from warehouse import holdings, raw
from warehouse.engine import Engine


def test_what_a_webhook_told_of_is_lost_since_then_and_nothing_else(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, number=1), payload_row(2, number=2))
    later = LATER.at + timedelta(seconds=1)
    with warehouse.begin() as connection:
        raw.mark_deleted(connection, "issues", 1, [1], at=LATER.at, reason="absent")
        assert not holdings.has_lost(connection, 1, since=AT)
        raw.mark_number_gone(connection, 1, 2, at=LATER.at, reason=raw.TRANSFERRED)

        assert holdings.has_lost(connection, 1, since=AT)
        assert not holdings.has_lost(connection, 1, since=later)
        assert not holdings.has_lost(connection, 2, since=AT)


def listed(number: int, at: datetime = NEW) -> Row:
    return payload_row(number, at=at, number=number, node_id=f"N{number}", pull_request={})


def due(warehouse: Engine, *again: str) -> list[int]:
    with warehouse.connect() as connection:
        return [number for number, *_ in holdings.due_pull_requests(connection, 1, again=again)]


def test_those_not_held_or_held_in_an_older_state_are_due(warehouse: Engine) -> None:
    put(warehouse, *(listed(number) for number in (1, 2, 3)), payload_row(4, number=4))
    put(
        warehouse,
        payload_row(102, at=OLD, number=2),
        payload_row(103, at=NEW, number=3),
        thing="pull_requests",
    )

    assert due(warehouse) == [1, 2]


def test_what_is_due_is_told_by_number_and_so_many_at_a_time(warehouse: Engine) -> None:
    put(warehouse, *(listed(number) for number in (4, 1, 3, 2)))

    with warehouse.connect() as connection:
        first = holdings.due_pull_requests(connection, 1, again=(), limit=3)
        rest = holdings.due_pull_requests(connection, 1, again=(), after=first[-1][0], limit=3)
        count = holdings.count_due_pull_requests(connection, 1, again=())

    assert [number for number, *_ in first] == [1, 2, 3]
    assert [number for number, *_ in rest] == [4]
    assert count == 4


def test_those_from_a_poorer_source_are_due_again(warehouse: Engine) -> None:
    put(warehouse, listed(1))
    put(warehouse, payload_row(101, at=NEW, number=1), thing="pull_requests")

    assert due(warehouse) == []
    assert due(warehouse, "rest") == [1]


def test_a_share_of_ids_begins_after_the_last_and_goes_round(warehouse: Engine) -> None:
    put(warehouse, *(payload_row(number, node_id=f"N{number}") for number in range(1, 9)))

    def ids(after: int, share: float) -> list[int]:
        with warehouse.connect() as connection:
            found = holdings.node_ids_after(connection, "issues", 1, after=after, share=share)
        return [number for number, _ in found]

    assert ids(0, 0.25) == [1, 2]
    assert ids(2, 0.25) == [3, 4]
    assert ids(7, 0.25) == [8, 1]
    assert ids(3, 1.0) == [4, 5, 6, 7, 8, 1, 2, 3]


def test_gaps_between_numbers_are_told_newest_first(warehouse: Engine) -> None:
    put(warehouse, payload_row(11, number=1), payload_row(14, number=4))
    put(warehouse, payload_row(13, number=6), thing="discussions")

    with warehouse.connect() as connection:
        assert holdings.number_gaps(connection, 1) == [5, 3, 2]
        assert holdings.count_listed(connection, 1) == 2


def test_conversations_of_another_length_than_told_are_found(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, number=1, comments=1), payload_row(2, number=2, comments=1))
    put(warehouse, payload_row(9, issue_url="https://x/issues/1"), thing="issue_comments")

    with warehouse.connect() as connection:
        assert holdings.uneven_conversations(connection, 1, limit=10) == [2]


def test_an_issue_that_was_read_before_it_lost_a_comment_is_told(warehouse: Engine) -> None:
    put(warehouse, *(payload_row(one, number=one) for one in (1, 2, 3)))
    put(
        warehouse,
        *(payload_row(10 + one, issue_url=f"https://x/issues/{one}") for one in (1, 2, 3)),
        thing="issue_comments",
    )
    with warehouse.begin() as connection:
        lost, early = LATER.at, AT - timedelta(days=1)
        for identifier, at in ((11, lost), (12, early)):
            raw.mark_deleted(connection, "issue_comments", 1, [identifier], at=at, reason="x")

        assert holdings.read_before_losses(connection, 1, [1, 2, 3]) == [1]
        assert holdings.read_before_losses(connection, 1, [2, 3]) == []
        assert holdings.read_before_losses(connection, 2, [1]) == []


def test_what_was_left_behind_by_issues_that_are_not_held_is_told(warehouse: Engine) -> None:
    put(warehouse, payload_row(1, number=1), payload_row(2, number=2), payload_row(3, number=3))
    put(
        warehouse,
        *(payload_row(10 + number, issue={"number": number}) for number in (1, 2, 4, 5)),
        payload_row(20, issue=None),
        thing="issue_events",
    )
    put(
        warehouse,
        *(payload_row(30 + number, issue_url=f"https://api/issues/{number}") for number in (3, 4)),
        thing="issue_comments",
    )
    things = (ISSUE_EVENTS, ISSUE_COMMENTS)
    with warehouse.begin() as connection:
        raw.mark_deleted(connection, "issues", 1, [2], at=LATER.at, reason="absent")
        raw.mark_deleted(connection, "issue_events", 1, [15], at=LATER.at, reason="absent")

        assert holdings.left_behind(connection, things, 1) == [
            (ISSUE_EVENTS, 2, True), (ISSUE_EVENTS, 4, False), (ISSUE_COMMENTS, 4, False),
        ]  # fmt: skip
        assert holdings.left_behind(connection, things, 2) == []
        assert holdings.ids_about(connection, ISSUE_EVENTS, 1, 4) == [14]
        assert holdings.ids_about(connection, ISSUE_EVENTS, 1, 5) == []


def test_what_is_inside_is_counted_against_what_is_told(warehouse: Engine) -> None:
    put(
        warehouse,
        payload_row(1, number=1, reviews={"totalCount": 1}),
        payload_row(2, number=2, reviews={"totalCount": 1}),
        thing="pull_requests",
    )
    put(warehouse, payload_row(7, pullRequestNumber=2), thing="reviews")

    with warehouse.connect() as connection:
        assert holdings.uneven_parents(connection, PULL_REQUESTS, REVIEWS, 1) == [1]
