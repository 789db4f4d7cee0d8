"""Who may send a request to GitHub now: asked before each one, told of its outcome after.

`LocalGovernor` serves a process that has no warehouse; `warehouse.governor.SharedGovernor` all
processes that share one. Both keep the rules of `gitinsight.github.pace`.
"""

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gitinsight import clock
from gitinsight.clock import Clock
from gitinsight.errors import TokenRejected
from gitinsight.github import pace as rules
from gitinsight.github.pace import BucketState, Outcome, Pace, PrincipalState, Reason, Slot
from gitinsight.github.principals import Principal


@dataclass(frozen=True, slots=True)
class Grant:
    """One request may be sent by this principal now, and its outcome has to be told."""

    principal: Principal
    bucket: str
    slot: Slot


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent for so many seconds."""

    bucket: str
    seconds: float
    reason: Reason


class Governor(Protocol):
    """Safe to share between threads."""

    def acquire(self, principals: Sequence[Principal], bucket: str) -> Grant | Wait:
        """By the first of ``principals`` that may; else the shortest wait. TokenRejected where
        GitHub has rejected all of them.
        """
        ...

    def release(self, grant: Grant, outcome: Outcome) -> None: ...

    def usable(self, principals: Sequence[Principal]) -> list[Principal]:
        """Those that GitHub has not rejected; all where it has rejected every one."""
        ...


MakeGovernor = Callable[[str, Pace], Governor]
"""From a host, an API root, and how fast it may be asked."""


def first_grant(found: Iterable[Grant | Wait | None], bucket: str) -> Grant | Wait:
    """The first grant, else the shortest wait; None stands for a principal that is rejected."""
    waits: list[Wait] = []
    for one in found:
        if isinstance(one, Grant):
            return one
        if one is not None:
            waits.append(one)
    if not waits:
        raise TokenRejected(bucket)
    return min(waits, key=lambda wait: wait.seconds)


class LocalGovernor:
    """Keeps what it knows in this process."""

    def __init__(self, _host: str, pace: Pace, *, now: Clock = clock.now) -> None:
        self._pace = pace
        self._now = now
        self._lock = threading.Lock()
        self._principals: dict[str, PrincipalState] = {}
        self._buckets: dict[tuple[str, str], BucketState] = {}

    def acquire(self, principals: Sequence[Principal], bucket: str) -> Grant | Wait:
        with self._lock:
            return first_grant((self._try(one, bucket) for one in principals), bucket)

    def release(self, grant: Grant, outcome: Outcome) -> None:
        with self._lock:
            known, bucket = self._known(grant.principal, grant.bucket)
            rules.settle(
                known, bucket, self._pace, self._now(), slot=grant.slot, outcome=outcome,
                jitter=random.random(),  # noqa: S311 - it spreads waits and hides nothing
            )  # fmt: skip

    def usable(self, principals: Sequence[Principal]) -> list[Principal]:
        with self._lock:
            now = self._now()
            found = [
                one for one in principals
                if not rules.is_rejected(self._known(one, "core")[0], now)
            ]  # fmt: skip
        return found or list(principals)

    def _try(self, principal: Principal, name: str) -> Grant | Wait | None:
        known, bucket = self._known(principal, name)
        now = self._now()
        if rules.is_rejected(known, now):
            return None
        hold = rules.blocked(known, bucket, self._pace, now)
        if hold is not None:
            return Wait(name, (hold[0] - now).total_seconds(), hold[1])
        return Grant(principal, name, rules.take(known, bucket, self._pace, now))

    def _known(self, principal: Principal, bucket: str) -> tuple[PrincipalState, BucketState]:
        return (
            self._principals.setdefault(principal.fingerprint, PrincipalState(principal.kind)),
            self._buckets.setdefault((principal.fingerprint, bucket), BucketState(bucket)),
        )
