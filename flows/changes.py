"""Which repositories have changed, for as little as it can cost: 2 points per 50 of them.

What has changed is queued. So is what cannot be probed, whatever the reason: the job of a
repository decides by itself what is to be read, and what became of it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from gitinsight import clock, logs
from gitinsight.errors import GitInsightError, NotFound, UpstreamUnavailable
from gitinsight.github import access, probe
from gitinsight.github.client import GitHubClient
from gitinsight.github.probe import Probe
from gitinsight.settings import Settings
from gitinsight.targets import GIT
from warehouse import accounting, jobs, probes, repositories, tombstones
from warehouse.engine import Connection, Engine
from warehouse.governor import SharedGovernor
from warehouse.probes import Known
from warehouse.repositories import Repository

_LOG = logs.get(__name__)
_SMALLEST = 6
"""A query for so few that is not answered either is not asked for in smaller parts."""


def queue_changed(settings: Settings, engine: Engine, followed: Iterable[Repository]) -> int:
    """A job for each that has changed, whose last job did not succeed, whose figures are older than
    ``quality.refresh_hours``, or that cannot be probed; how many were queued.
    """
    queued = 0
    limit = timedelta(hours=settings.quality.refresh_hours)
    in_order = sorted(followed, key=lambda one: one.host)
    for host, of_host in groupby(in_order, lambda one: one.host):
        if host == GIT:
            queued += _queue_all(engine, list(of_host))
            continue
        client = access.connect(settings, host, governor=partial(SharedGovernor, engine))
        try:
            ask = _probe if client.has_token else _unprobed
            queued += ask(engine, client, list(of_host), limit)
        finally:
            client.close()
    return queued


def _unprobed(
    engine: Engine, _client: GitHubClient, waiting: Sequence[Repository], _limit: timedelta
) -> int:
    """Nobody without a token may ask by GraphQL."""
    return _queue_all(engine, waiting)


def _probe(
    engine: Engine, client: GitHubClient, waiting: Sequence[Repository], limit: timedelta
) -> int:
    """In batches, each one query and one transaction. A batch that GitHub does not answer is asked
    for in smaller ones; after two that came to nothing the rest is queued unprobed.
    """
    queued, size, is_away = 0, probe.PER_QUERY, False
    while waiting:
        batch, rest = waiting[:size], waiting[size:]
        try:
            answers = probe.ask(client, [one.full_name for one in batch])
        except UpstreamUnavailable as error:
            if size > _SMALLEST:
                size //= 2
                continue
            _LOG.warning("probe_not_answered", reason=str(error), repositories=len(batch))
            queued += _queue_all(engine, [*batch, *rest] if is_away else batch)
            waiting, size, is_away = [] if is_away else rest, probe.PER_QUERY, True
            continue
        except GitInsightError as error:
            _LOG.warning("probe_refused", reason=str(error), repositories=len(waiting))
            queued += _queue_all(engine, waiting)
            break
        with engine.begin() as connection:
            queued += _settle(connection, batch, answers, older_than=clock.now() - limit)
            accounting.record_requests(connection, client.drain())
        waiting, size, is_away = rest, min(2 * size, probe.PER_QUERY), False
    with engine.begin() as connection:
        accounting.record_requests(connection, client.drain())
    return queued


def _settle(
    connection: Connection, batch: Sequence[Repository], answers: Sequence[Probe | None], *,
    older_than: datetime,
) -> int:  # fmt: skip
    """Queue what differs and keep what was said. A job that was running before the probe may have
    read too early: then the probe is not kept, and differs again the next time.
    """
    seen = probes.known(connection, [one.repository_id for one in batch])
    queued, quiet, at = 0, [], clock.now()
    for repository, found in zip(batch, answers, strict=True):
        repository_id = repository.repository_id
        try:
            tombstones.hold(connection, repository_id)
        except NotFound:
            continue
        is_it = found is not None and repository.github_id in {None, found.github_id}
        if found is None or not is_it:
            queued += jobs.enqueue(connection, repository_id, at=at, reason="unknown")[1]
            continue
        repositories.record_estimate(connection, repository_id, found.records_estimate)
        if _is_quiet(seen[repository_id], found, older_than):
            quiet.append(repository_id)
            continue
        job, is_new = jobs.enqueue(connection, repository_id, at=at, reason="changed")
        queued += is_new
        if job.state == "queued":
            probes.record(
                connection, repository_id, found.state, probed_at=found.at, job_id=job.job_id
            )
    moments = [one.at for one in answers if one is not None]
    if quiet:
        probes.record_quiet(connection, quiet, probed_at=max(moments))
    return queued


def _is_quiet(known: Known, found: Probe, older_than: datetime) -> bool:
    return (
        known.state == found.state
        and known.last_job == "succeeded"
        and known.published_as_of is not None
        and known.published_as_of >= older_than
    )


def _queue_all(engine: Engine, followed: Sequence[Repository]) -> int:
    with engine.begin() as connection:
        ids = [one.repository_id for one in followed]
        return queue_each(connection, ids, kind="analysis", reason="unknown")


def queue_each(
    connection: Connection, repository_ids: Iterable[int], *, kind: str, reason: str
) -> int:
    """A job for each; how many were queued. One that was removed meanwhile is left out."""
    queued = 0
    for one in repository_ids:
        with suppress(NotFound):
            queued += jobs.enqueue(connection, one, at=clock.now(), kind=kind, reason=reason)[1]
    return queued
