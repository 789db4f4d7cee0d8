"""Hours: written as the archive writes them, graded by when they were."""

from datetime import UTC, datetime

import pytest

from gitinsight.errors import InvalidHour
from gitinsight.gharchive import hours
from gitinsight.gharchive.hours import GRADES, between, grade

AT = datetime(2024, 3, 10, 5, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2011, 2, 12, tzinfo=UTC), "timeline"),
        (datetime(2014, 12, 31, 23, tzinfo=UTC), "timeline"),
        (datetime(2015, 1, 1, tzinfo=UTC), "whole"),
        (datetime(2025, 5, 22, 23, tzinfo=UTC), "whole"),
        (datetime(2025, 5, 23, tzinfo=UTC), "sparse"),
        (datetime(2025, 10, 6, 23, tzinfo=UTC), "sparse"),
        (datetime(2025, 10, 7, tzinfo=UTC), "trimmed"),
        (datetime(2026, 1, 31, 23, tzinfo=UTC), "trimmed"),
        (datetime(2026, 2, 1, tzinfo=UTC), "pushes"),
    ],
)
def test_an_hour_is_as_good_as_the_archive_was_then(at: datetime, expected: str) -> None:
    assert grade(at) == expected
    assert expected in GRADES


def test_the_hour_of_the_day_is_not_padded() -> None:
    assert hours.name(datetime(2024, 1, 5, 7, tzinfo=UTC)) == "2024-01-05-7"


@pytest.mark.parametrize(
    ("first", "last", "count", "ends"),
    [
        ("2024-01-15-0", None, 1, "2024-01-15-0"),
        ("2024-01-15", None, 24, "2024-01-15-23"),
        ("2024-02-28-22", "2024-03-01", 50, "2024-03-01-23"),
        ("2024-01-15", "2024-01-16-3", 28, "2024-01-16-3"),
        ("2024-01-15-07", "2024-01-15-7", 1, "2024-01-15-7"),
        ("2024-03-10", None, 5, "2024-03-10-4"),
        ("2024-03-09", "2024-03-10", 29, "2024-03-10-4"),
    ],
)
def test_a_range_has_both_its_ends(first: str, last: str | None, count: int, ends: str) -> None:
    found = [*between(first, last, at=AT)]

    assert len(found) == len(set(found)) == count
    assert hours.name(found[-1]) == ends


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        ("yesterday", None, "give 2024-01-15-0 or 2024-01-15"),
        ("2024-01-15-24", None, "hour must be in"),
        ("2023-02-29", None, "day is out of range"),
        ("2011-02-11-23", None, "the archive begins with 2011-02-12"),
        ("2024-01-15", "2024-01-14", "it lies before 2024-01-15"),
        ("2024-03-10-5", None, "it is not over yet"),
        ("2024-01-15", "2042-01-15", "it is not over yet"),
        ("9999-12-31", None, "it is not over yet"),
    ],
)
def test_what_is_no_hour_is_refused(first: str, last: str | None, reason: str) -> None:
    with pytest.raises(InvalidHour, match=reason):
        list(between(first, last, at=AT))
