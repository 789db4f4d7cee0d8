"""What can be searched for."""

from datetime import UTC, datetime
from typing import Any

from tests.support.marts import make, publish_figures
from tests.support.rows import AT, add_repository, claim, payload_row
from warehouse import hidden, raw
from warehouse.engine import Engine
from warehouse.jobs import Job
from warehouse.raw import Origin
from warehouse.search import Document, documents, versions


def put(warehouse: Engine, job: Job, thing: str, identifier: int = 1, **payload: Any) -> None:
    origin = Origin(job.repository_id, "rest", "2022-11-28", AT, job.job_id)
    with warehouse.begin() as connection:
        raw.upsert(connection, thing, [payload_row(identifier, **payload)], origin=origin)


def read(warehouse: Engine, *repository_ids: int) -> dict[str, Document]:
    """By kind."""
    return {one.kind: one for one in documents(warehouse, repository_ids)}


def test_every_kind_is_read_with_what_it_is_found_by(warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))
    put(warehouse, job, "repositories", description="An app", topics=["web", "fast"],
        stargazers_count=9, language="Go", html_url="https://github.test/octo/app", at=None,
        updated_at="2026-05-01T12:00:00Z")  # fmt: skip
    put(warehouse, job, "issues", 1, number=1, title="It hangs", body="Always", state="open",
        comments=3, user={"login": "ann"}, labels=[{"name": "bug"}])  # fmt: skip
    put(warehouse, job, "issues", 2, number=2, title="Mend it", body=None, state="closed",
        comments=0, user=None, labels=[], pull_request={})  # fmt: skip
    put(warehouse, job, "issue_comments", body="Here too", user={"login": "eve"},
        issue_url="https://api.github.test/repos/octo/app/issues/1")  # fmt: skip
    publish_figures(warehouse, job)
    people = "repository_id bigint, login text, actor_class text, commits_count bigint"
    with warehouse.begin() as connection:
        make(
            connection, "marts.dim_actor", people, (job.repository_id, "ann", "human", 5),
            (job.repository_id, "somebody@example.org", "human", 2),
        )  # fmt: skip

    found = read(warehouse, job.repository_id)

    assert len(list(documents(warehouse, [job.repository_id]))) == 5
    repository, issue, pull_request = (
        found["repository"], found["issue"], found["pull_request"],
    )  # fmt: skip
    assert (repository.title, repository.owner, repository.labels, repository.weight) == (
        "octo/app", "octo", ["web", "fast"], 9,
    )  # fmt: skip
    assert repository.updated_at == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert (issue.title, issue.text, issue.owner, issue.number, issue.labels, issue.weight) == (
        "It hangs", "Always", "ann", 1, ["bug"], 3,
    )  # fmt: skip
    assert (pull_request.number, pull_request.owner, pull_request.text) == (2, None, None)
    assert (found["comment"].text, found["comment"].number) == ("Here too", 1)
    assert (found["person"].title, found["person"].weight) == ("ann", 5)


def test_nothing_is_shown_of_what_is_not_published_or_gone(warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))
    put(warehouse, job, "issues", 1, number=1, title="Gone", state="open")
    assert read(warehouse, job.repository_id) == {}
    assert versions(warehouse) == {}

    publish_figures(warehouse, job)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update raw.github_issues set deleted_at = now()")

    assert read(warehouse, job.repository_id).keys() == {"repository"}
    assert read(warehouse) == {}


def test_there_is_another_version_whenever_there_may_be_something_else(warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))
    told = []
    publish_figures(warehouse, job)
    told.append(versions(warehouse)[1])
    publish_figures(warehouse, job)
    told.append(versions(warehouse)[1])
    for change in ("is_private = true", "state = 'unreadable'", "full_name = 'octo/web'"):
        with warehouse.begin() as connection:
            connection.exec_driver_sql(f"update ops.repositories set {change}")
        told.append(versions(warehouse, [1, 2])[1])

    assert len(set(told)) == 5
    assert versions(warehouse, [2]) == {}


def test_whoever_is_hidden_is_not_found_by_name(warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))
    put(warehouse, job, "issues", 1, number=1, title="By @max", body="ask @max, to the max",
        state="open", user={"login": "max"})  # fmt: skip
    publish_figures(warehouse, job)
    people = "repository_id bigint, login text, actor_class text, commits_count bigint"
    with warehouse.begin() as connection:
        make(connection, "marts.dim_actor", people, (job.repository_id, "max", "human", 5))
        hidden.hide(connection, "max", at=AT)

    found = read(warehouse, job.repository_id)

    assert (found["issue"].owner, found["issue"].title) == ("hidden.1", "By @hidden.1")
    assert found["issue"].text == "ask @hidden.1, to the max"
    assert found["person"].title == "hidden.1"
