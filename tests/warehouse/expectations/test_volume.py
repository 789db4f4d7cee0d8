"""What is held and what happened in a week, on a real warehouse."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.marts import make
from tests.support.rows import AT, payload_row
from warehouse import completeness, raw
from warehouse.engine import Engine
from warehouse.expectations import volume
from warehouse.expectations.measure import Measure
from warehouse.raw import Origin

DAYS = "repository_id bigint, day date, reviews_count bigint, primary key (repository_id, day)"


def arrived(warehouse: Engine, weeks: Sequence[int | None], today: int = 3) -> list[Measure]:
    """What is said where so many reviews were made in each week, the newest first, on its last
    day; today is not over and has some already.
    """
    rows = [
        (1, (AT - timedelta(days=1 + 7 * ago + day)).date(), count if day == 0 else 0)
        for ago, count in enumerate(weeks)
        for day in range(7)
    ]
    with warehouse.begin() as connection:
        make(connection, "candidate.daily_activity", DAYS, (1, AT.date(), today), *rows)
        return list(volume.arrivals(connection, 1, AT))


def odd(found: list[Measure]) -> bool:
    (one,) = found
    assert (one.check_name, one.severity) == ("arrivals:reviews_count", "warn")
    return one.observed < one.least


def test_rows_are_counted_for_the_next_run_to_compare_with(warehouse: Engine) -> None:
    origin = Origin(1, "rest", "1", AT, UUID(int=1))
    rows = [payload_row(one, number=one) for one in (1, 2, 3)]
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", rows, origin=origin)
        raw.mark_deleted(connection, "issues", 1, [3], at=AT, reason="gone")

        found = volume.counts(connection, 1)

        (held,) = volume.held(connection, 1, {"github_issues": 4, "no_table": 9}, 0.3)
    assert (found["github_issues"], found["git_commits"]) == (2, 0)
    assert (held.check_name, held.observed, held.least) == ("volume:github_issues", 2, 2)


@pytest.mark.parametrize(
    ("before", "upstream", "least"),
    [
        (8, None, 4),  # nobody counts them: half of them
        (1, None, 1),
        (60, None, 50),  # ten
        (1_000, None, 950),  # what the setting says
        (8, 2, 2),  # as many as GitHub has
        (8, 9, 8),
        (8, 0, 0),
    ],
)
def test_what_is_deleted_on_github_is_no_loss(
    warehouse: Engine, before: int, upstream: int | None, least: int
) -> None:
    entry = completeness.judge("labels", upstream, 0)
    with warehouse.begin() as connection:
        completeness.record(connection, 1, {"labels": entry}, at=AT, job_id=UUID(int=1))

        (held,) = volume.held(connection, 1, {"github_labels": before}, 0.05)

    assert held.least == least


@pytest.mark.parametrize(("pulls", "least"), [(3, 5), (None, 10)])
def test_pull_requests_are_counted_among_issues(
    warehouse: Engine, pulls: int | None, least: int
) -> None:
    """Both are in one list: without both counts there is none of it."""
    told = {"issues": 2, "pull_requests": pulls}
    entries = {thing: completeness.judge(thing, count, 0) for thing, count in told.items()}
    with warehouse.begin() as connection:
        completeness.record(connection, 1, entries, at=AT, job_id=UUID(int=1))

        (held,) = volume.held(connection, 1, {"github_issues": 20}, 0.05)

    assert held.least == least


def test_a_week_like_the_others_is_nothing_odd(warehouse: Engine) -> None:
    found = arrived(warehouse, [14, *[9, 12] * 5])

    assert not odd(found)
    assert found[0].observed_text.startswith("14 in a week, 10.5 in each of 10 before")


@pytest.mark.parametrize("newest", [200, 0], ids=["flood", "silence"])
def test_a_week_far_from_the_others_is_odd(warehouse: Engine, newest: int) -> None:
    mean = 10 if newest else 100

    assert odd(arrived(warehouse, [newest, *[mean] * 10]))


def test_a_day_that_is_not_over_does_not_count(warehouse: Engine) -> None:
    assert not odd(arrived(warehouse, [10] * 10, today=500))


@pytest.mark.parametrize(
    "weeks",
    [[500, *[9] * 7], [500, *[6] * 8], [500, None, *[9] * 9]],
    ids=["few weeks", "few events", "unknown"],
)
def test_where_little_is_known_nothing_is_said(
    warehouse: Engine, weeks: Sequence[int | None]
) -> None:
    assert arrived(warehouse, weeks) == []
