"""Vectors of issues: which wait, which are near, and who may find them."""

import math
from collections.abc import Iterator

import pytest

from tests.support.rows import AT, add_repository, fetch
from tests.support.vectors import put_issue
from warehouse import vectors
from warehouse.engine import Connection, Engine, driver
from warehouse.vectors import Among, Coverage, Near

MODEL = "m@1"
EVERYBODY = Among(readable=None)


def towards(degrees: float) -> list[float]:
    """A vector of length one, in the plane of the first two dimensions."""
    angle = math.radians(degrees)
    return [math.cos(angle), math.sin(angle), *[0.0] * 382]


@pytest.fixture(params=["halfvec", "bytea"])
def held(request: pytest.FixtureRequest, warehouse: Engine) -> Iterator[Connection]:
    """Two repositories that are published, the second one private; with and without pgvector."""
    for number in (1, 2):
        add_repository(warehouse, f"octo/app-{number}", github_id=number)
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("update ops.repositories set is_private = repository_id = 2")
        raw.execute(
            "insert into ops.publications (repository_id, publication, job_id, as_of, published_at,"
            " quality_status, coverage) select repository_id, 1, gen_random_uuid(), %s, %s,"
            " 'passed', '{}' from ops.repositories",
            (AT, AT),
        )
        if request.param == "bytea":
            raw.execute(
                "alter table insights.issue_vectors drop column vector, add vector bytea not null"
            )
        put_issue(connection, 1, 11, "It crashes", state="open", user="Ann")
        put_issue(connection, 1, 12, "A pull request", is_pull_request=True)
        put_issue(connection, 1, 13, "Something else")
        put_issue(connection, 2, 21, "Private")
        for repository_id in (1, 2):
            read = vectors.waiting(connection, repository_id, model=MODEL, limit=9)
            angles = {11: 0.0, 12: 10.0, 13: 90.0, 21: 5.0}
            said = [towards(angles[one.id]) for one in read]
            vectors.store(connection, repository_id, read, said, model=MODEL, at=AT)
        yield connection


def found(connection: Connection, among: Among = EVERYBODY, limit: int = 9) -> list[int]:
    near = vectors.nearest(connection, towards(2), among, model=MODEL, limit=limit)
    return [one.id for one in near]


def test_the_nearest_come_first_and_say_how_near_they_are(held: Connection) -> None:
    near = vectors.nearest(held, towards(0), EVERYBODY, model=MODEL, limit=2)

    assert [(one.repository_id, one.id, one.number) for one in near] == [(1, 11, 11), (2, 21, 21)]
    assert near[0].similarity == pytest.approx(1, abs=1e-3)
    assert near[1].similarity == pytest.approx(math.cos(math.radians(5)), abs=1e-3)
    assert isinstance(near[0], Near)


@pytest.mark.parametrize(
    ("among", "expected"),
    [
        (EVERYBODY, [11, 21, 12, 13]),
        (Among(readable=frozenset()), [11, 12, 13]),
        (Among(readable=frozenset({2})), [11, 21, 12, 13]),
        (Among(readable=frozenset(), repository_id=2), []),
        (Among(readable=None, repository_id=2), [21]),
        (Among(readable=None, kind="issue"), [11, 21, 13]),
        (Among(readable=None, kind="pull_request"), [12]),
        (Among(readable=None, state="open"), [11]),
        (Among(readable=None, author="ann"), [11]),
    ],
    ids=str,
)
def test_only_what_may_be_seen_and_was_asked_for_is_found(
    held: Connection, among: Among, expected: list[int]
) -> None:
    assert found(held, among) == expected


def test_what_is_not_published_is_not_found(held: Connection) -> None:
    driver(held).execute("delete from ops.publications where repository_id = 1")

    assert found(held) == [21]
    assert vectors.coverage(held, EVERYBODY, model=MODEL) == Coverage(1, 1)


def test_what_is_gone_or_was_rewritten_is_found_by_what_it_said_no_more(held: Connection) -> None:
    driver(held).execute("update raw.github_issues set deleted_at = %s where id = 12", (AT,))
    driver(held).execute(
        'update raw.github_issues set payload = payload || \'{"title": "New"}\' where id = 13'
    )

    assert vectors.drop_outdated(held, 1) == 2
    assert found(held) == [11, 21]
    assert [one.id for one in vectors.waiting(held, 1, model=MODEL, limit=9)] == [13]
    assert vectors.coverage(held, EVERYBODY, model=MODEL) == Coverage(3, 2)


def test_another_model_reads_everything_anew_and_replaces_what_was_said(held: Connection) -> None:
    waits = vectors.waiting(held, 1, model="m@2", limit=9)

    assert {one.id for one in waits} == {11, 12, 13}
    vectors.store(held, 1, waits[:1], [towards(0)], model="m@2", at=AT)
    assert vectors.coverage(held, EVERYBODY, model=MODEL) == Coverage(4, 3)
    assert len(fetch(held, "select from insights.issue_vectors where repository_id = 1")) == 3


def test_what_moved_last_is_read_first_and_no_more_than_asked(held: Connection) -> None:
    driver(held).execute("truncate insights.issue_vectors")
    driver(held).execute("update raw.github_issues set source_updated_at = %s where id = 12", (AT,))

    first = vectors.waiting(held, 1, model=MODEL, limit=2)
    assert [one.id for one in first] == [12, 13]
    assert (first[1].title, first[1].body) == ("Something else", "")
    assert first[0].is_pull_request
