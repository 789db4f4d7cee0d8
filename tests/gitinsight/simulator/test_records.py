"""Repositories and their one sequence of numbers."""

from datetime import UTC, datetime

from gitinsight.simulator.records import Repository, touch


def test_no_number_is_given_twice_whatever_became_of_it() -> None:
    repository = Repository(1, "r", datetime(2026, 1, 1, tzinfo=UTC))
    assert repository.next_number == 1

    repository.issues[1] = {}
    repository.deleted.add(2)
    repository.discussions[3] = {}
    repository.converted[4] = 3
    repository.transferred[5] = (repository, 1)

    assert repository.next_number == 6


def test_a_touch_never_makes_a_record_older() -> None:
    record = {"updated_at": "2026-02-01T00:00:00Z"}

    touch(record, datetime(2026, 1, 1, tzinfo=UTC))
    assert record["updated_at"] == "2026-02-01T00:00:00Z"
    touch(record, datetime(2026, 3, 1, tzinfo=UTC))
    assert record["updated_at"] == "2026-03-01T00:00:00Z"
