"""What every step of one analysis works with, and the one way in which a step commits."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from gitinsight import logs
from gitinsight.ai_settings import EmbeddingsSettings, SentimentSettings
from gitinsight.clock import Clock
from gitinsight.errors import Cancelled, LeaseLost, first_line
from gitinsight.git.mirror import Mirror
from gitinsight.github.client import API_VERSION, GitHubClient
from gitinsight.github.governor import Wait
from gitinsight.github.payloads import Actor
from gitinsight.settings import DeliverySettings
from gitinsight.veil import NOTHING, Veil
from warehouse import accounting, cursors, job_events, jobs
from warehouse.cursors import Cursor
from warehouse.engine import UNREACHABLE, Connection, Engine, at_once
from warehouse.git import Run as GitRun
from warehouse.jobs import Job
from warehouse.raw import Origin, Written
from warehouse.repositories import Repository
from warehouse.schemas import NOW, Schemas

_LOG = logs.get(__name__)
_CANCEL_SECONDS = 3.0


def _nothing(_connection: Connection) -> Written:
    return Written()


@dataclass(frozen=True, slots=True)
class StepResult:
    """``touched`` rows were new or changed; ``unavailable`` says why a thing cannot be read, and
    ``is_offered`` whether this GitHub has it at all; ``doubts`` say by thing what is not believed.
    """

    thing: str
    touched: int = 0
    rows: int = 0
    unavailable: str | None = None
    is_offered: bool = True
    doubts: Mapping[str, str] = field(default_factory=dict)
    moved_tags: int = 0
    """Tags that name something else than when they were last seen."""
    left_behind: int = 0
    """Commits that no branch and no tag reaches any more since then."""


@dataclass(slots=True)
class Run:
    """One attempt at one job. Every commit renews the lease and fails if it was lost."""

    warehouse: Engine
    client: GitHubClient
    repository: Repository
    job: Job
    mirror: Mirror
    clock: Clock
    state_dir: Path
    lease_seconds: int
    cancelled: threading.Event
    """Set when somebody asked for the job to stop, or took it over."""
    workflow_jobs_days: int
    delivery: DeliverySettings
    embeddings: EmbeddingsSettings
    sentiment: SentimentSettings
    is_giant: bool = False
    held_as_of: datetime | None = None
    """When that was read which is only checked."""
    schemas: Schemas = NOW
    """Where its figures are made."""
    veil: Veil = NOTHING
    """What is read passes it; the client has it, too."""
    stop: threading.Event = field(default_factory=threading.Event)
    stage: str = "discover"
    accounts: set[Actor] = field(default_factory=set)
    """Those that this attempt has stored."""
    _taken: dict[str, float] = field(default_factory=dict)

    @property
    def origin(self) -> Origin:
        return self._origin("rest")

    @property
    def graphql_origin(self) -> Origin:
        return self._origin("graphql")

    @property
    def as_of(self) -> datetime:
        """The instant that the figures describe: as asked for, else when upstream was asked."""
        told = (self.job.as_of, self.held_as_of, self.repository.checked_at)
        return next(filter(None, told), None) or self.clock()

    @property
    def git_run(self) -> GitRun:
        return GitRun(self.repository.repository_id, self.clock(), self.job.job_id)

    def path(self, list_path: str) -> str:
        return f"repos/{self.repository.full_name}/{list_path}".rstrip("/")

    def take(self, thing: str) -> Cursor:
        """Start reading a thing: from here on nobody else can move its cursor."""
        self._taken[thing] = time.monotonic()
        with self.warehouse.begin() as connection:
            return cursors.take(connection, self.repository.repository_id, thing, at=self.clock())

    def commit(
        self,
        cursor: Cursor,
        state: dict[str, Any],
        write: Callable[[Connection], Written] = _nothing,
        *,
        done: int | None = None,
        total: int | None = None,
    ) -> tuple[Cursor, Written]:
        """One page, one transaction: rows if there are any, cursor, ledger of calls, progress."""
        self.stage = "extract"
        eta_seconds = self._eta(cursor.thing, done, total)
        with self.warehouse.begin() as connection:
            written = write(connection)
            with at_once(connection):
                moved = cursors.move(connection, cursor, state, at=self.clock())
                if written.touched:
                    self._tell(
                        connection, stage="extract", resource=cursor.thing, done=done, total=total,
                        rows=written.touched, budget=self._budget(), eta_seconds=eta_seconds,
                    )  # fmt: skip
                else:
                    self.hold(connection)
            return moved(), written

    def announce(
        self, stage: str, *, message: str | None = None, resource: str | None = None,
        done: int | None = None, total: int | None = None,
    ) -> None:  # fmt: skip
        """Tell what the job is at; raises Cancelled where somebody asked it to stop."""
        self.stage = stage
        with self.warehouse.begin() as connection:
            self._tell(
                connection, stage=stage, resource=resource, done=done, total=total,
                message=message, budget=self._budget(),
            )  # fmt: skip

    def tell_wait(self, wait: Wait, until: datetime) -> None:
        """A wait for GitHub is an event with its end; raises as ``announce`` does."""
        eta_seconds = math.ceil(wait.seconds)
        budget = self._budget(wait.bucket) or {"bucket": wait.bucket, "remaining": None}
        with self.warehouse.begin() as connection:
            self._tell(
                connection, stage=self.stage,
                message=f"waiting for GitHub's {wait.bucket} limit until"
                f" {until:%H:%M:%SZ}: {wait.reason}",
                budget={"reset_at": _iso(until), **budget}, eta_seconds=eta_seconds,
            )  # fmt: skip

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renew the lease in the background, so that a long git or dbt step keeps it."""
        thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join()

    def _beat(self) -> None:
        """What a long step has to know at once is told by ``cancelled``; the next commit raises."""
        while not self.stop.wait(min(self.lease_seconds / 3, _CANCEL_SECONDS)):
            try:
                with self.warehouse.begin() as connection:
                    if jobs.heartbeat(
                        connection, self.job.job_id, self.job.fence, at=self.clock(),
                        lease_seconds=self.lease_seconds,
                    ):  # fmt: skip
                        self.cancelled.set()
            except LeaseLost:
                self.cancelled.set()
                return
            except UNREACHABLE as error:
                _LOG.warning("lease_not_renewed", reason=first_line(error))

    def hold(self, connection: Connection) -> None:
        """Inside a transaction: still ours to do, or LeaseLost; still wanted, or Cancelled."""
        self._account(connection)
        if jobs.heartbeat(
            connection, self.job.job_id, self.job.fence, at=self.clock(),
            lease_seconds=self.lease_seconds,
        ):  # fmt: skip
            raise Cancelled(f"job {self.job.job_id}")

    def _tell(self, connection: Connection, **facts: Unpack[job_events.Facts]) -> None:
        """``hold``, and an event of what the job is at."""
        self._account(connection)
        if job_events.progress(
            connection, self.job.job_id, self.job.fence, at=self.clock(),
            lease_seconds=self.lease_seconds, **facts,
        ):  # fmt: skip
            raise Cancelled(f"job {self.job.job_id}")

    def _account(self, connection: Connection) -> None:
        accounting.record_requests(
            connection, self.client.drain(), job_id=self.job.job_id,
            repository_id=self.repository.repository_id,
        )  # fmt: skip

    def _origin(self, source: str) -> Origin:
        return Origin(
            self.repository.repository_id, source, API_VERSION, self.clock(), self.job.job_id
        )

    def _eta(self, thing: str, done: int | None, total: int | None) -> int | None:
        """Seconds until a thing is read, at the pace since it was taken."""
        if not done or total is None or thing not in self._taken:
            return None
        pace = (time.monotonic() - self._taken[thing]) / done
        return math.ceil(pace * max(0, total - done))

    def _budget(self, bucket: str | None = None) -> dict[str, Any] | None:
        """Of one limit, or of the tightest."""
        known = self.client.budgets.values()
        budgets = [one for one in known if bucket in {None, one.bucket}]
        if not budgets:
            return None
        tightest = min(budgets, key=lambda one: one.remaining)
        return {
            "bucket": tightest.bucket,
            "remaining": tightest.remaining,
            "reset_at": _iso(tightest.reset_at),
        }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
