"""Whether and when another attempt is made, error by error: one row per line of the table."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.retries import ATTEMPTS, PAUSE, again_at
from gitinsight.errors import (
    Cancelled,
    GitInsightError,
    NotFound,
    NotVisible,
    PermanentError,
    QualityGateFailed,
    RateLimited,
    TransientError,
    UnexpectedPayload,
    UpstreamUnavailable,
)

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
RESET = AT + timedelta(minutes=40)
LIMIT, AWAY = RateLimited("core", RESET), UpstreamUnavailable("github", "HTTP 502")


@pytest.mark.parametrize(
    ("error", "attempt", "expected"),
    [
        (LIMIT, 1, RESET),
        (LIMIT, ATTEMPTS + 40, RESET),
        (AWAY, 1, AT + PAUSE),
        (AWAY, 2, AT + 2 * PAUSE),
        (AWAY, ATTEMPTS, None),
        (TransientError("?"), 1, AT + PAUSE),
        (PermanentError("?"), 1, None),
        (NotVisible("octo/app", 404, "Not Found"), 1, None),
        (UnexpectedPayload("issues", "no list"), 1, None),
        (QualityGateFailed(("unique",)), 1, None),
        (NotFound("job 1"), 1, None),
        (Cancelled("job 1"), 1, None),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else None,
)
def test_another_attempt_is_made_where_it_may_help(
    error: GitInsightError, attempt: int, expected: datetime | None
) -> None:
    assert again_at(error, attempt, at=AT) == expected
