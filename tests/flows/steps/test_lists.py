"""REST lists: read once, then only what moved, however often the reader is cut off."""

from typing import Any

import pytest

from flows.steps import discover, lists
from gitinsight.errors import RateLimited
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation, truth
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issue_events import ISSUE_EVENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.labels import LABELS
from gitinsight.things.milestones import MILESTONES
from gitinsight.things.releases import RELEASES
from gitinsight.things.review_comments import REVIEW_COMMENTS
from gitinsight.things.thing import Reading, Thing
from gitinsight.things.workflow_runs import WORKFLOW_RUNS
from tests.support.analyses import attempting, count, renew_limits, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = truth(Organisation().repositories["aurora"])


def read(settings: Settings, warehouse: Engine, thing: Thing, *, is_quiet: bool = False) -> int:
    """How many rows were new or changed."""
    with attempting(settings, warehouse, NAME) as run:
        return lists.read(run, thing, is_quiet=is_quiet).touched


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (ISSUES, TRUTH["issues"] + TRUTH["pull_requests"]),
        (ISSUE_COMMENTS, TRUTH["issue_comments"]),
        (REVIEW_COMMENTS, TRUTH["review_comments"]),
        (LABELS, TRUTH["labels"]),
        (MILESTONES, TRUTH["milestones"]),
        (RELEASES, TRUTH["releases"]),
        (ISSUE_EVENTS, TRUTH["issue_events"]),
    ],
    ids=lambda value: value.name if isinstance(value, Thing) else "",
)
def test_every_record_is_held_after_one_reading_and_the_next_is_free(
    settings: Settings, warehouse: Engine, github: GitHub, thing: Thing, expected: int
) -> None:
    touched = read(settings, warehouse, thing)
    github.start_counting()
    again = read(settings, warehouse, thing)

    assert (touched, again) == (expected, 0)
    assert count(warehouse, f"raw.{thing.table}") == expected
    assert set(github.counted()["by_status"]) == {"304"}
    assert github.counted()["charged"] == 0


def test_only_what_moved_is_written(settings: Settings, warehouse: Engine, github: GitHub) -> None:
    read(settings, warehouse, ISSUES)
    github.change(NAME, "new_issue")
    github.change(NAME, "close_issue")

    touched = read(settings, warehouse, ISSUES)

    assert touched == 2
    assert count(warehouse, "raw.github_issues_history") == 1


def test_an_old_watermark_does_not_ask_for_everything_again(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse, ISSUES)
    github.change(NAME, "new_issue")
    github.start_counting()

    read(settings, warehouse, ISSUES)

    assert github.counted()["requests"] <= 2


def test_a_label_that_is_gone_upstream_is_marked_and_kept(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        lists.read(run, LABELS)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "insert into raw.github_labels (repository_id, id, payload, content_hash, source,"
                " api_version, sanitized, extracted_at, run_id) select repository_id, 1, payload,"
                " content_hash, source, api_version, sanitized, extracted_at, run_id"
                " from raw.github_labels limit 1"
            )
            connection.exec_driver_sql("update ops.cursors set state = '{}'")

        lists.read(run, LABELS)

    gone = rows(warehouse, "select id from raw.github_labels where deleted_at is not null")
    assert gone == [(1,)]
    assert count(warehouse, "raw.github_labels") == TRUTH["labels"] + 1


def test_a_total_is_kept_where_nothing_else_is_wanted(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse, WORKFLOW_RUNS)

    held = rows(warehouse, "select state -> 'total' from ops.cursors where thing = 'workflow_runs'")
    assert held == [(0,)]


def test_characters_that_jsonb_refuses_are_replaced_and_the_original_is_kept(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse, ISSUE_COMMENTS)

    affected = [one for one in _records(ISSUE_COMMENTS) if "\0" in one["body"]]
    assert count(warehouse, "raw.github_issue_comments where sanitized") == len(affected) > 0
    quarantined = rows(warehouse, "select thing, raw from ops.quarantine")
    assert [thing for thing, _ in quarantined] == ["issue_comments"]
    assert rb"\u0000" in bytes(quarantined[0][1])


@pytest.mark.parametrize(
    ("thing", "pages_left"), [(ISSUES, 1), (ISSUE_COMMENTS, 2), (ISSUE_EVENTS, 1)],
    ids=lambda value: value.name if isinstance(value, Thing) else "",
)  # fmt: skip
def test_a_reader_that_is_cut_off_goes_on_from_the_page_that_it_committed_last(
    settings: Settings, warehouse: Engine, github: GitHub, thing: Thing, pages_left: int
) -> None:
    github.control(calm=True, limits={"with token": 2})  # to be found, and one page
    with attempting(settings, warehouse, NAME) as run, pytest.raises(RateLimited):
        lists.read(run, thing)
    half = count(warehouse, f"raw.{thing.table}")
    renew_limits(warehouse, github)
    github.start_counting()

    read(settings, warehouse, thing)

    assert half == 100
    assert count(warehouse, f"raw.{thing.table}") == len(_records(thing))
    closing = 1 if thing.reading is Reading.SINCE else 0
    assert github.counted()["requests"] == pages_left + closing


def test_a_list_that_github_does_not_show_is_unavailable_and_not_empty(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        wrong = Thing("labels", LABELS.reading, path="nowhere")

        result = lists.read(run, wrong)

    assert result.unavailable == "HTTP 404: Not Found"
    assert count(warehouse, "raw.github_labels") == 0


def _records(thing: Thing) -> Any:
    made = Organisation().repositories["aurora"]
    return {"issues": made.issues, "issue_comments": made.comments, "issue_events": made.events}[
        thing.name
    ]
