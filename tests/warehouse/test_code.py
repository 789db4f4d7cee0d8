"""Contents that were measured, by git's id."""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.code_snapshots import FileMeasures, snapshots
from tests.support.rows import AT, add_repository, fetch
from warehouse import code
from warehouse.engine import Engine, driver

SNAPSHOT, _ = snapshots([FileMeasures(language="Go", is_test=False, is_measured=True)])


def blob(blob_id: str, kind: str = "Go", **facts: Any) -> dict[str, Any]:
    known = {
        "blob_id": blob_id, "kind": kind, "engine": "e@1", "measured_at": AT, "unmeasured": None,
        "lines_count": 3, "nloc": 2, "penalties": [], "dependencies": [],
        "findings": [{"severity": "low"}] * 2,
        "secrets": [], "line_digests": [-(2**63), 7],
    }  # fmt: skip
    return known | facts


def test_what_was_measured_is_known_to_its_engine_alone(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:
        code.store(connection, 1, [blob("a"), blob("b", "text"), blob("c", findings=None)])
        keys = [("a", "Go"), ("a", "C"), ("b", "text"), ("c", "Go"), ("d", "Go")]

        assert code.known(connection, 1, keys, engine="e@1") == {
            ("a", "Go"), ("b", "text"), ("c", "Go"),
        }  # fmt: skip
        assert code.known(connection, 1, keys, engine="e@2") == set()
        found = {one.blob_id: one for one in code.measured(connection, 1, keys)}
        assert sorted(found) == ["a", "c"]
        assert (found["a"].counts, found["c"].counts) == ((0, 0, 2), None)
        assert found["a"].digests.tolist() == [-(2**63), 7]
        assert found["a"].bands == (0, 0, 0, 0, 0)


def test_another_engine_replaces_what_was_said(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:
        code.store(connection, 1, [blob("a")])
        code.store(connection, 1, [blob("a", engine="e@2", nloc=5)])

        assert fetch(connection, "select engine, nloc from insights.code_blobs") == [("e@2", 5)]


def test_a_month_has_the_files_of_its_last_look(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:

        def look(month: date, *paths: str) -> None:
            rows = ((path, "a", "Go", False) for path in paths)
            code.replace_files(connection, 1, month, rows, commit_sha="f" * 40, taken_at=AT, at=AT)

        look(date(2026, 1, 1), "a.go")
        look(date(2026, 2, 1), "a.go", "b.go")
        look(date(2026, 2, 1), "b.go", "c.go")

        assert fetch(connection, "select month, path from insights.code_files order by 1, 2") == [
            (date(2026, 1, 1), "a.go"), (date(2026, 2, 1), "b.go"), (date(2026, 2, 1), "c.go"),
        ]  # fmt: skip


def test_what_lay_there_before_is_kept_and_what_lies_there_still_is_not_touched(
    warehouse: Engine,
) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:

        def look(hours: int, **blobs: str) -> None:
            code.replace_files(
                connection, 1, date(2026, 2, 1),
                ((path, blob_id, "Go", False) for path, blob_id in blobs.items()),
                commit_sha=str(hours), taken_at=AT, at=AT + timedelta(hours=hours),
            )  # fmt: skip

        look(0, same="a", changed="a", gone="a")
        look(1, same="a", changed="b")
        look(2, same="a", changed="b")

        assert fetch(
            connection, "select path, blob_id, commit_sha from insights.code_files order by path"
        ) == [("changed", "b", "1"), ("same", "a", "0")]
        assert fetch(
            connection,
            "select path, blob_id, commit_sha, valid_from, valid_to"
            " from insights.code_files_history order by path",
        ) == [
            (path, "a", "0", AT, AT + timedelta(hours=1)) for path in ("changed", "gone")
        ]  # fmt: skip
        looks = fetch(
            connection, "select looked_at, commit_sha from insights.code_looks order by 1"
        )
        assert looks == [(AT + timedelta(hours=one), str(one)) for one in range(3)]


def test_a_snapshot_is_written_where_it_says_something_else(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:

        def said(hours: int, commit_sha: str, **nloc: int) -> None:
            rows = [
                asdict(replace(SNAPSHOT, language=language, nloc=count))
                | {"commit_sha": commit_sha, "engine": "e@1", "taken_on": AT.date()}
                for language, count in nloc.items()
            ]
            at = AT + timedelta(hours=hours)
            code.replace_snapshot(connection, 1, "week", "2026-02-02", rows, at=at)

        said(0, "a", Go=1, C=1)
        said(1, "a", Go=1, C=1)
        said(2, "b", Go=2)

        now = "select language, nloc, measured_at from insights.code_snapshots"
        assert fetch(connection, now) == [("Go", 2, AT + timedelta(hours=2))]
        then = "select language, nloc, valid_from, valid_to from insights.code_snapshots_history"
        assert fetch(connection, f"{then} order by 1") == [
            (language, 1, AT, AT + timedelta(hours=2)) for language in ("C", "Go")
        ]  # fmt: skip


def test_releases_are_versions_and_the_newest_first(warehouse: Engine) -> None:
    add_repository(warehouse)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with warehouse.begin() as connection:
        for day, name in enumerate(("v1", "nightly", "v2", "v3", "v4")):
            driver(connection).execute(
                "insert into raw.git_tags (repository_id, name, commit_sha, is_annotated,"
                " tagged_at, extracted_at, run_id) values (1, %s, %s, true, %s, %s,"
                " gen_random_uuid())",
                (name, name, at + timedelta(days=day), AT),
            )
        found = code.releases(connection, 1, until=at + timedelta(days=3), limit=2)

    assert [one.name for one in found] == ["v3", "v2"]
