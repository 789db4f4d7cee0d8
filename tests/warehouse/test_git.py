"""What git knows: commits once, refs as they are, identities by evidence."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg.errors import UniqueViolation

from gitinsight.git.history import FileChange, moment
from tests.support.commits import LATER, RUN, commit, insert
from tests.support.rows import AT, fetch, payload_row
from warehouse import git, raw
from warehouse.engine import Connection, Engine
from warehouse.git import Run
from warehouse.raw import Origin


def on_default(connection: Connection, repository_id: int = 1) -> list[str]:
    return [
        sha
        for (sha,) in fetch(
            connection,
            "select sha from raw.git_commits where is_on_default_branch and repository_id = %s"
            " order by sha",
            repository_id,
        )
    ]


class TestCommits:
    def test_a_commit_is_kept_with_its_files_in_their_order(self, warehouse: Engine) -> None:
        files = (FileChange("b.py", "a.py", 2, 1), FileChange("logo.png", None, None, None))
        insert(warehouse, commit("c1", files=files))

        with warehouse.connect() as connection:
            (row,) = fetch(
                connection,
                "select sha, parents, author_email, authored_at, author_tz_offset_minutes,"
                " authored_at_raw, additions, deletions, files_count, source from raw.git_commits",
            )
            held = fetch(
                connection,
                "select ordinal, path, previous_path, additions, deletions"
                " from raw.git_commit_files order by 1",
            )
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert row == (
            "c1", ["p"], "Ann@Example.org", at, 120, "1767225600 +0200", 2, 1, 2, "git",
        )  # fmt: skip
        assert held == [(0, "b.py", "a.py", 2, 1), (1, "logo.png", None, None, None)]

    def test_a_commit_that_is_held_is_never_written_over(self, warehouse: Engine) -> None:
        assert insert(warehouse, commit("c1"), commit("c2")) == 2

        with pytest.raises(UniqueViolation):
            insert(warehouse, commit("c2", message="rewritten"), commit("c3"), run=LATER)

        with warehouse.connect() as connection:
            found = fetch(connection, "select sha, message from raw.git_commits order by sha")
        assert found == [("c1", "work"), ("c2", "work")]

    def test_more_lines_than_can_be_counted_are_unknown(self, warehouse: Engine) -> None:
        most = 2**31 - 1
        insert(warehouse, commit("c1", files=(FileChange("a", None, most, 1),) * 2))

        with warehouse.connect() as connection:
            found = fetch(
                connection, "select additions, deletions, files_count from raw.git_commits"
            )
        assert found == [(None, 2, 2)]

    def test_a_fork_holds_the_same_commit_for_itself(self, warehouse: Engine) -> None:
        insert(warehouse, commit("c1"))

        assert insert(warehouse, commit("c1"), run=Run(2, AT, UUID(int=1))) == 1

    @pytest.mark.parametrize("raw_date", ["-1 +0000", "100000000000000 +0000", "yesterday"])
    def test_a_date_that_is_none_is_kept_as_written(self, warehouse: Engine, raw_date: str) -> None:
        insert(warehouse, commit("c1", authored=moment(raw_date)))

        with warehouse.connect() as connection:
            found = fetch(connection, "select authored_at, authored_at_raw from raw.git_commits")
        assert found == [(None, raw_date)]

    def test_text_that_postgresql_cannot_hold_does_not_stop_the_load(
        self, warehouse: Engine
    ) -> None:
        insert(warehouse, commit("c1", message="a\0b", files=(FileChange("x\0y", None, 1, 1),)))

        with warehouse.connect() as connection:
            assert fetch(connection, "select message from raw.git_commits") == [("a\ufffdb",)]
            assert fetch(connection, "select path from raw.git_commit_files") == [("x\ufffdy",)]

    def test_those_that_are_held_are_known(self, warehouse: Engine) -> None:
        insert(warehouse, commit("c1"))
        with warehouse.connect() as connection:
            assert git.held_shas(connection, 1, ["c1", "c2"]) == {"c1"}
            assert git.held_shas(connection, 2, ["c1"]) == set()


class TestDefaultBranch:
    def test_it_is_what_the_branch_reaches(self, warehouse: Engine) -> None:
        insert(warehouse, commit("c1"), commit("c2"), commit("side"))
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 1, ["c1", "c2", "not held"], at=AT)
            assert on_default(connection) == ["c1", "c2"]

    def test_a_force_push_leaves_commits_behind(self, warehouse: Engine) -> None:
        insert(warehouse, commit("c1"), commit("c2"), commit("c3"))
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 1, ["c1", "c2"], at=AT)
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 1, ["c1", "c3"], at=AT)
            assert on_default(connection) == ["c1", "c3"]

    def test_a_commit_that_stays_where_it_is_is_not_written(self, warehouse: Engine) -> None:
        insert(warehouse, commit("c1"), commit("c2"))
        versions = "select xmin from raw.git_commits where sha = 'c1'"
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 1, ["c1"], at=AT)
            before = fetch(connection, versions)
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 1, ["c1", "c2"], at=AT)
            assert fetch(connection, versions) == before

    def test_what_is_known_to_have_been_left_is_enough(self, warehouse: Engine) -> None:
        insert(warehouse, *(commit(f"c{n}") for n in range(1, 5)))
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 1, ["c1", "c2", "c3"], at=AT)
            git.mark_default_branch(connection, 1, ["c4"], at=AT, left=["c3", "c4"])
            assert on_default(connection) == ["c1", "c2", "c4"]

    @pytest.mark.parametrize("left", [None, ["c2"]])
    def test_what_nothing_reaches_is_marked_until_something_does(
        self, warehouse: Engine, left: list[str] | None
    ) -> None:
        insert(warehouse, commit("c1"), commit("c2"))
        insert(warehouse, commit("c2"), run=Run(2, AT, UUID(int=1)))
        marked = "select repository_id, sha, unreachable_at from raw.git_commits"
        marked += " where unreachable_at is not null"
        with warehouse.begin() as connection:
            assert git.mark_unreachable(connection, 1, ["c1"], left=left, at=AT) == 1
            assert git.mark_unreachable(connection, 1, ["c1"], left=left, at=LATER.at) == 0
            assert fetch(connection, marked) == [(1, "c2", AT)]

            assert git.mark_unreachable(connection, 1, ["c1", "c2"], at=LATER.at) == 0
            assert fetch(connection, marked) == []

    def test_other_repositories_are_left_alone(self, warehouse: Engine) -> None:
        insert(warehouse, commit("c1"))
        insert(warehouse, commit("c1"), run=Run(2, AT, UUID(int=1)))
        with warehouse.begin() as connection:
            git.mark_default_branch(connection, 2, ["c1"], at=AT)
            assert on_default(connection) == []


class TestRefs:
    def test_branches_are_replaced_by_those_that_there_are(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            git.replace_branches(connection, {"main": "c1", "old": "c1"}, default="main", run=RUN)
            git.replace_branches(
                connection, {"trunk": "c2", "main": "c1"}, default="trunk", run=LATER
            )

            assert git.held_refs(connection, 1)[0] == {"trunk": "c2", "main": "c1"}
            found = fetch(
                connection, "select name, is_default, deleted_at from raw.git_branches order by 1"
            )
        assert found == [("main", False, None), ("old", False, LATER.at), ("trunk", True, None)]

    def test_a_branch_that_comes_back_lives_again(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            for branches in ({"main": "c1"}, {}, {"main": "c1"}):
                git.replace_branches(connection, branches, default="main", run=RUN)

            assert git.held_refs(connection, 1)[0] == {"main": "c1"}

    def test_refs_that_did_not_move_are_not_written(self, warehouse: Engine) -> None:
        tags = {"v1": ("c1", False, "2026-01-01T00:00:00+00:00")}
        for run in (RUN, LATER):
            with warehouse.begin() as connection:
                git.replace_branches(connection, {"main": "c1"}, default="main", run=run)
                git.replace_tags(connection, tags, run=run)

        with warehouse.connect() as connection:
            assert fetch(connection, "select run_id from raw.git_branches") == [(RUN.run_id,)]
            assert fetch(connection, "select run_id from raw.git_tags") == [(RUN.run_id,)]

    @pytest.mark.parametrize(
        "moved",
        [
            ("c2", False, "2026-01-01T00:00:00+00:00"),
            ("c1", True, "2026-01-01T00:00:00+00:00"),
            ("c1", False, "2026-02-01T00:00:00+00:00"),
        ],
    )
    def test_a_tag_that_moved_in_any_way_is_the_new_one(
        self, warehouse: Engine, moved: tuple[str, bool, str]
    ) -> None:
        first = ("c1", False, "2026-01-01T00:00:00+00:00")
        with warehouse.begin() as connection:
            assert git.replace_tags(connection, {"v1": first, "v0": first}, run=RUN) == 0
            count = git.replace_tags(connection, {"v1": moved}, run=LATER)

            found = fetch(
                connection,
                "select commit_sha, is_annotated, tagged_at from raw.git_tags"
                " where deleted_at is null",
            )
            earlier = fetch(
                connection,
                "select name, valid_from, valid_to, commit_sha, is_annotated, tagged_at, run_id"
                " from raw.git_tags_history",
            )
        assert found == [(*moved[:2], datetime.fromisoformat(moved[2]))]
        assert count == (moved[0] != "c1")
        was = ("v1", RUN.at, LATER.at, "c1", False, datetime.fromisoformat(first[2]), RUN.run_id)
        assert earlier == [was]

    def test_a_tag_that_comes_back_elsewhere_was_gone_in_between(self, warehouse: Engine) -> None:
        back = Run(1, AT + timedelta(hours=2), UUID(int=3))
        with warehouse.begin() as connection:
            git.replace_tags(connection, {"v1": ("c1", False, "")}, run=RUN)
            git.replace_tags(connection, {}, run=LATER)
            assert git.replace_tags(connection, {"v1": ("c2", False, "")}, run=back) == 1

            found = fetch(connection, "select commit_sha, valid_to from raw.git_tags_history")
        assert found == [("c1", LATER.at)]

    @pytest.mark.parametrize(
        "created", ["", "3170843-11-07T20:26:08+00:00", "2026-01-01T00:00:00+99:99", "never"]
    )
    def test_a_tag_of_no_date_is_a_tag_all_the_same(self, warehouse: Engine, created: str) -> None:
        with warehouse.begin() as connection:
            git.replace_tags(connection, {"v1": ("c1", True, created)}, run=RUN)

            assert fetch(connection, "select name, tagged_at from raw.git_tags") == [("v1", None)]

    def test_a_zone_that_no_clock_shows_is_still_an_instant(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            git.replace_tags(connection, {"v1": ("c1", True, "2026-01-02T00:00:00+23:00")}, run=RUN)

            at = datetime(2026, 1, 1, 1, tzinfo=UTC)
            assert fetch(connection, "select tagged_at from raw.git_tags") == [(at,)]

    def test_refs_of_another_repository_stay(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            git.replace_tags(connection, {"v1": ("c1", True, "")}, run=Run(2, AT, UUID(int=1)))
            git.replace_tags(connection, {}, run=RUN)

            assert git.held_refs(connection, 2)[1] == {"v1": "c1"}


def test_the_last_push_is_what_the_repository_object_says(warehouse: Engine) -> None:
    row = payload_row(1, pushed_at="2026-05-01T00:00:00Z")
    with warehouse.begin() as connection:
        assert git.pushed_at(connection, 1) is None
        raw.upsert(
            connection, "repositories", [row], origin=Origin(1, "rest", "1", AT, UUID(int=1))
        )

        assert git.pushed_at(connection, 1) == "2026-05-01T00:00:00Z"
