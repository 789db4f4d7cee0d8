"""What Prometheus scrapes: how the checks went, how old the figures are, and what is missing."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from api.auth import Reader
from api.counters import Counters
from api.session import Session
from api.traffic import Example, Traffic
from gitinsight import clock
from warehouse import diagnosis, outbox, visibility
from warehouse.diagnosis import Diagnosis
from warehouse.measures import Measures, measures
from warehouse.outbox import Waiting

router = APIRouter(tags=["health"])


class _Collected(Collector):
    def __init__(
        self, found: Measures, outbox: Waiting, seen: frozenset[int], traffic: Traffic,
        counters: Counters, *, work: Diagnosis, budgets: Sequence[tuple[str, float]],
    ) -> None:  # fmt: skip
        self._found = found
        self._outbox = outbox
        self._seen = seen
        self._traffic = traffic
        self._counters = counters
        self._work = work
        self._budgets = budgets

    def collect(self) -> Iterator[Metric]:
        yield from self._of_figures()
        yield from self._of_messages()
        yield from self._of_work()
        yield from self._of_requests()
        yield from self._of_processes()

    def _of_processes(self) -> Iterator[Metric]:
        counters = self._counters
        yield GaugeMetricFamily(
            "gitinsight_sockets", "WebSockets that are open.",
            value=counters.now("sockets_opened") - counters.now("sockets_closed"),
        )  # fmt: skip
        dropped = CounterMetricFamily(
            "gitinsight_sockets_dropped", "WebSockets that were closed because of their clients.",
            labels=["reason"],
        )  # fmt: skip
        for reason in ("slow", "flooding"):
            dropped.add_metric([reason], counters.ever(f"sockets_{reason}"))
        yield dropped
        yield GaugeMetricFamily(
            "gitinsight_redis_away", "Processes that are not answered by Redis, and do without.",
            value=counters.now("redis_away"),
        )  # fmt: skip
        yield CounterMetricFamily(
            "gitinsight_redis_failures", "How often Redis has ceased to answer a process.",
            value=counters.ever("redis_failures"),
        )  # fmt: skip

    def _of_work(self) -> Iterator[Metric]:
        work = self._work
        jobs = GaugeMetricFamily("gitinsight_jobs", "Jobs that have not ended.", labels=["state"])
        jobs.add_metric(["queued"], work.queued)
        jobs.add_metric(["running"], work.running)
        yield jobs
        for name, told, value in (
            ("queue_seconds", "How long that job waits that could have begun first.",
             work.queue_seconds),
            ("jobs_abandoned", "Jobs whose worker has gone, and that nobody has taken over.",
             work.abandoned),
            ("repositories_failed", "Repositories whose newest job failed.", work.failed),
            ("deliveries_waiting", "Webhook deliveries that nobody has looked at for an hour.",
             work.deliveries),
            ("removals_waiting", "Removed repositories that are not erased after an hour.",
             work.removals),
            ("warehouse_bytes", "What the warehouse takes on its disk.", work.warehouse_bytes),
        ):  # fmt: skip
            yield GaugeMetricFamily(f"gitinsight_{name}", told, value=value)
        left = GaugeMetricFamily(
            "gitinsight_github_remaining_ratio",
            "What is left of a limit of GitHub's, to the principal with least of it.",
            labels=["bucket"],
        )
        for bucket, ratio in self._budgets:
            left.add_metric([bucket], ratio)
        yield left

    def _of_requests(self) -> Iterator[Metric]:
        answered = CounterMetricFamily(
            "gitinsight_http_requests", "Requests that were answered.", labels=["route", "status"]
        )
        seconds = HistogramMetricFamily(
            "gitinsight_http_request_seconds", "How long answers took to be made.",
            labels=["route"],
        )  # fmt: skip
        for one in self._traffic.totals():
            for status, count in one.statuses.items():
                answered.add_metric([one.route, status], count)
            buckets = [_bucket(*bucket) for bucket in one.buckets]
            seconds.add_metric([one.route], buckets, one.seconds)
        yield from (answered, seconds)

    def _of_messages(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "gitinsight_outbox_messages", "Messages that no broker has confirmed yet.",
            value=self._outbox.count,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "gitinsight_outbox_lag_seconds", "How long the oldest of them waits.",
            value=self._outbox.seconds or 0.0,
        )  # fmt: skip

    def _of_figures(self) -> Iterator[Metric]:
        found = self._found
        checks = GaugeMetricFamily(
            "gitinsight_checks", "Checks of the figures that are shown.",
            labels=["tool", "severity", "status"],
        )  # fmt: skip
        for tool, severity, status, count in found.checks:
            checks.add_metric([tool, severity, status], count)
        ages = GaugeMetricFamily(
            "gitinsight_repository_freshness_seconds",
            "How old the figures of a repository are; only of those that are overdue by most.",
            labels=["repository_id"],
        )
        allowed = GaugeMetricFamily(
            "gitinsight_repository_freshness_target_seconds",
            "How old the figures of a repository may be.",
            labels=["repository_id"],
        )
        for one in found.stalest:
            if one.seconds is not None and one.repository_id in self._seen:
                ages.add_metric([str(one.repository_id)], one.seconds)
                allowed.add_metric([str(one.repository_id)], one.target_seconds)
        repositories = GaugeMetricFamily(
            "gitinsight_repositories", "Repositories by whether their figures are fresh.",
            labels=["freshness"],
        )  # fmt: skip
        for freshness, count in found.repositories.items():
            repositories.add_metric([freshness], count)
        coverage = GaugeMetricFamily(
            "gitinsight_coverage_ratio", "What is held of what exists, all repositories together.",
            labels=["thing"],
        )  # fmt: skip
        for thing, ratio in found.coverage:
            coverage.add_metric([thing], ratio)
        quarantine = GaugeMetricFamily(
            "gitinsight_quarantine_records", "Records that are refused still.", labels=["thing"]
        )
        for thing, count in found.quarantine:
            quarantine.add_metric([thing], count)
        yield from (checks, ages, allowed, repositories, coverage, quarantine)


def _bucket(
    limit: str, count: int, example: Example | None
) -> tuple[str, float] | tuple[str, float, Exemplar]:
    """With an example, by whose id its log line is found, and its trace where there is one."""
    if example is None:
        return limit, count
    return limit, count, Exemplar({"request_id": example.request_id}, example.seconds, example.at)


@router.get("/metrics", response_class=PlainTextResponse, include_in_schema=False)
def scraped(request: Request, reader: Reader, session: Session) -> Response:
    """In the format of Prometheus, or in that of OpenMetrics, which has examples beside counts."""
    fresh_for = request.app.state.settings.quality.fresh_for
    registry = CollectorRegistry()
    found = measures(session, now=clock.now(), fresh_for=fresh_for)
    kept = request.app.state
    seen = visibility.among(session, [one.repository_id for one in found.stalest], reader.readable)
    registry.register(
        _Collected(
            found, outbox.waiting(session), seen, kept.traffic, kept.counters,
            work=diagnosis.diagnose(session, now=clock.now()),
            budgets=diagnosis.budgets(session, now=clock.now()),
        )
    )  # fmt: skip
    told, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(told(registry), headers={"content-type": content_type})
