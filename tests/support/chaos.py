"""What strikes a running stack in one seed of chaos, and how it strikes."""

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2
import psutil

from tests.support import outages
from tests.support.cable import Cable
from tests.support.github import GitHub
from tests.support.stack import Running
from tests.support.storm_plan import SLOW, SOON
from tests.support.waiting import wait_for

SERVICES = ("worker", "prefect", "postgresql", "valkey", "api")
STRIKES = (*SERVICES, "flow", "github", "warehouse")
_CHANGES = tuple(sorted(set(SOON) - SLOW))
_BACK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Strike:
    """``what`` dies ``after`` so many seconds, or is out of reach for as long as ``lasts``."""

    after: float
    what: str
    lasts: float


@dataclass(frozen=True, slots=True)
class Chaos:
    """``changes`` are (place of the repository, operation); some strike while work goes on."""

    seed: int
    is_full: bool
    changes: list[tuple[int, str]] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int, *, repositories: int) -> "Chaos":
        chance = random.Random(f"chaos {seed}")  # noqa: S311 - reproducible, not secret
        changes = [
            (chance.randrange(repositories), chance.choice(_CHANGES))
            for _ in range(chance.randint(2, 6))
        ]
        strikes = [
            Strike(chance.uniform(0.5, 9), what, chance.uniform(1, 5))
            for what in chance.sample(STRIKES, chance.randint(2, 4))
        ]
        is_full = chance.random() < 0.3
        return cls(seed, is_full, changes, sorted(strikes, key=lambda one: one.after))


@dataclass(slots=True)
class Striking:
    running: Running
    github: GitHub
    cable: Cable
    warehouse_url: str

    def strike(self, chaos: Chaos, names: list[str]) -> None:
        """Everything that the seed holds, one after the other; what it killed is back after it."""
        began, before = time.monotonic(), self.running.pids()
        changes = iter(chaos.changes)
        for one in chaos.strikes:
            time.sleep(max(0.0, began + one.after - time.monotonic()))
            self._strike(one)
            self._change(next(changes, None), names)
        for change in changes:
            self._change(change, names)
        for service in SERVICES:
            if any(one.what == service for one in chaos.strikes):
                self._is_back(service, before[service])

    def _strike(self, one: Strike) -> None:
        if one.what == "flow":
            with suppress(psutil.NoSuchProcess):  # the worker is down as well
                for flow in psutil.Process(self.running.pids()["worker"]).children():
                    _kill_tree(flow)
        elif one.what == "github":
            self.cable.cut()
            time.sleep(one.lasts)
            self.cable.mend()
        elif one.what == "warehouse":
            self._take_away(one.lasts)
        else:
            with suppress(ProcessLookupError):
                os.kill(self.running.pids()[one.what], signal.SIGKILL)

    def _take_away(self, seconds: float) -> None:
        wait_for(lambda: outages.answers(self.warehouse_url), seconds=_BACK_SECONDS)
        with outages.away(self.warehouse_url):
            time.sleep(seconds)

    def _change(self, change: tuple[int, str] | None, names: list[str]) -> None:
        if change is None:
            return
        with suppress(httpx2.HTTPStatusError):  # there is nothing left that it could change
            self.github.change(names[change[0]], change[1])

    def _is_back(self, service: str, pid: int) -> None:
        def is_back() -> bool:
            found = self.running.pids()[service]
            return found != pid and psutil.pid_exists(found)

        wait_for(is_back, seconds=_BACK_SECONDS)


def _kill_tree(process: psutil.Process) -> None:
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            one.kill()
