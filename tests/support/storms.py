"""A storm over one repository: a GitHub, a warehouse and workers that all of it happens to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import httpx2
import psycopg
from psycopg import sql

from gitinsight import clock
from gitinsight.runtime import postgres
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from gitinsight.simulator.state import Simulator
from tests.support import storm_truth, storm_worker
from tests.support.analyses import enqueue, rows
from tests.support.commands import variables
from tests.support.github import GitHub
from tests.support.storm_plan import Event, Squall, Storm
from warehouse import jobs
from warehouse.engine import UNREACHABLE, Engine
from warehouse.jobs import Job

NAME = "synthetic-labs/borealis"
_SQUALL_SECONDS = 4
_JOB_SECONDS = 60
_POLL_SECONDS = 0.005


class Server:
    """A PostgreSQL of its own that can be struck down; what was committed is on its disk."""

    def __init__(self, home: Path, port: int) -> None:
        self._home, self._port = home, port
        self._running = ExitStack()
        self._start()

    def _start(self) -> None:
        kept = postgres.running(self._home, port=self._port)
        self.server: EmbeddedPostgres = self._running.enter_context(kept)
        assert self.server.port == self._port

    def restart(self) -> None:
        """As ``pg_ctl stop -m immediate`` and ``start`` do it: no session ends in peace."""
        pid = int((self._home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        self._running.close()
        self._start()

    def stop(self) -> None:
        self._running.close()

    @contextmanager
    def database(self, template: str) -> Iterator[str]:
        """The URL of a copy, which restarts outlive."""
        name = f"storm_{uuid4().hex}"
        self._do("create database {} template {}", name, template)
        yield self.server.url(name)
        self._do("drop database {} with (force)", name)

    def _do(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass(slots=True)
class Weather:
    """``passed`` are the moments at which an hour was taken to have passed for every limit."""

    settings: Settings
    warehouse: Engine
    github: GitHub
    simulator: Simulator
    server: Server
    passed: list[datetime] = field(default_factory=list)
    worker: "subprocess.Popen[bytes] | None" = None

    def strike(self, storm: Storm) -> None:
        if storm.begins_calm:
            self.analyse()
        for squall in storm.squalls:
            self._squall(squall)
        self.github.control(calm=True)
        self._kill()
        self.time_passes()

    def analyse(self) -> Job:
        """One job, from the queue to its end, by workers that start anew when it was parked."""
        job = self._enqueued()
        deadline = time.monotonic() + _JOB_SECONDS
        while True:
            with self._spawned(job.job_id) as worker:
                worker.wait(_JOB_SECONDS)
            with self.warehouse.begin() as connection:
                job = jobs.by_id(connection, job.job_id)
            if job.state in jobs.FINAL:
                return job
            assert time.monotonic() < deadline, "the job does not end"
            self.time_passes()

    def time_passes(self) -> None:
        """As if every limit, every block and every pause had ended."""
        with self.warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update ops.principals set blocked_until = null, blocked_reason = null,"
                " state = 'active', slots = '{}', penalty_seconds = 0, concurrency = null"
            )
            connection.exec_driver_sql(
                "update ops.buckets set blocked_until = null, remaining = null, reset_at = null,"
                " renewed_at = null"
            )
            connection.exec_driver_sql("update ops.jobs set not_before = null")
        self.passed.append(clock.now())

    def a_week_passes(self) -> None:
        """For the sweep and the walks that are due once a week, and for what they suspect."""
        with self.warehouse.begin() as connection:
            for key in ("swept_at", "walked_at", "read_until"):
                connection.exec_driver_sql(
                    f"update ops.cursors set state = jsonb_set(state, '{{{key}}}',"
                    f" to_jsonb((state ->> '{key}')::timestamptz - interval '8 days'))"
                    f" where state ->> '{key}' is not null"
                )
            connection.exec_driver_sql(
                "update ops.suspects set missed_at = missed_at - interval '8 days',"
                " checked_at = checked_at - interval '8 days'"
            )

    def differences(self) -> dict[str, Any]:
        return storm_truth.differences(self.simulator, NAME.partition("/")[2], self.warehouse)

    def stop(self) -> None:
        self._kill()

    def _squall(self, squall: Squall) -> None:
        self.github.control(calm=True, **squall.faults)
        began, asked = time.monotonic(), self.simulator.turmoil
        for event in squall.events:
            while asked.requests < event.after and time.monotonic() - began < _SQUALL_SECONDS:
                self._keep_working()
                time.sleep(_POLL_SECONDS)
            self._happen(event)

    def _happen(self, event: Event) -> None:
        if event.action == "kill":
            self._kill()
        elif event.action == "restart":
            self.server.restart()
        else:
            try:
                self.github.change(NAME, event.operation)
            except httpx2.HTTPStatusError:
                return  # there is nothing left that it could change

    def _keep_working(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            return
        self._kill()
        try:
            self.time_passes()
            job = self._enqueued()
        except UNREACHABLE:
            return
        self.worker = self._start(job.job_id)

    def _enqueued(self) -> Job:
        found = rows(
            self.warehouse, "select job_id from ops.jobs where state in ('queued', 'running')"
        )
        if found:
            with self.warehouse.begin() as connection:
                return jobs.by_id(connection, found[0][0])
        return self._new()

    def _new(self) -> Job:
        [(repository_id,)] = rows(self.warehouse, "select repository_id from ops.repositories")
        with self.warehouse.begin() as connection:
            job, _ = jobs.enqueue(connection, repository_id, at=clock.now())
        return job

    def follow(self) -> None:
        """A run that has been under way for months is none that GitHub has."""
        self.github.change(NAME, "finish_run")
        enqueue(self.settings, self.warehouse, NAME)

    def _start(self, job_id: UUID) -> "subprocess.Popen[bytes]":
        environment = variables(self.settings, GITINSIGHT_ORCHESTRATOR__LEASE_SECONDS="1")
        log = (self.settings.state_dir / "worker.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, storm_worker.__file__, str(job_id)], env=environment,
                stdout=log, stderr=log,
            )  # fmt: skip

    @contextmanager
    def _spawned(self, job_id: UUID) -> Iterator["subprocess.Popen[bytes]"]:
        worker = self._start(job_id)
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()

    def _kill(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            self.worker = None
