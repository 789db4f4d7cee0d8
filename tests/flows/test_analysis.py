"""One analysis from end to end: what is published, what is not, and how the job ends."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

import pytest

from flows import project
from flows.alone import work_off
from flows.analysis import analyze
from flows.attempt import attempt
from flows.webhooks import process
from gitinsight import clock
from gitinsight.errors import UpstreamUnavailable
from gitinsight.settings import QualitySettings, Settings
from tests.support.analyses import analyse, count, enqueue, follow, rows
from tests.support.github import GitHub
from tests.support.webhooks import deliver, payload
from warehouse import job_events, jobs
from warehouse.engine import UNREACHABLE, Engine, make_engine
from warehouse.jobs import Job

T = TypeVar("T")
NAME = "synthetic-labs/borealis"


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    """A warehouse that holds one analysis."""
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def publication(warehouse: Engine) -> int:
    return int(rows(warehouse, "select publication from ops.publications")[0][0])


def issues_shown(warehouse: Engine) -> int:
    return int(rows(warehouse, "select issues_count from marts.repository_summary")[0][0])


def attempt_once(settings: Settings, warehouse: Engine) -> Job:
    job = enqueue(settings, warehouse, NAME)
    with attempt(settings, warehouse, job.job_id, worker="test") as run:
        return analyze(run, quality=QualitySettings())


def test_an_analysis_publishes_figures_that_passed_every_check(held: Engine) -> None:
    [(state, outcome)] = rows(held, "select state, outcome from ops.jobs")

    assert state == "succeeded"
    assert outcome["quality"] == "passed"
    assert set(outcome["seconds"]) == {
        "extract", "accounts", "code", "tones", "transform", "insights", "check", "publish",
    }  # fmt: skip
    assert count(held, "ops.quality_results where status <> 'passed'") == 0
    assert count(held, "ops.quality_results where tool = 'dbt'") > 50
    assert {tool for (tool,) in rows(held, "select distinct tool from ops.quality_results")} == {
        "dbt", "great_expectations", "reconciliation", "completeness"
    }  # fmt: skip
    assert count(held, "marts.repository_summary") == 1
    assert count(held, "insights.bus_factor") == 2
    assert count(held, "insights.review_latency") == 2
    assert count(held, "insights.truck_factor") == 1


def test_nothing_changed_and_nothing_is_computed(analysed: Settings, held: Engine) -> None:
    job = analyse(analysed, held, NAME)

    assert job.state == "succeeded"
    assert job.outcome is not None
    assert job.outcome["is_unchanged"]
    assert list(job.outcome["seconds"]) == ["extract"]
    assert publication(held) == 1


def test_a_change_is_published(analysed: Settings, held: Engine, github: GitHub) -> None:
    before = issues_shown(held)
    github.change(NAME, "new_issue")

    job = analyse(analysed, held, NAME)

    assert job.state == "succeeded"
    assert issues_shown(held) == before + 1
    assert publication(held) == 2


def test_what_a_webhook_said_is_deleted_is_published(
    analysed: Settings, held: Engine, github: GitHub
) -> None:
    before = issues_shown(held)
    [(github_id, number)] = rows(
        held,
        "select r.github_id, (i.payload ->> 'number')::int from raw.github_issues as i"
        " join ops.repositories as r using (repository_id)"
        " where not i.payload ? 'pull_request' order by 2 limit 1",
    )
    github.change(NAME, "delete_issue", number=number)
    told = payload("deleted", github_id=github_id, full_name=NAME, issue={"number": number})
    deliver(held, "issues", told, at=clock.now())
    process(held, host=analysed.github.api_url)

    job = attempt_once(analysed, held)

    assert (job.state, issues_shown(held)) == ("succeeded", before - 1)
    assert attempt_once(analysed, held).outcome["is_unchanged"]  # type: ignore[index]


def test_an_issue_of_long_ago_counts_no_comment_that_a_webhook_said_is_deleted(
    analysed: Settings, held: Engine, github: GitHub
) -> None:
    [(github_id, comment_id, number)] = rows(
        held,
        "select github_id, id, substring(payload ->> 'issue_url', '/([0-9]+)$')::int"
        " from raw.github_issue_comments join ops.repositories using (repository_id)"
        " order by id desc limit 1",
    )
    issue = f"raw.github_issues where (payload ->> 'number')::int = {number}"
    [(before, updated_at)] = rows(
        held, f"select (payload ->> 'comments')::int, source_updated_at from {issue}"
    )
    with held.begin() as connection:  # as in a repository whose list is longer than a page
        connection.exec_driver_sql(
            "update ops.cursors set state = jsonb_build_object('since', '"
            f"{updated_at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}') where thing = 'issues'"
        )
    github.change(NAME, "delete_comment")
    told = payload(
        "deleted", github_id=github_id, full_name=NAME, issue={"number": number},
        comment={"id": comment_id},
    )  # fmt: skip
    deliver(held, "issue_comment", told, at=clock.now())
    process(held, host=analysed.github.api_url)

    job = attempt_once(analysed, held)

    assert job.state == "succeeded"
    assert rows(held, f"select (payload ->> 'comments')::int from {issue}") == [(before - 1,)]


def test_figures_that_have_grown_old_are_computed_anew(analysed: Settings, held: Engine) -> None:
    with held.begin() as connection:
        connection.exec_driver_sql("update ops.publications set as_of = as_of - interval '1 day'")

    job = analyse(analysed, held, NAME)

    assert job.state == "succeeded"
    assert publication(held) == 2


def test_a_failed_gate_publishes_nothing_and_the_last_good_figures_stay(
    analysed: Settings, held: Engine, github: GitHub
) -> None:
    before = issues_shown(held)
    github.change(NAME, "new_issue")
    with held.begin() as connection:
        connection.exec_driver_sql("update raw.git_tags set deleted_at = now()")

    job = analyse(analysed, held, NAME)

    assert job.state == "failed"
    assert job.error_type == "QualityGateFailed"
    assert "volume:git_tags" in str(job.error_detail)
    assert issues_shown(held) == before
    assert publication(held) == 1


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_what_an_attempt_has_read_that_came_to_no_figures_is_published_by_the_next(
    analysed: Settings, held: Engine, github: GitHub, *, is_cancelled: bool
) -> None:
    before = issues_shown(held)
    github.change(NAME, "new_issue")
    job = enqueue(analysed, held, NAME)

    def breaking_off(name: str, step: Callable[[], T], /) -> T:
        if name == "tones" and not is_cancelled:
            raise UpstreamUnavailable("the warehouse", "it is busy")
        if name == "tones":
            with held.begin() as connection:
                jobs.request_cancel(connection, job.job_id, at=clock.now())
        return step()

    with attempt(analysed, held, job.job_id, worker="test") as run:
        cut_off = analyze(run, quality=QualitySettings(), call=breaking_off)
    with held.begin() as connection:
        connection.exec_driver_sql("update ops.jobs set not_before = null")
    done = attempt_once(analysed, held)

    assert cut_off.state == ("cancelled" if is_cancelled else "queued")
    assert (done.state, issues_shown(held)) == ("succeeded", before + 1)
    assert attempt_once(analysed, held).outcome["is_unchanged"]  # type: ignore[index]


def test_what_is_missing_makes_the_job_partial_and_is_still_published(
    analysed: Settings, held: Engine, github: GitHub
) -> None:
    github.change(NAME, "edit_issue", number=3)
    github.control(hostile="number", repo=NAME, number=3)

    job = analyse(analysed, held, NAME)

    assert job.state == "partial"
    assert publication(held) == 2
    assert rows(
        held, "select reason from ops.completeness where state = 'partial'"
    ) == [("the newest version of 1 of them is in quarantine",)]  # fmt: skip
    assert rows(held, "select quality_status from ops.publications") == [("warned",)]


def test_a_limit_parks_the_job_until_it_is_lifted(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    follow(settings, warehouse, NAME)
    other = enqueue(settings, warehouse, "synthetic-labs/aurora")
    github.control(calm=True, limits={"with token": 2})

    job = attempt_once(settings, warehouse)

    assert job.state == "queued"
    assert job.not_before is not None
    assert job.not_before - clock.now() > timedelta(minutes=50)
    with warehouse.begin() as connection:
        last = job_events.after(connection, job.job_id, 0)[-1]
        beside = jobs.by_id(connection, other.job_id)
    assert "limit is used up until" in str(last.message)
    assert beside.not_before == job.not_before, "it would find out the same"


def test_passing_trouble_is_tried_again_and_then_fails_with_its_reason(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    follow(settings, warehouse, NAME)
    github.control(error_rate=1.0)

    first = attempt_once(settings, warehouse)
    with warehouse.begin() as connection:  # as if the second had gone the same way
        connection.exec_driver_sql("update ops.jobs set not_before = null, attempt = 2")
    job = attempt_once(settings, warehouse)

    assert (first.state, job.state) == ("queued", "failed")
    assert first.not_before is not None
    assert job.error_type == "UpstreamUnavailable"
    assert "HTTP 502" in str(job.error_detail)


def test_a_repository_that_is_gone_fails_at_once(analysed: Settings, held: Engine) -> None:
    with held.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set full_name = 'synthetic-labs/gone'")

    job = analyse(analysed, held, "synthetic-labs/gone")

    assert (job.state, job.error_type) == ("failed", "NotVisible")
    assert rows(held, "select state from ops.repositories") == [("unreadable",)]
    assert issues_shown(held) > 0


def test_a_check_is_as_of_what_was_read_last_and_not_of_what_broke_off(
    analysed: Settings, held: Engine, github: GitHub
) -> None:
    with held.begin() as connection:
        for told in (
            "publications set as_of",
            "completeness set as_of",
            "repositories set checked_at",
        ):
            moment = told.rpartition(" ")[2]
            connection.exec_driver_sql(f"update ops.{told} = {moment} - interval '1 day'")
    before = rows(held, "select as_of from ops.publications")
    github.control(revoke_after=1)
    broken = analyse(analysed, held, NAME)
    assert (broken.state, broken.error_type) == ("failed", "TokenRejected")

    with held.begin() as connection:
        job, _ = jobs.enqueue(connection, broken.repository_id, at=clock.now(), kind="check")
    work_off(analysed, held, [job.job_id])

    assert publication(held) == 2
    assert rows(held, "select as_of from ops.publications") == before
    assert rows(held, "select distinct data_as_of from marts.repository_summary") == before


def test_an_error_that_nobody_expected_ends_the_job_and_is_raised(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "_DBT", "/bin/false")
    monkeypatch.setattr(project, "_version", lambda _: "none that was compiled before")

    job = attempt_once(settings, warehouse)

    assert (job.state, job.error_type) == ("failed", "BrokenEnvironment")
    assert "dbt does not compile" in str(job.error_detail)


def test_a_database_that_goes_away_leaves_the_job_to_whoever_comes_next(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)

    def cut_off(_name: str, _step: Callable[[], T], /) -> T:
        with warehouse.begin() as connection:
            connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")
        raise AssertionError("unreachable")

    with (
        attempt(settings, warehouse, job.job_id, worker="test") as run,
        pytest.raises(UNREACHABLE),
    ):
        analyze(run, quality=QualitySettings(), call=cut_off)

    assert rows(warehouse, "select state, error_type from ops.jobs") == [("running", None)]
