"""The clock that is handed in where none is given."""

from datetime import UTC, datetime, timedelta

from gitinsight import clock


def test_now_is_a_time_in_utc() -> None:
    before = datetime.now(UTC)

    found = clock.now()

    assert found.utcoffset() == timedelta(0)
    assert before <= found <= datetime.now(UTC)
