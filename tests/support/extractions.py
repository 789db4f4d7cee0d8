"""Extractions of a GitHub in trouble: real ones, whose waits take no time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flows.attempt import attempt
from flows.steps.extract import Extraction, extract
from flows.steps.run import Run
from gitinsight import clock
from gitinsight.github import access
from gitinsight.github.client import Answer, GitHubClient, PartialAnswer
from gitinsight.github.pace import Pace
from gitinsight.github.turns import Turns
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation, wider_truth
from tests.support.analyses import enqueue, rows
from warehouse import jobs
from warehouse.engine import Engine
from warehouse.governor import SharedGovernor

NAME = "synthetic-labs/borealis"
_TRUTHS = {name: wider_truth(one) for name, one in Organisation().repositories.items()}
TRUTH = _TRUTHS["borealis"]
_WAIT_SECONDS = 2.0

Meddle = Mapping[int, Callable[[], None]]
"""What happens before the first, the second, ... question to GitHub."""

_TABLES = {
    "pull_requests": "github_pull_requests", "issue_comments": "github_issue_comments",
    "reviews": "github_reviews", "review_comments": "github_review_comments",
    "labels": "github_labels", "milestones": "github_milestones", "releases": "github_releases",
    "issue_events": "github_issue_events", "forks": "github_forks",
    "workflow_runs": "github_workflow_runs", "deployments": "github_deployments",
    "discussions": "github_discussions", "discussion_comments": "github_discussion_comments",
    "pull_request_commits": "github_pull_request_commits",
    "pull_request_files": "github_pull_request_files",
}  # fmt: skip


class MeddledClient(GitHubClient):
    """Lets things happen to GitHub between two questions."""

    meddle: Meddle = {}  # noqa: RUF012 - set by `hastened`, once
    asked = 0

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str | None = None
    ) -> Answer:
        self._count()
        return super().get(path, parameters, etag=etag)

    def query(self, name: str, variables: Mapping[str, Any], *, text: str | None = None) -> Any:
        self._count()
        return super().query(name, variables, text=text)

    def query_in_part(
        self, name: str, variables: Mapping[str, Any], *, text: str | None = None
    ) -> PartialAnswer:
        self._count()
        return super().query_in_part(name, variables, text=text)

    def _count(self) -> None:
        self.asked += 1
        self.meddle.get(self.asked, lambda: None)()


@contextmanager
def hastened(
    run: Run, settings: Settings, *, meddle: Meddle | None = None, timeout_seconds: float = 30
) -> Iterator[None]:
    """Give ``run`` a client that does not pause between two attempts."""
    host = run.repository.host
    run.client.close()
    client = MeddledClient(
        api_url=host, graphql_url=settings.github.graphql, timeout_seconds=timeout_seconds,
        principals=lambda: access.principals(settings, host),
        turns=Turns(
            SharedGovernor(run.warehouse, host, Pace()), wait_seconds=_WAIT_SECONDS,
            sleep=lambda _seconds: None,
        ),
    )  # fmt: skip
    client.meddle = meddle or {}
    run.client = client
    try:
        yield
    finally:
        client.close()


def extracted(
    settings: Settings, warehouse: Engine, *, name: str = NAME, meddle: Meddle | None = None,
    timeout_seconds: float = 30,
) -> Extraction:  # fmt: skip
    """One job, read to its end or to its error."""
    job, state = enqueue(settings, warehouse, name), "failed"
    with (
        attempt(settings, warehouse, job.job_id, worker="test") as run,
        hastened(run, settings, meddle=meddle, timeout_seconds=timeout_seconds),
    ):
        try:
            extraction = extract(run, lambda _name, step: step())
            state = "partial" if gaps(warehouse) else "succeeded"
        finally:
            with warehouse.begin() as connection:
                jobs.finish(connection, run.job, state=state, at=clock.now(), outcome={})
    return extraction


def gaps(warehouse: Engine) -> dict[str, tuple[str, str]]:
    """Thing -> (state, reason) of what the ledger does not call whole."""
    found = rows(
        warehouse,
        "select thing, state, reason from ops.completeness"
        " where state not in ('complete', 'uncounted')",
    )
    return {thing: (state, reason) for thing, state, reason in found}


def held(warehouse: Engine) -> dict[str, int]:
    """What is held and not gone, counted without the ledger."""
    counted = rows(
        warehouse,
        " union all ".join(
            f"select '{thing}', count(*) from raw.{table} where deleted_at is null"
            for thing, table in _TABLES.items()
        )
        + " union all select 'issues', count(*) from raw.github_issues"
        " where deleted_at is null and not payload ? 'pull_request'",
    )
    return {str(thing): int(count) for thing, count in counted}


def ledger(warehouse: Engine) -> dict[str, tuple[int | None, int | None]]:
    """Thing -> (what GitHub says, what is held)."""
    found = rows(warehouse, "select thing, upstream_count, held_count from ops.completeness")
    return {thing: (upstream, count) for thing, upstream, count in found}


def assert_whole(warehouse: Engine, *, name: str = NAME, **more: int) -> None:
    """The ledger says so, and it is: every record, and ``more`` of some, once."""
    truth = _TRUTHS[name.rpartition("/")[2]]
    expected = {thing: truth[thing] + more.get(thing, 0) for thing in [*_TABLES, "issues"]}
    told = {thing: count for thing, (_, count) in ledger(warehouse).items() if thing in expected}
    assert gaps(warehouse) == {}
    assert held(warehouse) == expected
    assert told == expected
    assert rows(warehouse, "select thing from ops.quarantine where replayed_at is null"
                " and kind <> 'original'") == []  # fmt: skip
