"""What a probe makes of a fleet: work where something has changed, and nothing else."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from flows.changes import queue_changed, queue_each
from gitinsight import clock
from gitinsight.settings import Settings
from tests.support.analyses import count, follow, rows
from tests.support.github import GitHub
from tests.support.rows import add_repository
from tests.support.upstream import Reply, Upstream
from warehouse import jobs, removal, repositories
from warehouse.engine import Engine
from warehouse.repositories import Repository

NAMES = ("synthetic-labs/aurora", "synthetic-labs/borealis")
QUEUED = "ops.jobs where state = 'queued'"


@pytest.fixture
def fleet(settings: Settings, warehouse: Engine) -> list[Repository]:
    for name in NAMES:
        follow(settings, warehouse, name)
    return followed(warehouse)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(Reply()) as served:
        yield served


def followed(warehouse: Engine) -> list[Repository]:
    with warehouse.begin() as connection:
        return repositories.search(connection, limit=1_000)


def work(warehouse: Engine, *, state: str = "succeeded") -> None:
    """Every queued job ends in this state, and its figures are of now."""
    at = clock.now()
    with warehouse.begin() as connection:
        for (job_id,) in rows(warehouse, "select job_id from ops.jobs where state = 'queued'"):
            held = jobs.claim(connection, job_id, worker="test", at=at)
            jobs.finish(connection, held, state=state, at=at, outcome={})
        connection.exec_driver_sql(
            "insert into ops.publications (repository_id, publication, job_id, as_of,"
            " published_at, quality_status, coverage)"
            " select repository_id, 1, job_id, now(), now(), 'passed', '{}' from ops.jobs"
            " on conflict (repository_id) do update set as_of = excluded.as_of"
        )


def probed(github_id: int, **changed: Any) -> dict[str, Any]:
    nothing = {"totalCount": 0, "nodes": []}
    return {
        "databaseId": github_id, "nameWithOwner": "octo/app", "isArchived": False,
        "pushedAt": None, "stargazerCount": 0, "forkCount": 0, "diskUsage": 1,
        "defaultBranchRef": None, "issues": nothing, "pullRequests": nothing,
        "discussions": nothing, "releases": nothing, **changed,
    }  # fmt: skip


def reply(*found: dict[str, Any] | None, errors: list[dict[str, Any]] | None = None) -> Reply:
    data = {f"repository_{index}": one for index, one in enumerate(found)}
    body = {"data": {"rateLimit": {"cost": 1}, **data}, "errors": errors or []}
    return Reply(body=json.dumps(body).encode())


def local(
    upstream: Upstream, warehouse: Engine, *github_ids: int
) -> tuple[Settings, list[Repository]]:
    """A fleet on a GitHub whose answers are written down."""
    for number in github_ids:
        add_repository(warehouse, f"octo/app-{number}", github_id=number)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set host = %s", (upstream.url,))
    settings = Settings.model_validate(
        {"github": {"api_url": upstream.url, "tokens": "t", "wait_seconds": 0}}
    )
    return settings, followed(warehouse)


class TestQuiet:
    def test_what_is_new_is_queued_and_what_has_not_changed_is_not(
        self, settings: Settings, warehouse: Engine, fleet: list[Repository], github: GitHub
    ) -> None:
        first = queue_changed(settings, warehouse, fleet)
        work(warehouse)
        github.start_counting()

        second = queue_changed(settings, warehouse, fleet)

        assert (first, second) == (2, 0)
        assert github.counted()["requests"] == 1, "one query for both"
        assert count(warehouse, "ops.requests where bucket = 'graphql' and job_id is null") == 2

    @pytest.mark.parametrize("operation", ["new_issue", "new_comment", "new_commit", "close_issue"])
    def test_what_has_changed_is_queued(
        self, settings: Settings, warehouse: Engine, fleet: list[Repository], github: GitHub,
        operation: str,
    ) -> None:  # fmt: skip
        queue_changed(settings, warehouse, fleet)
        work(warehouse)
        github.change(NAMES[1], operation)

        assert queue_changed(settings, warehouse, fleet) == 1

        queued = rows(
            warehouse,
            "select full_name from ops.jobs join ops.repositories using (repository_id)"
            " where jobs.state = 'queued'",
        )
        assert queued == [(NAMES[1],)]

    def test_old_figures_are_made_anew(
        self, settings: Settings, warehouse: Engine, fleet: list[Repository]
    ) -> None:
        queue_changed(settings, warehouse, fleet)
        work(warehouse)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update ops.publications set as_of = now() - interval '25 hours'"
                f" where repository_id = {fleet[0].repository_id}"
            )

        assert queue_changed(settings, warehouse, fleet) == 1

    def test_how_big_a_repository_is_is_known_before_its_first_job(
        self, settings: Settings, warehouse: Engine, fleet: list[Repository]
    ) -> None:
        queue_changed(settings, warehouse, fleet)

        estimates = rows(
            warehouse, "select records_estimate from ops.repositories order by repository_id"
        )
        assert estimates == [(8 * 120,), (8 * 40,)]

    def test_the_time_of_a_probe_is_that_of_github(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, 1)
        answer = reply(probed(1))
        headers = {"date": "Fri, 02 Jan 2026 03:04:05 GMT"}
        upstream.replies = [Reply(body=answer.body, headers=headers)]

        queue_changed(settings, warehouse, fleet)

        (found,) = rows(warehouse, "select probed_at from ops.probes")[0]
        assert found.isoformat() == "2026-01-02T03:04:05+00:00"


class TestNothingIsMissed:
    @pytest.mark.parametrize("state", ["failed", "partial", "cancelled"])
    def test_a_change_counts_as_seen_only_once_its_job_has_succeeded(
        self, settings: Settings, warehouse: Engine, fleet: list[Repository], state: str
    ) -> None:
        queue_changed(settings, warehouse, fleet)
        work(warehouse, state=state)

        assert queue_changed(settings, warehouse, fleet) == 2

    def test_a_job_that_waits_will_read_the_change(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, 1)
        upstream.replies = [reply(probed(1)), reply(probed(1, stargazerCount=1))]
        queue_changed(settings, warehouse, fleet)

        assert queue_changed(settings, warehouse, fleet) == 0
        work(warehouse)
        assert queue_changed(settings, warehouse, fleet) == 0

    def test_a_job_that_was_running_may_have_read_too_early(
        self, settings: Settings, warehouse: Engine, fleet: list[Repository], github: GitHub
    ) -> None:
        queue_changed(settings, warehouse, fleet)
        work(warehouse)
        with warehouse.begin() as connection:
            job, _ = jobs.enqueue(connection, fleet[0].repository_id, at=clock.now())
            held = jobs.claim(connection, job.job_id, worker="early", at=clock.now())
        github.change(NAMES[0], "new_issue")
        assert queue_changed(settings, warehouse, fleet) == 0
        with warehouse.begin() as connection:
            jobs.finish(connection, held, state="succeeded", at=clock.now(), outcome={})

        assert queue_changed(settings, warehouse, fleet) == 1

    def test_one_that_was_removed_since_is_left_out(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, 1, 2)
        removal.begin(warehouse, fleet[0].repository_id, by="admin", at=clock.now())
        upstream.replies = [reply(probed(1), probed(2)), Reply(502)]

        assert queue_changed(settings, warehouse, fleet) == 1
        work(warehouse)
        with warehouse.begin() as connection:
            ids = [one.repository_id for one in fleet]
            assert queue_each(connection, ids, kind="analysis", reason="sweep") == 1

        assert count(warehouse, f"ops.jobs where repository_id = {fleet[0].repository_id}") == 0
        assert count(warehouse, f"ops.probes where repository_id = {fleet[0].repository_id}") == 0

    def test_one_that_is_gone_and_one_that_is_another_are_left_to_their_jobs(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, 1, 2, 3)
        gone = [{"type": "NOT_FOUND", "path": ["repository_1"], "message": "no such thing"}]
        upstream.replies = [reply(probed(1), None, probed(99), errors=gone)]
        queue_changed(settings, warehouse, fleet)
        work(warehouse)

        assert queue_changed(settings, warehouse, fleet) == 2

        assert {one.state for one in followed(warehouse)} == {"active"}
        assert count(warehouse, "ops.probes") == 1

    def test_what_is_forbidden_of_one_loses_no_other(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, 1, 2)
        error = {"type": "FORBIDDEN", "path": ["repository_0", "issues"], "message": "not yours"}
        upstream.replies = [reply(probed(1, issues=None), probed(2), errors=[error])]
        queue_changed(settings, warehouse, fleet)
        work(warehouse)

        assert queue_changed(settings, warehouse, fleet) == 1

    def test_a_batch_that_is_too_much_is_asked_for_in_smaller_ones(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, *range(1, 51))
        too_much = {"data": None, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED"}]}
        halves = [reply(*map(probed, range(1, 26))), reply(*map(probed, range(26, 51)))]
        upstream.replies = [Reply(body=json.dumps(too_much).encode()), *halves]

        assert queue_changed(settings, warehouse, fleet) == 50

        assert len(upstream.asked) == 3
        assert count(warehouse, "ops.probes") == 50

    @pytest.mark.parametrize("status", [401, 403, 422])
    def test_a_github_that_answers_no_probe_has_everything_queued(
        self, upstream: Upstream, warehouse: Engine, status: int
    ) -> None:
        settings, fleet = local(upstream, warehouse, *range(1, 101))
        upstream.replies = [Reply(status, b"{}")]

        assert queue_changed(settings, warehouse, fleet) == 100

        assert len(upstream.asked) == (2 if status == 401 else 1), "a rejected token is tried twice"

    def test_an_outage_ends_the_probing_and_has_everything_queued(
        self, upstream: Upstream, warehouse: Engine
    ) -> None:
        settings, fleet = local(upstream, warehouse, *range(1, 201))
        away = {"data": None, "errors": [{"message": "Something went wrong"}]}
        upstream.replies = [Reply(body=json.dumps(away).encode())]

        assert queue_changed(settings, warehouse, fleet) == 200

        assert len(upstream.asked) == 8


def test_without_a_token_everything_is_queued(
    settings: Settings, warehouse: Engine, fleet: list[Repository], github: GitHub
) -> None:
    github.start_counting()
    anonymous = settings.model_copy(
        update={"github": settings.github.model_copy(update={"tokens": ()})}
    )

    assert queue_changed(anonymous, warehouse, fleet) == 2

    assert github.counted()["requests"] == 0
    assert timedelta(hours=settings.quality.refresh_hours) > timedelta(0)
