"""What is to be told: once for each trouble and channel, and again until it is taken."""

from datetime import datetime, timedelta

import pytest

from tests.support.analyses import count, rows
from tests.support.rows import AT, add_repository, claim
from warehouse import jobs, notifications
from warehouse.engine import Engine, driver
from warehouse.notifications import Notification

ALL = ("failed", "partial", "stale", "quality")
PAUSE = timedelta(seconds=10)
HOUR = timedelta(hours=1)


def end(
    warehouse: Engine, state: str, *, at: datetime = AT, error: str | None = None,
    repository_id: int = 1,
) -> None:  # fmt: skip
    held = claim(warehouse, repository_id)
    with warehouse.begin() as connection:
        jobs.finish(
            connection, held, state=state, at=at, outcome={}, error_type=error, error_detail="why"
        )


def find(
    warehouse: Engine, *, at: datetime = AT, of: tuple[str, ...] = ALL,
    channels: tuple[str, ...] = ("email",),
) -> int:  # fmt: skip
    with warehouse.begin() as connection:
        return notifications.find(
            connection, channels=channels, of=of, since=at - HOUR, at=at, fresh_hours=50
        )


def take(warehouse: Engine, *, at: datetime = AT) -> Notification | None:
    with warehouse.begin() as connection:
        return notifications.take(connection, at=at, pause=PAUSE)


def troubles(warehouse: Engine) -> list[str]:
    found = rows(warehouse, "select trouble from ops.notifications order by notification_id")
    return [trouble for (trouble,) in found]


@pytest.mark.parametrize(
    ("state", "error", "expected"),
    [
        ("failed", "NotVisible", ["failed"]), ("failed", "QualityGateFailed", ["quality"]),
        ("partial", None, ["partial"]), ("succeeded", None, []), ("cancelled", "Cancelled", []),
    ],
)  # fmt: skip
def test_what_went_wrong_is_told_as_what_it_is(
    warehouse: Engine, state: str, error: str | None, expected: list[str]
) -> None:
    add_repository(warehouse)
    end(warehouse, state, error=error)

    find(warehouse)

    assert troubles(warehouse) == expected


def test_each_trouble_is_told_once_on_each_channel(warehouse: Engine) -> None:
    add_repository(warehouse)
    end(warehouse, "failed")

    assert [find(warehouse, channels=("email", "slack")) for _ in range(3)] == [2, 0, 0]


def test_what_goes_on_is_not_told_again_until_it_was_over(warehouse: Engine) -> None:
    add_repository(warehouse)
    moments = [AT + n * timedelta(minutes=1) for n in range(6)]
    states = ["partial", "partial", "succeeded", "partial", "failed", "failed"]
    for at, state in zip(moments, states, strict=True):
        end(warehouse, state, at=at)
        find(warehouse, at=at)

    assert troubles(warehouse) == ["partial", "partial", "failed"]


def test_what_nobody_wants_to_know_is_not_told(warehouse: Engine) -> None:
    add_repository(warehouse)
    end(warehouse, "failed")

    assert find(warehouse, of=("stale",)) == 0


def test_what_is_long_past_is_not_told(warehouse: Engine) -> None:
    add_repository(warehouse)
    end(warehouse, "failed")

    assert find(warehouse, at=AT + 2 * HOUR) == 0


def test_figures_that_are_too_old_are_told_once_until_there_are_new_ones(
    warehouse: Engine,
) -> None:
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.publications (repository_id, publication, job_id, as_of, published_at,"
            " quality_status, coverage) values (%s, 1, gen_random_uuid(), %s, %s, 'passed', '{}')",
            (repository_id, AT, AT),
        )

    asked = [find(warehouse, at=AT + hours * HOUR) for hours in (49, 51, 80)]

    assert asked == [0, 1, 0]
    with warehouse.begin() as connection:
        driver(connection).execute("update ops.publications set as_of = %s", (AT + 40 * HOUR,))
    assert find(warehouse, at=AT + 91 * HOUR) == 1


def test_what_was_taken_and_not_sent_is_due_again_later_each_time(warehouse: Engine) -> None:
    add_repository(warehouse)
    end(warehouse, "failed")
    find(warehouse)

    first = take(warehouse)
    assert take(warehouse, at=AT + PAUSE / 2) is None
    second = take(warehouse, at=AT + PAUSE)
    assert take(warehouse, at=AT + 2 * PAUSE) is None

    assert first is not None
    assert second is not None
    assert (first.notification_id, first.attempts) == (second.notification_id, 1)
    assert second.attempts == 2
    assert first.facts["repository"] == "octo/app"
    with warehouse.begin() as connection:
        notifications.record_sent(connection, first.notification_id, at=AT)
    assert take(warehouse, at=AT + HOUR) is None


def test_what_is_given_up_stays_to_be_seen(warehouse: Engine) -> None:
    add_repository(warehouse)
    end(warehouse, "failed")
    find(warehouse)
    one = take(warehouse)
    assert one is not None

    with warehouse.begin() as connection:
        notifications.record_failure(
            connection, one.notification_id, error="HTTP 500", is_last=True
        )

    assert take(warehouse, at=AT + HOUR) is None
    assert count(warehouse, "ops.notifications where error = 'HTTP 500' and sent_at is null") == 1
