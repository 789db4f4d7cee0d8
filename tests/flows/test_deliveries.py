"""What deliveries do to a warehouse, in whatever order they come."""

from itertools import permutations
from typing import Any

import pytest

from flows.webhooks import process
from tests.support.databases import empty
from tests.support.rows import AT, add_repository, value
from tests.support.webhooks import deliver, do, example, outcomes, payload, read, renamed
from warehouse import repositories
from warehouse.engine import Engine

NUMBER = {"number": 7}
MARKS = "select thing, key from ops.dirty order by 1, 2"
GONE = """
    select thing, deleted_reason from (
        select 'issues' as thing, deleted_reason from raw.github_issues
        union all select 'issue_comments', deleted_reason from raw.github_issue_comments
        union all select 'review_comments', deleted_reason from raw.github_review_comments
        union all select 'labels', deleted_reason from raw.github_labels
        union all select 'milestones', deleted_reason from raw.github_milestones
        union all select 'releases', deleted_reason from raw.github_releases
        union all select 'repositories', deleted_reason from raw.github_repositories
    ) as held
    where deleted_reason is not null order by 1, 2
"""


@pytest.fixture
def warehouse(library: Engine) -> Engine:
    things = (
        "issues", "issue_comments", "review_comments", "labels", "milestones", "releases",
        "repositories",
    )  # fmt: skip
    ops = ("repositories", "repository_names", "jobs", "job_events", "webhook_deliveries", "dirty")
    empty(library, *(f"raw.github_{one}" for one in things), *(f"ops.{one}" for one in ops))
    return library


@pytest.fixture(autouse=True)
def repository_id(warehouse: Engine) -> int:
    return example(warehouse)


class TestMarks:
    @pytest.mark.parametrize(
        ("event", "told", "marked"),
        [
            ("issues", payload("edited", issue=NUMBER), ("issues", "7")),
            ("issues", payload("opened", issue={"number": 8}), ("issues", "8")),
            (
                "issue_comment", payload("created", issue=NUMBER, comment={"id": 72}),
                ("issue_comments", "72"),
            ),
            ("pull_request", payload("closed", pull_request=NUMBER), ("pull_requests", "7")),
            (
                "pull_request_review", payload("submitted", pull_request=NUMBER),
                ("pull_requests", "7"),
            ),
            (
                "pull_request_review_thread", payload("resolved", pull_request=NUMBER),
                ("pull_requests", "7"),
            ),
            (
                "pull_request_review_comment",
                payload("edited", pull_request=NUMBER, comment={"id": 91}),
                ("review_comments", "91"),
            ),
            ("label", payload("created", label={"id": 5}), ("labels", "")),
            ("milestone", payload("closed", milestone={"id": 5}), ("milestones", "")),
            ("release", payload("published", release={"id": 5}), ("releases", "")),
            ("push", payload(ref="refs/heads/main"), ("commits", "")),
            ("create", payload(ref_type="tag"), ("tags", "")),
            ("delete", payload(ref_type="branch"), ("branches", "")),
            ("workflow_run", payload("completed"), ("workflow_runs", "")),
            ("workflow_job", payload("queued"), ("workflow_runs", "")),
            ("repository", payload("archived"), ("repositories", "")),
            ("public", payload(), ("repositories", "")),
        ],
        ids=lambda one: one if isinstance(one, str) else None,
    )  # fmt: skip
    def test_what_changed_is_marked_and_no_record_is_made_of_it(
        self, warehouse: Engine, event: str, told: dict[str, Any], marked: tuple[str, str]
    ) -> None:
        before = value(warehouse, "select payload from raw.github_issues")

        assert do(warehouse, event, told) == "marked"

        assert read(warehouse, MARKS) == [marked]
        assert read(warehouse, GONE) == []
        assert value(warehouse, "select payload from raw.github_issues") == before

    def test_a_mark_says_what_was_delivered(self, warehouse: Engine) -> None:
        do(warehouse, "issues", payload("edited", issue=NUMBER))
        do(warehouse, "push", payload(ref="refs/heads/main"))

        assert read(warehouse, "select reason from ops.dirty order by thing") == [
            ("push (webhook)",), ("issues edited (webhook)",),
        ]  # fmt: skip

    @pytest.mark.parametrize("event", ["star", "an_event_of_next_year"])
    def test_what_is_not_read_is_ignored(self, warehouse: Engine, event: str) -> None:
        assert do(warehouse, event, payload("created")) == "ignored"
        assert read(warehouse, MARKS) == []

    def test_what_is_about_no_repository_is_ignored(self, warehouse: Engine) -> None:
        assert do(warehouse, "ping", b'{"zen": "Keep it logically awesome."}') == "ignored"

    def test_what_is_not_followed_is_left_alone(self, warehouse: Engine) -> None:
        told = payload("deleted", github_id=2, issue=NUMBER)

        assert do(warehouse, "issues", told) == "not followed"
        assert read(warehouse, MARKS) == read(warehouse, GONE) == []

    def test_the_same_number_on_another_host_is_another_repository(self, warehouse: Engine) -> None:
        deliver(warehouse, "issues", payload("deleted", issue=NUMBER))
        process(warehouse, host="https://another.test")

        assert outcomes(warehouse) == ["not followed"]


class TestGone:
    @pytest.mark.parametrize(
        ("event", "told", "gone", "marked"),
        [
            (
                "issues", payload("deleted", issue=NUMBER), ["issue_comments", "issues"],
                [("issues", "7")],
            ),
            (
                "issue_comment", payload("deleted", issue=NUMBER, comment={"id": 71}),
                ["issue_comments"], [("issue_comments", "71"), ("issues", "7")],
            ),
            (
                "pull_request_review_comment",
                payload("deleted", pull_request={"number": 9}, comment={"id": 91}),
                ["review_comments"], [("pull_requests", "9"), ("review_comments", "91")],
            ),
            ("label", payload("deleted", label={"id": 5}), ["labels"], [("labels", "")]),
            (
                "milestone", payload("deleted", milestone={"id": 5}), ["milestones"],
                [("milestones", "")],
            ),
            (
                "release", payload("deleted", release={"id": 5}), ["releases"],
                [("releases", "")],
            ),
            ("repository", payload("deleted"), ["repositories"], []),
        ],
        ids=lambda one: one if isinstance(one, str) else None,
    )  # fmt: skip
    def test_what_was_deleted_is_marked_as_gone_at_once(
        self, warehouse: Engine, event: str, told: dict[str, Any], gone: list[str],
        marked: list[tuple[str, str]],
    ) -> None:  # fmt: skip
        assert do(warehouse, event, told) == "applied"

        assert read(warehouse, GONE) == [(thing, "deleted (webhook)") for thing in gone]
        assert read(warehouse, MARKS) == marked

    def test_it_is_gone_since_it_was_said(self, warehouse: Engine) -> None:
        do(warehouse, "issues", payload("deleted", issue=NUMBER))

        assert value(warehouse, "select deleted_at from raw.github_issues") == AT

    def test_a_deleted_repository_is_unreadable_and_what_was_held_stays(
        self, warehouse: Engine
    ) -> None:
        do(warehouse, "repository", payload("deleted"))

        assert read(warehouse, "select state, state_reason from ops.repositories") == [
            ("unreadable", "deleted (webhook)")
        ]
        assert value(warehouse, "select deleted_at from raw.github_issues") is None

    def test_one_that_became_private_is_hidden_at_once_and_shown_by_an_analysis_alone(
        self, warehouse: Engine
    ) -> None:
        assert do(warehouse, "repository", payload("privatized")) == "applied"
        assert do(warehouse, "repository", payload("publicized")) == "marked"

        assert value(warehouse, "select is_private from ops.repositories")
        assert read(warehouse, MARKS) == [("repositories", "")]

    def test_a_transferred_issue_leaves_here_and_is_to_be_read_there(
        self, warehouse: Engine, repository_id: int
    ) -> None:
        target = add_repository(warehouse, "octo/other", github_id=2)
        changes = {
            "new_issue": {"number": 30},
            "new_repository": {"id": 2, "full_name": "octo/other"},
        }

        assert do(
            warehouse, "issues", payload("transferred", issue=NUMBER, changes=changes)
        ) == "applied"  # fmt: skip

        assert {reason for _, reason in read(warehouse, GONE)} == {"transferred"}
        assert read(warehouse, "select repository_id, thing, key from ops.dirty order by 1") == [
            (repository_id, "issues", "7"), (target, "issues", "30"),
        ]  # fmt: skip

    def test_a_transfer_to_where_nobody_looks_is_a_loss_alone(self, warehouse: Engine) -> None:
        changes = {"new_issue": {"number": 30}, "new_repository": {"id": 9, "full_name": "a/b"}}
        do(warehouse, "issues", payload("transferred", issue=NUMBER, changes=changes))

        assert read(warehouse, MARKS) == [("issues", "7")]

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_in_no_order_does_anything_come_back(
        self, warehouse: Engine, order: tuple[int, ...]
    ) -> None:
        told = [
            payload("opened", issue={**NUMBER, "title": "before"}),
            payload("edited", issue={**NUMBER, "title": "after"}),
            payload("deleted", issue=NUMBER),
        ]
        for index in order:
            do(warehouse, "issues", told[index])

        assert read(warehouse, GONE) == [
            ("issue_comments", "deleted (webhook)"), ("issues", "deleted (webhook)"),
        ]  # fmt: skip
        assert value(warehouse, "select payload ->> 'title' from raw.github_issues") == "before"
        assert read(warehouse, MARKS) == [("issues", "7")]


class TestRenames:
    def test_a_new_name_is_taken_over_and_the_old_one_leads_to_it(self, warehouse: Engine) -> None:
        assert do(warehouse, "repository", renamed("app", "tool")) == "applied"

        with warehouse.begin() as connection:
            found = repositories.by_name(connection, "octo/app")
        assert (found.full_name, found.clone_url) == (
            "octo/tool",
            "https://github.test/octo/tool.git",
        )
        assert read(warehouse, MARKS) == [("repositories", "")]

    def test_a_new_owner_is_taken_over(self, warehouse: Engine) -> None:
        changes = {"owner": {"from": {"organization": {"login": "octo"}}}}
        told = payload("transferred", full_name="ada/app", changes=changes)

        assert do(warehouse, "repository", told) == "applied"
        assert value(warehouse, "select full_name from ops.repositories") == "ada/app"

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_in_any_order_it_ends_with_the_last_name_and_the_same_history(
        self, warehouse: Engine, order: tuple[int, ...]
    ) -> None:
        told = [renamed("app", "tool"), renamed("tool", "kit"), renamed("kit", "set")]
        for index in order:
            do(warehouse, "repository", told[index])

        assert value(warehouse, "select full_name from ops.repositories") == "octo/set"
        assert outcomes(warehouse) == ["applied"] * 3
        assert read(
            warehouse, "select full_name from ops.repository_names order by valid_from"
        ) == [("octo/app",), ("octo/tool",), ("octo/kit",), ("octo/set",)]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_a_name_that_is_taken_back_is_the_last_one(
        self, warehouse: Engine, order: tuple[int, ...]
    ) -> None:
        told = [renamed("app", "tool"), renamed("tool", "app")]
        for index in order:
            do(warehouse, "repository", told[index])

        assert value(warehouse, "select full_name from ops.repositories") == "octo/app"

    def test_one_that_an_analysis_has_found_already_is_overtaken(
        self, warehouse: Engine, repository_id: int
    ) -> None:
        with warehouse.begin() as connection:
            repositories.rename(connection, repository_id, "octo/kit", at=AT)

        assert do(warehouse, "repository", renamed("app", "tool")) == "overtaken"
        assert value(warehouse, "select full_name from ops.repositories") == "octo/kit"
