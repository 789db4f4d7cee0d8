"""REST lists: read once, then only what moved, however often the reader is cut off."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from flows.steps import discover, reading
from flows.steps.run import StepResult
from gitinsight.errors import BrokenAnswer, RateLimited
from gitinsight.github.client import GitHubClient
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
from tests.support.analyses import attempting, count, renew_limits, rows
from tests.support.clients import client_of
from tests.support.github import GitHub
from tests.support.rows import value
from tests.support.upstream import Reply, Upstream
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = truth(Organisation().repositories["aurora"])


def read(settings: Settings, warehouse: Engine, thing: Thing, *, is_quiet: bool = False) -> int:
    """How many rows were new or changed."""
    with attempting(settings, warehouse, NAME) as run:
        return reading.read(run, thing, is_quiet=is_quiet).touched


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


def test_numbers_are_told_when_their_page_is_held(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    told: list[int] = []

    def tell(numbers: Sequence[int]) -> None:
        held = "select count(*) from raw.github_issues where (payload ->> 'number')::int = any(%s)"
        assert value(warehouse, held, list(numbers)) == len(numbers)
        told.extend(numbers)

    with attempting(settings, warehouse, NAME) as run:
        reading.read(run, ISSUES, told=tell)

    assert set(told) == set(Organisation().repositories["aurora"].issues)


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
        reading.read(run, LABELS)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "insert into raw.github_labels (repository_id, id, payload, content_hash, source,"
                " api_version, sanitized, extracted_at, run_id) select repository_id, 1, payload,"
                " content_hash, source, api_version, sanitized, extracted_at, run_id"
                " from raw.github_labels limit 1"
            )
            connection.exec_driver_sql("update ops.cursors set state = '{}'")

        reading.read(run, LABELS)

    gone = rows(warehouse, "select id from raw.github_labels where deleted_at is not null")
    assert gone == [(1,)]
    assert count(warehouse, "raw.github_labels") == TRUTH["labels"] + 1


def test_characters_that_jsonb_refuses_are_replaced_and_the_original_is_kept(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse, ISSUE_COMMENTS)

    affected = [one for one in _records(ISSUE_COMMENTS) if "\0" in one["body"]]
    assert count(warehouse, "raw.github_issue_comments where sanitized") == len(affected) > 0
    kept = rows(warehouse, "select thing, kind, id, raw from ops.quarantine order by id")
    assert [one[:3] for one in kept] == [
        ("issue_comments", "original", identifier)
        for identifier in sorted(one["id"] for one in affected)
    ]
    assert all(rb"\u0000" in raw for *_, raw in kept)


@pytest.mark.parametrize(
    ("thing", "pages_left"), [(ISSUES, 1), (ISSUE_COMMENTS, 2), (ISSUE_EVENTS, 1)],
    ids=lambda value: value.name if isinstance(value, Thing) else "",
)  # fmt: skip
def test_a_reader_that_is_cut_off_goes_on_from_the_page_that_it_committed_last(
    settings: Settings, warehouse: Engine, github: GitHub, thing: Thing, pages_left: int
) -> None:
    github.control(calm=True, limits={"with token": 2})  # to be found, and one page
    with attempting(settings, warehouse, NAME) as run, pytest.raises(RateLimited):
        reading.read(run, thing)
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

        result = reading.read(run, wrong)

    assert result.unavailable == "HTTP 404: Not Found"
    assert count(warehouse, "raw.github_labels") == 0


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(Reply()) as served:
        yield served


def read_from(
    settings: Settings, warehouse: Engine, upstream: Upstream, thing: Thing, *replies: Reply
) -> StepResult:
    """What is read of a GitHub that answers what it is told, in a job of its own."""
    upstream.replies = list(replies)
    with attempting(settings, warehouse, NAME) as run, upstream_client(upstream) as client:
        run.client.close()
        run.client = client
        return reading.read(run, thing)


def upstream_client(upstream: Upstream) -> "closing[GitHubClient]":
    return closing(client_of(upstream.url, "t"))


def label(identifier: int, **fields: object) -> bytes:
    return json.dumps({"id": identifier, **fields}).encode()


@pytest.mark.parametrize(
    "hostile",
    [
        b'{"id":7,"n":1e400}',
        b'{"id":7,"n":' + b"[" * 9000 + b"]" * 9000 + b"}",
        b'{"id":7,"n":' + b"9" * 5000 + b"}",
        b'{"id":7,"n":1e-20000}',
        b'{"id":"7"}',
        b'{"node_id":"x"}',
        b"null",
        rb'{"id":7,"updated_at":"\ud800"}',
    ],
    ids=lambda value: value[:30].decode(),
)
@pytest.mark.parametrize("thing", [ISSUES, LABELS, ISSUE_EVENTS], ids=lambda thing: thing.reading)
def test_good_and_quarantined_are_as_many_as_served_whatever_is_among_them(
    settings: Settings, warehouse: Engine, upstream: Upstream, thing: Thing, hostile: bytes
) -> None:
    served = [label(number, updated_at="2026-06-01T00:00:00Z") for number in (1, 2, 3)]
    page = Reply(body=b"[" + b",".join([*served[:2], hostile, served[2]]) + b"]")

    result = read_from(settings, warehouse, upstream, thing, page)

    assert count(warehouse, f"raw.{thing.table}") == 3
    refused = "select thing, raw from ops.quarantine where kind = 'record'"
    assert rows(warehouse, refused) == [(thing.name, hostile)]
    assert result.touched >= len(served) + 1


def test_a_record_with_characters_replaced_is_held_and_its_original_alone_is_kept(
    settings: Settings, warehouse: Engine, upstream: Upstream
) -> None:
    hostile = [
        rb'{"id":1,"name":"\u0000"}',
        rb'{"id":2,"name":"\udead"}',
        b'{"id":3,"name":"\xff"}',
    ]
    honest = '{"id":4,"name":"\ufffd"}'.encode()

    read_from(
        settings, warehouse, upstream, LABELS,
        Reply(body=b"[" + b",".join([*hostile, honest]) + b"]"),
    )  # fmt: skip

    assert rows(warehouse, "select id from raw.github_labels where sanitized order by 1") == [
        (1,), (2,), (3,),
    ]  # fmt: skip
    assert count(warehouse, "raw.github_labels where payload ->> 'name' = U&'\\fffd'") == 4
    kept = "select raw from ops.quarantine where kind = 'original' order by id"
    assert rows(warehouse, kept) == [(one,) for one in hostile]


def test_a_record_is_the_same_whatever_becomes_of_another_that_it_repeats(
    settings: Settings, warehouse: Engine, upstream: Upstream
) -> None:
    for title in ("old", "new"):
        event = label(1, event="closed", issue={"number": 4, "title": title})
        read_from(settings, warehouse, upstream, ISSUE_EVENTS, Reply(body=b"[" + event + b"]"))

    assert count(warehouse, "raw.github_issue_events_history") == 0
    assert rows(warehouse, "select payload -> 'issue' from raw.github_issue_events") == [
        ({"number": 4},)
    ]


@pytest.mark.parametrize(
    ("hostile", "gone"),
    [(b'{"id":2,"n":1e400}', [3]), (b'{"node_id":"L_2"}', [])],
    ids=["by id", "without id"],
)
def test_what_is_listed_and_refused_is_not_taken_for_deleted(
    settings: Settings, warehouse: Engine, upstream: Upstream, hostile: bytes, gone: list[int]
) -> None:
    """Without an id it may be any of those that are held, so that none of them is."""
    whole = Reply(
        body=b"[" + b",".join(label(number) for number in (1, 2, 3)) + b"]", headers={"etag": "1"}
    )
    read_from(settings, warehouse, upstream, LABELS, whole)

    read_from(
        settings, warehouse, upstream, LABELS,
        Reply(body=b"[" + label(1) + b"," + hostile + b"]"),
    )  # fmt: skip

    found = rows(warehouse, "select id from raw.github_labels where deleted_at is not null")
    assert [identifier for (identifier,) in found] == gone


@pytest.mark.parametrize(
    "body", [b"<html>Unicorn!</html>", b'[{"id":1}', b"", b"\xef\xbb\xbf[]"],
    ids=["html", "truncated", "empty", "bom"],
)  # fmt: skip
def test_an_answer_that_stays_broken_is_told_with_its_bytes_and_nothing_is_committed(
    settings: Settings, warehouse: Engine, upstream: Upstream, body: bytes
) -> None:
    with pytest.raises(BrokenAnswer) as broken:
        read_from(settings, warehouse, upstream, LABELS, Reply(body=body))

    assert broken.value.body == body
    assert len(upstream.asked) > 1
    assert count(warehouse, "raw.github_labels") == 0
    assert rows(warehouse, "select state from ops.cursors where thing = 'labels'") == [({},)]


def _records(thing: Thing) -> Any:
    made = Organisation().repositories["aurora"]
    return {"issues": made.issues, "issue_comments": made.comments, "issue_events": made.events}[
        thing.name
    ]
