"""When to try again: what errors say of themselves, made a time. Jobs and flows ask here alike."""

from datetime import datetime, timedelta

from gitinsight.errors import GitInsightError, RateLimited

ATTEMPTS = 3
PAUSE = timedelta(seconds=20)


def again_at(error: GitInsightError, attempt: int, *, at: datetime) -> datetime | None:
    """When attempt number ``attempt`` is followed by another one; None where none would help, or
    where enough were made. A limit is waited for however often.
    """
    if isinstance(error, RateLimited):
        return error.retry_at
    if error.retry == "never" or attempt >= ATTEMPTS:
        return None
    return at + PAUSE * attempt
