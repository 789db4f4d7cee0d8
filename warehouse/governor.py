"""The governor that all workers share: one row per principal, which rules work on one at a time.

Whoever was the last to write it knows what is in it, and writes it again by one statement, which
does nothing where it has another version by now; then it is read, and held while the rule works.

Every time is PostgreSQL's, so that the clocks of the workers do not matter. What is lost when the
server dies in the middle of a second is a second's worth of pace; so nothing waits for its disk but
what forbids to ask: a limit that was hit, a token that was rejected.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from gitinsight.github import pace as rules
from gitinsight.github.governor import Grant, Wait, first_grant
from gitinsight.github.limits import Verdict
from gitinsight.github.pace import BucketState, Outcome, Pace, PrincipalState
from gitinsight.github.principals import Principal
from warehouse.engine import Connection, Engine, driver, reading

T = TypeVar("T")

_OF_PRINCIPAL = len(fields(PrincipalState))
_PASSES = {Verdict.ANSWERED, Verdict.FAILED, Verdict.TIMED_OUT}
"""Of these nothing is to be remembered but the pace."""
_REMEMBERED_SECONDS = 10.0
"""So long does the clock of this host tell what PostgreSQL's has come to."""
_SELECT: LiteralString = """
    select p.version, clock_timestamp(),
           p.kind, p.state, p.blocked_until, p.blocked_reason, p.penalty_seconds, p.concurrency,
           p.busy_until, p.slots,
           b.bucket, b.quota, b.remaining, b.reset_at, b.renewed_at, b.blocked_until,
           b.paced_until, b.busy_until, b.typical_ms
    from ops.principals p join ops.buckets b using (host, principal)
    where p.host = %(host)s and p.principal = %(principal)s and b.bucket = %(bucket)s
    for update of p, b
"""
_UPDATE: LiteralString = """
    with held as (
        update ops.principals
        set state = %(state)s, blocked_until = %(blocked_until)s,
            blocked_reason = %(blocked_reason)s, penalty_seconds = %(penalty_seconds)s,
            concurrency = %(concurrency)s, busy_until = %(busy_until)s,
            slots = %(slots)s::timestamptz[]
        where host = %(host)s and principal = %(principal)s
            and version is not distinct from %(version)s
        returning version
    ),
    kept as (
        update ops.buckets
        set quota = %(quota)s, remaining = %(remaining)s, reset_at = %(reset_at)s,
            renewed_at = %(renewed_at)s, blocked_until = %(bucket_blocked_until)s,
            paced_until = %(paced_until)s, busy_until = %(bucket_busy_until)s,
            typical_ms = %(typical_ms)s
        where host = %(host)s and principal = %(principal)s and bucket = %(bucket)s
            and exists (select from held)
    )
    select version, clock_timestamp(), set_config(
        'synchronous_commit',
        case when %(is_lasting)s then current_setting('synchronous_commit') else 'off' end, true
    )
    from held
"""
_REGISTER: LiteralString = """
    with known as (
        insert into ops.principals (host, principal, kind)
        values (%(host)s, %(principal)s, %(kind)s) on conflict do nothing
    )
    insert into ops.buckets (host, principal, bucket)
    values (%(host)s, %(principal)s, %(bucket)s) on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one principal has left of one limit of GitHub's, as of its last answer; ``remaining`` is
    the whole quota where the window has ended since.
    """

    host: str
    principal: str
    kind: str
    state: str
    bucket: str
    quota: int | None
    remaining: int | None
    renewed_at: datetime | None
    blocked_until: datetime | None
    blocked_reason: str | None


def budgets(connection: Connection) -> list[Budget]:
    """Of everybody that asks GitHub for us."""
    cursor = driver(connection).cursor(row_factory=class_row(Budget))
    return cursor.execute(
        """
        select host, principal, p.kind, p.state, bucket, quota,
            case when renewed_at > now() then remaining else quota end as remaining,
            case when renewed_at > now() then renewed_at end as renewed_at,
            case when greatest(b.blocked_until, p.blocked_until) > now()
                then greatest(b.blocked_until, p.blocked_until) end as blocked_until,
            case when p.blocked_until > now() then blocked_reason end as blocked_reason
        from ops.buckets b join ops.principals p using (host, principal)
        order by host, principal, bucket
        """
    ).fetchall()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one limit of a principal; null until GitHub has told.

    ``renews_in`` and ``blocked_for`` are seconds from now.
    """

    quota: int | None
    remaining: int | None
    renews_in: float | None
    blocked_for: float | None


def standing(connection: Connection, host: str, principal: str, bucket: str) -> Standing | None:
    """None where this bucket of the principal was never used."""
    found = (
        driver(connection)
        .execute(
            """
        select b.quota,
               case when b.renewed_at > now() then b.remaining else b.quota end,
               extract(epoch from b.renewed_at - now())::float,
               extract(epoch from greatest(b.blocked_until, p.blocked_until) - now())::float
        from ops.buckets b join ops.principals p using (host, principal)
        where host = %s and principal = %s and bucket = %s
        """,
            (host, principal, bucket),
        )
        .fetchone()
    )
    return Standing(*found) if found else None


@dataclass(slots=True)
class _Known:
    """A principal as this process has written it last. Nobody writes a bucket without it, so as
    long as its ``version`` is that of the row its ``buckets`` are, too.
    """

    version: UUID
    at: datetime
    """By PostgreSQL's clock, when the one that only moves forward stood at ``seen``."""
    seen: float
    principal: PrincipalState
    buckets: dict[str, BucketState]

    def is_of_use(self, bucket: str) -> bool:
        return bucket in self.buckets and time.monotonic() - self.seen < _REMEMBERED_SECONDS

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.seen)

    def copies(self, bucket: str) -> tuple[PrincipalState, BucketState]:
        """For a rule to change."""
        principal = replace(self.principal, slots=[*self.principal.slots])
        return principal, replace(self.buckets[bucket])


Rule = Callable[[PrincipalState, BucketState, datetime], tuple[T, bool]]
"""What comes of it, and whether it has changed what it was given."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A rule that is to work; what came of it is in ``found``, alone."""

    asking: Principal
    bucket: str
    rule: Rule[Any]
    is_lasting: bool
    found: list[Any] = field(default_factory=list)

    def is_beside(self, other: "_Waiting") -> bool:
        """Whether both are about the same row."""
        return (
            not self.found
            and self.bucket == other.bucket
            and self.asking.fingerprint == other.asking.fingerprint
        )


def _tell(waiting: Sequence[_Waiting], found: Sequence[tuple[Any, bool]]) -> None:
    for one, (what, _) in zip(waiting, found, strict=True):
        one.found.append(what)


class SharedGovernor:
    """Implements `gitinsight.github.governor.Governor`; one statement per call, or one short
    transaction.
    """

    def __init__(self, engine: Engine, host: str, pace: Pace) -> None:
        self._engine = engine
        self._host = host
        self._pace = pace
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._waiting: list[_Waiting] = []

    def acquire(self, principals: Sequence[Principal], bucket: str) -> Grant | Wait:
        found = (self._apply(one, bucket, partial(self._take, one)) for one in principals)
        return first_grant(found, bucket)

    def release(self, grant: Grant, outcome: Outcome) -> None:
        def settle(
            principal: PrincipalState, bucket: BucketState, now: datetime
        ) -> tuple[None, bool]:
            rules.settle(
                principal, bucket, self._pace, now, slot=grant.slot, outcome=outcome,
                jitter=random.random(),  # noqa: S311 - it spreads waits and hides nothing
            )  # fmt: skip
            return None, True

        is_lasting = outcome.verdict not in _PASSES
        self._apply(grant.principal, grant.bucket, settle, is_lasting=is_lasting)

    def usable(self, principals: Sequence[Principal]) -> list[Principal]:
        with self._engine.begin() as connection:
            rejected = {
                name
                for (name,) in driver(connection).execute(
                    "select principal from ops.principals where host = %s and state = 'disabled'"
                    " and blocked_until > clock_timestamp()",
                    (self._host,),
                )
            }
        return [one for one in principals if one.fingerprint not in rejected] or list(principals)

    def _take(
        self, asking: Principal, principal: PrincipalState, bucket: BucketState, now: datetime
    ) -> tuple[Grant | Wait | None, bool]:
        if rules.is_rejected(principal, now):
            return None, False
        hold = rules.blocked(principal, bucket, self._pace, now)
        if hold is not None:
            return Wait(bucket.bucket, (hold[0] - now).total_seconds(), hold[1]), False
        return Grant(asking, bucket.bucket, rules.take(principal, bucket, self._pace, now)), True

    def _apply(self, asking: Principal, name: str, rule: Rule[T], *, is_lasting: bool = False) -> T:
        """What comes of ``rule``. Those that wait while others are written are written together."""
        mine = _Waiting(asking, name, rule, is_lasting)
        self._waiting.append(mine)
        try:
            with self._lock:
                if not mine.found:
                    self._write([one for one in list(self._waiting) if one.is_beside(mine)])
        finally:
            self._waiting.remove(mine)
        found: T = mine.found[0]
        return found

    def _write(self, waiting: Sequence[_Waiting]) -> None:
        """Let the rules of all of them work on what is known of their principal and bucket, one
        after the other. That somebody has to wait is said of what is read.
        """
        asking, name = waiting[0].asking, waiting[0].bucket
        is_lasting = any(one.is_lasting for one in waiting)
        known = self._known.pop(asking.fingerprint, None)
        if known is not None and known.is_of_use(name):
            principal, bucket = known.copies(name)
            found = [one.rule(principal, bucket, known.now()) for one in waiting]
            if all(is_changed for _, is_changed in found):
                with reading(self._engine) as connection:
                    is_written = self._keep(
                        connection, asking, known, principal, bucket, is_lasting=is_lasting
                    )
                if is_written:
                    return _tell(waiting, found)
        with self._engine.begin() as connection:
            held = self._hold(connection, asking, name)
            if known is not None and known.version == held.version:
                held.buckets = {**known.buckets, **held.buckets}
            principal, bucket = held.copies(name)
            found = [one.rule(principal, bucket, held.at) for one in waiting]
            if any(is_changed for _, is_changed in found):
                self._keep(connection, asking, held, principal, bucket, is_lasting=is_lasting)
        return _tell(waiting, found)

    def _hold(self, connection: Connection, asking: Principal, bucket: str) -> _Known:
        """What is known, locked until the transaction ends."""
        key = self._key(asking, bucket)
        while True:
            found = driver(connection).execute(_SELECT, key).fetchone()
            if found is not None:
                version, at, *state = found
                principal = PrincipalState(*state[:_OF_PRINCIPAL])
                buckets = {bucket: BucketState(*state[_OF_PRINCIPAL:])}
                return _Known(version, at, time.monotonic(), principal, buckets)
            driver(connection).execute(_REGISTER, key)

    def _keep(
        self, connection: Connection, asking: Principal, known: _Known, principal: PrincipalState,
        bucket: BucketState, *, is_lasting: bool,
    ) -> bool:  # fmt: skip
        """Whether it was as it is known, and is now as it is given."""
        written = driver(connection).execute(
            _UPDATE,
            {
                **self._key(asking, bucket.bucket),
                "version": known.version, "is_lasting": is_lasting,
                "state": principal.state, "blocked_until": principal.blocked_until,
                "blocked_reason": principal.blocked_reason,
                "penalty_seconds": principal.penalty_seconds,
                "concurrency": principal.concurrency, "busy_until": principal.busy_until,
                "slots": principal.slots,
                "quota": bucket.quota, "remaining": bucket.remaining, "reset_at": bucket.reset_at,
                "renewed_at": bucket.renewed_at, "bucket_blocked_until": bucket.blocked_until,
                "paced_until": bucket.paced_until, "bucket_busy_until": bucket.busy_until,
                "typical_ms": bucket.typical_ms,
            },
        ).fetchone()  # fmt: skip
        if written is None:
            return False
        version, at, _ = written
        buckets = {**known.buckets, bucket.bucket: bucket}
        self._known[asking.fingerprint] = _Known(version, at, time.monotonic(), principal, buckets)
        return True

    def _key(self, asking: Principal, bucket: str) -> dict[str, Any]:
        return {
            "host": self._host, "principal": asking.fingerprint, "kind": asking.kind,
            "bucket": bucket,
        }  # fmt: skip
