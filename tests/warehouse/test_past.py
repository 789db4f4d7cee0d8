"""What was held at an instant, out of what is held now and what it has replaced."""

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from tests.support.marts import make
from tests.support.rows import AT, claim, fetch, payload_row
from warehouse import affiliations, git, identities, jobs, past, raw
from warehouse.affiliations import Affiliation
from warehouse.engine import Connection, Engine, driver
from warehouse.jobs import Job
from warehouse.raw import Origin

HOUR = timedelta(hours=1)


def published(warehouse: Engine, at: datetime) -> Job:
    """A job that has published figures, and ended then."""
    job = claim(warehouse)
    with warehouse.begin() as connection:
        jobs.finish(connection, job, state="succeeded", at=at, outcome={"publication": 1})
        driver(connection).execute(
            "update ops.jobs set outcome = outcome || %s where job_id = %s",
            (Jsonb({"as_of": (at - HOUR / 2).isoformat()}), job.job_id),
        )
    return job


def origin(job: Job, at: datetime) -> Origin:
    return Origin(1, "rest", "1", at, job.job_id)


def titles(connection: Connection, at: datetime) -> list[str]:
    past.set_to(connection, at)
    found = fetch(connection, "select payload ->> 'title' from past_raw.github_issues order by id")
    return [title for (title,) in found]


def test_records_are_as_they_were(warehouse: Engine) -> None:
    first = published(warehouse, AT + HOUR)
    second = published(warehouse, AT + 3 * HOUR)
    with warehouse.begin() as connection:
        raw.upsert(
            connection, "issues", [payload_row(1, title="old"), payload_row(2, title="gone")],
            origin=origin(first, AT),
        )  # fmt: skip
        changed = [payload_row(1, title="new", at=AT + HOUR), payload_row(3, title="third")]
        raw.upsert(connection, "issues", changed, origin=origin(second, AT + 2 * HOUR))
        raw.mark_deleted(connection, "issues", 1, [2], at=AT + 2 * HOUR, reason="gone")

        assert titles(connection, AT + HOUR) == titles(connection, AT + 2.5 * HOUR)
        assert titles(connection, AT + HOUR) == ["old", "gone"]
        assert titles(connection, AT + 3 * HOUR) == ["new", "third"]


def test_what_came_back_was_away(warehouse: Engine) -> None:
    jobs_ended = [published(warehouse, AT + hours * HOUR) for hours in (1, 3, 5)]
    with warehouse.begin() as connection:
        row = payload_row(1, title="here")
        raw.upsert(connection, "issues", [row], origin=origin(jobs_ended[0], AT))
        raw.mark_deleted(connection, "issues", 1, [1], at=AT + 2 * HOUR, reason="gone")
        raw.upsert(connection, "issues", [row], origin=origin(jobs_ended[2], AT + 4 * HOUR))

        assert [titles(connection, AT + hours * HOUR) for hours in (1, 3, 5)] == [
            ["here"], [], ["here"],
        ]  # fmt: skip


def test_an_instant_is_that_of_the_last_publication(warehouse: Engine) -> None:
    published(warehouse, AT + HOUR)
    with warehouse.begin() as connection:
        assert past.set_to(connection, AT) == []
        assert past.set_to(connection, AT + HOUR, repository_ids=[2]) == []
        [instant] = past.set_to(connection, AT + 9 * HOUR)
    assert (instant.held_at, instant.data_as_of) == (AT + HOUR, AT + HOUR / 2)


def test_branches_are_there_once_and_as_they_were(warehouse: Engine) -> None:
    job = published(warehouse, AT + HOUR)
    published(warehouse, AT + 3 * HOUR)
    with warehouse.begin() as connection:
        for at, branches in ((AT, {"main": "a", "old": "a"}), (AT + 2 * HOUR, {"main": "b"})):
            run = git.Run(1, at, job.job_id)
            git.replace_branches(connection, branches, default="main", run=run)
        seen = "select name, commit_sha, is_default from past_raw.git_branches order by name"
        past.set_to(connection, AT + HOUR)
        assert fetch(connection, seen) == [("main", "a", True), ("old", "a", False)]
        past.set_to(connection, AT + 3 * HOUR)
        assert fetch(connection, seen) == [("main", "b", True)]


def test_what_was_said_of_persons_is_what_was_said_then(warehouse: Engine) -> None:
    for hours in (1, 3, 5):
        published(warehouse, AT + hours * HOUR)
    bell = Affiliation("ann", "Bell", None, None, "she said so")
    with warehouse.begin() as connection:
        make(
            connection, "marts.dim_actor", "repository_id bigint, login text", (1, "Ann"),
            (1, "ann@home"),
        )  # fmt: skip
        identities.merge(
            connection, "ann@home", "Ann", reason="she said so", by="eve", at=AT + 2 * HOUR
        )
        affiliations.add(connection, [bell], at=AT + 2 * HOUR)
        identities.unmerge(connection, "ann@home", by="eve", at=AT + 4 * HOUR)
        affiliations.unset(connection, "Ann", at=AT + 4 * HOUR)

        def said(at: datetime, **proposed: tuple[str, str]) -> list[tuple[str, ...]]:
            past.set_to(connection, at, **proposed)
            return [
                *fetch(connection, "select alias, person from past_ops.identity_merges"),
                *fetch(connection, "select subject, organisation from past_ops.affiliations"),
            ]

        assert said(AT + HOUR) == said(AT + 5 * HOUR) == []
        assert said(AT + 3 * HOUR) == [("ann@home", "Ann"), ("ann", "Bell")]
        assert said(AT + HOUR, if_merged=("B@x", "Bea")) == [("b@x", "Bea")]
