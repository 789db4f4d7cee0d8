"""The governor that all workers share: one row per principal, held while a rule works on it.

Every time is PostgreSQL's, so that the clocks of the workers do not matter. What is lost when the
server dies in the middle of a second is a second's worth of pace; so nothing waits for its disk but
what forbids to ask: a limit that was hit, a token that was rejected.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row

from gitinsight.github import pace as rules
from gitinsight.github.governor import Grant, Wait, first_grant
from gitinsight.github.limits import Verdict
from gitinsight.github.pace import BucketState, Outcome, Pace, PrincipalState
from gitinsight.github.principals import Principal
from warehouse.engine import Connection, Engine, driver

_OF_PRINCIPAL = len(fields(PrincipalState))
_PASSES = {Verdict.ANSWERED, Verdict.FAILED, Verdict.TIMED_OUT}
"""Of these nothing is to be remembered but the pace."""
_SELECT: LiteralString = """
    select clock_timestamp(), set_config('synchronous_commit', 'off', true),
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
    )
    update ops.buckets
    set quota = %(quota)s, remaining = %(remaining)s, reset_at = %(reset_at)s,
        renewed_at = %(renewed_at)s, blocked_until = %(bucket_blocked_until)s,
        paced_until = %(paced_until)s, busy_until = %(bucket_busy_until)s,
        typical_ms = %(typical_ms)s
    where host = %(host)s and principal = %(principal)s and bucket = %(bucket)s
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


class SharedGovernor:
    """Implements `gitinsight.github.governor.Governor`; one short transaction per call."""

    def __init__(self, engine: Engine, host: str, pace: Pace) -> None:
        self._engine = engine
        self._host = host
        self._pace = pace

    def acquire(self, principals: Sequence[Principal], bucket: str) -> Grant | Wait:
        return first_grant((self._try(one, bucket) for one in principals), bucket)

    def release(self, grant: Grant, outcome: Outcome) -> None:
        with self._engine.begin() as connection:
            now, principal, bucket = self._hold(connection, grant.principal, grant.bucket)
            rules.settle(
                principal, bucket, self._pace, now, slot=grant.slot, outcome=outcome,
                jitter=random.random(),  # noqa: S311 - it spreads waits and hides nothing
            )  # fmt: skip
            if outcome.verdict not in _PASSES:
                driver(connection).execute("set local synchronous_commit to default")
            self._keep(connection, grant.principal, principal, bucket)

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

    def _try(self, asking: Principal, name: str) -> Grant | Wait | None:
        with self._engine.begin() as connection:
            now, principal, bucket = self._hold(connection, asking, name)
            if rules.is_rejected(principal, now):
                return None
            hold = rules.blocked(principal, bucket, self._pace, now)
            if hold is not None:
                return Wait(name, (hold[0] - now).total_seconds(), hold[1])
            slot = rules.take(principal, bucket, self._pace, now)
            self._keep(connection, asking, principal, bucket)
        return Grant(asking, name, slot)

    def _hold(
        self, connection: Connection, asking: Principal, bucket: str
    ) -> tuple[datetime, PrincipalState, BucketState]:
        """What is known, locked until the transaction ends."""
        key = self._key(asking, bucket)
        while True:
            found = driver(connection).execute(_SELECT, key).fetchone()
            if found is not None:
                now, _, *state = found
                principal = PrincipalState(*state[:_OF_PRINCIPAL])
                return now, principal, BucketState(*state[_OF_PRINCIPAL:])
            driver(connection).execute(_REGISTER, key)

    def _keep(
        self, connection: Connection, asking: Principal, principal: PrincipalState,
        bucket: BucketState,
    ) -> None:  # fmt: skip
        driver(connection).execute(
            _UPDATE,
            {
                **self._key(asking, bucket.bucket),
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
        )  # fmt: skip

    def _key(self, asking: Principal, bucket: str) -> dict[str, Any]:
        return {
            "host": self._host, "principal": asking.fingerprint, "kind": asking.kind,
            "bucket": bucket,
        }  # fmt: skip
