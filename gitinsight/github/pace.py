"""How fast GitHub may be asked: the rules, as functions of what is known of one principal.

Whoever keeps the state, in a process or in PostgreSQL, holds it alone while a rule works on it, and
tells the time by one clock of its own. What GitHub says of time arrives as a duration by GitHub's
clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gitinsight.github.limits import Budget, Verdict
from gitinsight.github.principals import Kind
from gitinsight.settings import GitHubSettings

_MINUTE = timedelta(minutes=1)
_BURST = timedelta(seconds=7.5)
"""At 80 % of a limit per minute, a burst of so long keeps every minute within 90 % of it."""
_TIME_BURST = timedelta(seconds=15)
"""The same for response times: at 80 %, every minute stays within the whole."""
_FIRST_PENALTY, _LONGEST_PENALTY = 60, 900
_REJECTED_FOR = timedelta(hours=1)
"""GitHub has been seen to reject good tokens for a while; one request an hour finds out."""
_RECOVERY = 0.1
"""Ten answers earn back one place after a secondary limit has halved them."""
_SLOT = timedelta(seconds=90)
"""A place in flight is free again after this time, for its holder was killed."""
_LOOK_AGAIN = timedelta(milliseconds=50)
_SHARE = 0.2
"""Weight of the newest response time in what is typical."""


class Reason(StrEnum):
    """Why somebody has to wait, for people."""

    USED_UP = "it is used up"
    RESERVE = "the rest is kept for its owner"
    TOLD = "GitHub asked for a pause"
    SECONDARY = "GitHub's secondary limit was hit"
    PACE = "the pace per minute"
    TIME = "the budget of response time per minute"
    IN_FLIGHT = "enough requests are on their way"


@dataclass(frozen=True, slots=True)
class Pace:
    """What GitHub is asked for at most, by one principal; 0 switches a rule off."""

    requests_per_minute: int = 0
    queries_per_minute: int = 0
    seconds_per_minute: float = 0.0
    graphql_seconds_per_minute: float = 0.0
    in_flight: int = 4
    reserve_ratio: float = 0.0

    @classmethod
    def of(cls, settings: GitHubSettings) -> "Pace":
        return cls(
            requests_per_minute=settings.requests_per_minute,
            queries_per_minute=settings.queries_per_minute,
            seconds_per_minute=settings.seconds_per_minute,
            graphql_seconds_per_minute=settings.graphql_seconds_per_minute,
            in_flight=settings.in_flight,
            reserve_ratio=settings.reserve_ratio,
        )

    def per_minute(self, bucket: str) -> int:
        return self.queries_per_minute if bucket == "graphql" else self.requests_per_minute

    def bucket_seconds(self, bucket: str) -> float:
        return self.graphql_seconds_per_minute if bucket == "graphql" else 0.0


@dataclass(slots=True)
class PrincipalState:
    """What is known of a principal over all of its buckets."""

    kind: Kind
    state: str = "active"
    """active, suspect after a 401, disabled after a second one."""
    blocked_until: datetime | None = None
    blocked_reason: str | None = None
    penalty_seconds: int = 0
    concurrency: float | None = None
    """Requests in flight since a secondary limit was hit; null is as many as allowed."""
    busy_until: datetime | None = None
    slots: list[datetime] = field(default_factory=list)
    """One per request in flight: when its place falls free at the latest."""


@dataclass(slots=True)
class BucketState:
    """What is known of one limit of a principal."""

    bucket: str
    quota: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    """By GitHub's clock, as it is told."""
    renewed_at: datetime | None = None
    """The same instant by the clock of whoever keeps this."""
    blocked_until: datetime | None = None
    paced_until: datetime | None = None
    busy_until: datetime | None = None
    typical_ms: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request. ``seconds`` is how long a limit lasts, ``date`` GitHub's clock."""

    verdict: Verdict
    milliseconds: int
    cost: int = 1
    budget: Budget | None = None
    date: datetime | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in flight, and the response time that was charged in advance."""

    held_until: datetime
    estimate_ms: int


def is_rejected(principal: PrincipalState, now: datetime) -> bool:
    return principal.state == "disabled" and _later(principal.blocked_until, now)


def blocked(
    principal: PrincipalState, bucket: BucketState, pace: Pace, now: datetime
) -> tuple[datetime, Reason] | None:
    """Until when nothing may be sent, and why; None where a request may go now."""
    principal.slots = [held for held in principal.slots if held > now]
    holds: list[tuple[datetime | None, Reason]] = [
        (principal.blocked_until, Reason(principal.blocked_reason or Reason.TOLD)),
        (bucket.blocked_until, Reason.USED_UP),
        (_less(bucket.paced_until, _BURST), Reason.PACE),
        (_less(bucket.busy_until, _TIME_BURST), Reason.TIME),
        (_less(principal.busy_until, _TIME_BURST), Reason.TIME),
    ]
    if bucket.remaining is not None:
        left = bucket.remaining - len(principal.slots)
        if left <= 0 and not principal.slots:
            holds.append((bucket.renewed_at, Reason.USED_UP))
        elif left <= _reserve(principal, bucket, pace):
            holds.append((bucket.renewed_at, Reason.RESERVE))
    if len(principal.slots) >= _places(principal, pace):
        holds.append((now + _LOOK_AGAIN, Reason.IN_FLIGHT))
    waits = [(until, reason) for until, reason in holds if until is not None and until > now]
    return max(waits, default=None)


def take(principal: PrincipalState, bucket: BucketState, pace: Pace, now: datetime) -> Slot:
    """A place in flight. Generic cell rate algorithm: each request moves the time at which the
    next is due in theory, and may come a burst before it.
    """
    slot = Slot(now + _SLOT, bucket.typical_ms)
    principal.slots.append(slot.held_until)
    if per_minute := pace.per_minute(bucket.bucket):
        bucket.paced_until = max(bucket.paced_until or now, now) + _MINUTE / per_minute
    _charge_time(principal, bucket, pace, now, slot.estimate_ms)
    return slot


def settle(
    principal: PrincipalState, bucket: BucketState, pace: Pace, now: datetime, *, slot: Slot,
    outcome: Outcome, jitter: float,
) -> None:  # fmt: skip
    """Learn from an answer. ``jitter``, 0 to 1, keeps those who wait from coming back at once."""
    if slot.held_until in principal.slots:
        principal.slots.remove(slot.held_until)
    is_timeout = outcome.verdict is Verdict.TIMED_OUT
    milliseconds = outcome.milliseconds * (2 if is_timeout else 1)
    _charge_time(principal, bucket, pace, now, milliseconds - slot.estimate_ms)
    bucket.typical_ms = round(
        outcome.milliseconds if not bucket.typical_ms
        else (1 - _SHARE) * bucket.typical_ms + _SHARE * outcome.milliseconds
    )  # fmt: skip
    _learn_budget(bucket, outcome, now)
    seconds = outcome.seconds or 0.0
    match outcome.verdict:
        case Verdict.ANSWERED:
            principal.state = "active"
            _recover(principal, pace)
        case Verdict.REJECTED:
            _reject(principal, now)
        case Verdict.TOLD:
            _block(principal, now + timedelta(seconds=seconds + jitter), Reason.TOLD)
        case Verdict.USED_UP:
            until = now + timedelta(seconds=seconds + 1 + 4 * jitter)
            bucket.blocked_until = max(until, bucket.blocked_until or until)
        case Verdict.SECONDARY:
            _punish(principal, pace, now, jitter)
        case Verdict.FAILED | Verdict.TIMED_OUT:
            return


def _learn_budget(bucket: BucketState, outcome: Outcome, now: datetime) -> None:
    """The server wins. Answers overtake each other: of one window the smaller rest is the newer,
    and an earlier window is over.
    """
    told = outcome.budget
    if told is None or told.bucket != bucket.bucket:
        if bucket.remaining is not None:
            bucket.remaining = max(0, bucket.remaining - outcome.cost)
        return
    if bucket.reset_at is not None and told.reset_at < bucket.reset_at:
        return
    is_same = told.reset_at == bucket.reset_at and bucket.remaining is not None
    bucket.remaining = min(told.remaining, bucket.remaining or 0) if is_same else told.remaining
    bucket.quota = told.limit if told.limit is not None else bucket.quota
    bucket.reset_at = told.reset_at
    if outcome.date is not None:
        bucket.renewed_at = now + max(told.reset_at - outcome.date, timedelta(0))


def _punish(principal: PrincipalState, pace: Pace, now: datetime, jitter: float) -> None:
    """While it is blocked nothing is sent, so an answer that comes then is of the same hit."""
    if _later(principal.blocked_until, now):
        return
    doubled = principal.penalty_seconds * 2 or _FIRST_PENALTY
    principal.penalty_seconds = min(doubled, _LONGEST_PENALTY)
    principal.concurrency = max(1.0, _places(principal, pace) / 2)
    until = now + timedelta(seconds=principal.penalty_seconds + jitter)
    _block(principal, until, Reason.SECONDARY)


def _recover(principal: PrincipalState, pace: Pace) -> None:
    if principal.concurrency is None:
        return
    principal.concurrency += _RECOVERY
    if principal.concurrency >= pace.in_flight:
        principal.concurrency, principal.penalty_seconds = None, 0


def _reject(principal: PrincipalState, now: datetime) -> None:
    if principal.state == "active":
        principal.state = "suspect"
        return
    principal.state = "disabled"
    principal.blocked_until, principal.blocked_reason = now + _REJECTED_FOR, None


def _block(principal: PrincipalState, until: datetime, reason: Reason) -> None:
    if not _later(principal.blocked_until, until):
        principal.blocked_until, principal.blocked_reason = until, reason


def _charge_time(
    principal: PrincipalState, bucket: BucketState, pace: Pace, now: datetime, milliseconds: int
) -> None:
    """Response time as GitHub's estimate of the CPU time that it spent: GCRA over milliseconds."""
    spent = timedelta(milliseconds=milliseconds)
    if pace.seconds_per_minute:
        due = max(principal.busy_until or now, now)
        principal.busy_until = due + spent * (60 / pace.seconds_per_minute)
    if seconds := pace.bucket_seconds(bucket.bucket):
        bucket.busy_until = max(bucket.busy_until or now, now) + spent * (60 / seconds)


def _places(principal: PrincipalState, pace: Pace) -> int:
    allowed = pace.in_flight if principal.concurrency is None else principal.concurrency
    return max(1, int(allowed))


def _reserve(principal: PrincipalState, bucket: BucketState, pace: Pace) -> int:
    """A user's own work needs some of the limit; an installation has no owner who works by it."""
    if principal.kind != "user" or bucket.quota is None:
        return 0
    return int(bucket.quota * pace.reserve_ratio)


def _less(moment: datetime | None, burst: timedelta) -> datetime | None:
    return None if moment is None else moment - burst


def _later(moment: datetime | None, than: datetime) -> bool:
    return moment is not None and moment > than
