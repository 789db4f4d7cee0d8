"""Errors carry their facts, in one line of text and across processes."""

import inspect
import pickle
from datetime import UTC, datetime

import pytest

from gitinsight import errors
from gitinsight.errors import (
    BrokenAnswer,
    BrokenArchive,
    BrokenEnvironment,
    Cancelled,
    GitInsightError,
    HourMissing,
    IdentityChanged,
    InvalidHour,
    InvalidLogin,
    InvalidName,
    InvalidPlace,
    LeaseLost,
    MirrorBroken,
    NotFound,
    NotVisible,
    PermanentError,
    QualityGateFailed,
    RateLimited,
    TokenRejected,
    TooHard,
    TooLarge,
    TransientError,
    Unauthorised,
    UnexpectedPayload,
    UpstreamUnavailable,
    WeightsMissing,
    first_line,
)

AT = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
EXAMPLES: list[tuple[GitInsightError, int, str]] = [
    (RateLimited("core", AT), 75, "GitHub's core limit is used up until 2026-06-01 12:30:00Z"),
    (UpstreamUnavailable("h", "HTTP 502"), 75, "h does not answer: HTTP 502"),
    (BrokenAnswer("h", "no JSON: it ends", b"[{"), 75, "h does not answer: no JSON: it ends"),
    (HourMissing("2024-01-15-0", "h"), 75, "h does not have the hour 2024-01-15-0"),
    (BrokenArchive("too short"), 75, "the archive cannot be read: too short"),
    (LeaseLost("job 7"), 75, "job 7 was taken over by another worker"),
    (MirrorBroken("m.git", "bad object"), 75, "the mirror m.git is broken: bad object"),
    (
        TooLarge("u", 9), 1,
        "u does not fit into the 9 bytes that GITINSIGHT_GIT__MAX_MIRROR_BYTES allows",
    ),
    (TooHard("ruff", "more than 3 s"), 1, "ruff cannot read this: more than 3 s"),
    (NotVisible("o/n", 451, "blocked"), 1, "GitHub does not show o/n (HTTP 451: blocked)"),
    (
        TokenRejected("/user"), 1,
        "GitHub rejects the token (HTTP 401): it is wrong, expired or revoked",
    ),
    (UnexpectedPayload("/x", "no list"), 1, "/x answered something unexpected: no list"),
    (
        IdentityChanged("o/n", 1, 2), 1,
        "o/n now names another repository (GitHub id 2, not 1); nothing was changed",
    ),
    (InvalidName("a b"), 1, "'a b' is not a repository: give OWNER/NAME or a URL on GitHub"),
    (
        InvalidPlace("a b"), 1,
        "'a b' is not a repository: give OWNER/NAME, a GitHub URL or a local path",
    ),
    (InvalidHour("x", "no"), 1, "'x' is not an hour of GH Archive: no"),
    (
        InvalidLogin("a/b"), 1,
        "'a/b' is no login: give that of a user or an organisation on GitHub",
    ),
    (BrokenEnvironment("disk full", "free some"), 1, "disk full; free some"),
    (
        WeightsMissing("some-weights==1", "no index"), 1,
        (
            "the weights some-weights==1 are not here: no index;"
            " with a package index in reach run `gitinsight models fetch`"
        ),
    ),
    (
        QualityGateFailed(("volume:x", "age")), 2,
        "quality gate failed, nothing was published: volume:x, age",
    ),
    (Cancelled("job 7"), 1, "job 7 was cancelled"),
    (Unauthorised("no key", known=True), 1, "no key"),
    (NotFound("repository 7"), 1, "repository 7 is not known here"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "exit_code", "text"), EXAMPLES, ids=lambda one: type(one).__name__
)
def test_an_error_says_what_happened_and_how_a_command_ends(
    error: GitInsightError, exit_code: int, text: str
) -> None:
    assert (error.exit_code, str(error)) == (exit_code, text)


@pytest.mark.parametrize(
    "error", [one for one, _, _ in EXAMPLES], ids=lambda one: type(one).__name__
)
def test_an_error_keeps_its_facts_between_processes(error: GitInsightError) -> None:
    received = pickle.loads(pickle.dumps(error))  # noqa: S301 - made one line above

    assert type(received) is type(error)
    assert vars(received) == vars(error)
    assert str(received) == str(error)


def test_every_error_that_can_be_raised_is_among_the_examples() -> None:
    groups = {GitInsightError, TransientError, PermanentError}
    declared = {
        one
        for _, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, GitInsightError)
    }

    assert declared - groups == {type(error) for error, _, _ in EXAMPLES}


@pytest.mark.parametrize(
    "error", [one for one, _, _ in EXAMPLES], ids=lambda one: type(one).__name__
)
def test_only_what_another_attempt_may_mend_asks_for_one(error: GitInsightError) -> None:
    assert (error.exit_code == 75) == isinstance(error, TransientError)


class _Wrapped(Exception):
    """As SQLAlchemy wraps the error of a driver."""

    def __init__(self, orig: Exception) -> None:
        super().__init__("(psycopg.OperationalError) ... [SQL: select secrets]")
        self.orig = orig


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "one"),
        (ValueError("  \n one \n"), "one"),
        (KeyError(), "KeyError"),
        (_Wrapped(OSError("server closed the connection\nunexpectedly")),
         "server closed the connection"),
    ],
)  # fmt: skip
def test_the_first_line_of_an_error_is_one_line_and_never_empty(
    error: Exception, line: str
) -> None:
    assert first_line(error) == line


@pytest.mark.parametrize(
    ("kind", "retry", "http_status", "exit_code"),
    [
        (RateLimited, "at", 503, 75),
        (TransientError, "later", 503, 75),
        (UpstreamUnavailable, "later", 503, 75),
        (LeaseLost, "later", 503, 75),
        (PermanentError, "never", 500, 1),
        (NotVisible, "never", 404, 1),
        (UnexpectedPayload, "never", 502, 1),
        (QualityGateFailed, "never", 500, 2),
        (NotFound, "never", 404, 1),
        (Cancelled, "never", 500, 1),
    ],
)
def test_an_error_says_what_follows_from_it_for_everybody(
    kind: type[GitInsightError], retry: str, http_status: int, exit_code: int
) -> None:
    """Orchestrators ask ``retry``, the API ``http_status``, commands ``exit_code``."""
    assert (kind.retry, kind.http_status, kind.exit_code) == (retry, http_status, exit_code)
