"""What is done at once."""

import contextvars
import threading
import time
from functools import partial

import pytest

from flows.steps.lanes import Feed, ahead, together

WHERE = contextvars.ContextVar("where", default="nowhere")


def test_an_answer_is_on_its_way_before_it_is_called_for() -> None:
    asked = threading.Event()

    def ask() -> str:
        asked.set()
        return "page 2"

    with ahead(ask) as answer:
        assert asked.wait(5)

    assert answer() == "page 2"


def test_what_went_wrong_is_told_to_who_calls_for_it() -> None:
    def ask() -> str:
        raise ValueError("HTTP 502")

    with ahead(ask) as answer:
        pass

    with pytest.raises(ValueError, match="HTTP 502"):
        answer()


def test_an_answer_that_nobody_calls_for_is_waited_for() -> None:
    """So that nothing is asked any more by a job that has ended."""
    ended: list[str] = []

    def ask() -> str:
        time.sleep(0.05)
        ended.append("page 2")
        return "page 2"

    def write() -> None:
        with ahead(ask):
            raise LookupError("page 1 cannot be written")

    with pytest.raises(LookupError, match="page 1"):
        write()
    assert ended == ["page 2"]


def test_steps_run_at_the_same_time_and_where_their_caller_is() -> None:
    meeting = threading.Barrier(3, timeout=5)
    seen: list[str] = []
    WHERE.set("in a flow")

    def step() -> None:
        meeting.wait()
        seen.append(WHERE.get())

    together([step] * 3)

    assert seen == ["in a flow"] * 3


def test_no_more_run_at_the_same_time_than_there_are_lanes() -> None:
    running, most = set[int](), list[int]()

    def step(number: int) -> None:
        running.add(number)
        most.append(len(running))
        time.sleep(0.02)
        running.discard(number)

    together([partial(step, number) for number in range(8)], lanes=2)

    assert len(most) == 8
    assert max(most) == 2


def test_the_others_end_before_an_error_is_told() -> None:
    ended: list[str] = []
    started = threading.Event()

    def broken() -> None:
        started.set()
        raise LookupError("lane 1")

    def slow() -> None:
        started.wait(5)
        ended.append("lane 2")

    with pytest.raises(LookupError, match="lane 1"):
        together([broken, slow])
    assert ended == ["lane 2"]


def test_a_feed_gives_what_comes_when_it_comes_until_it_ends() -> None:
    feed, taken = Feed[int](), list[list[int]]()
    has_taken = threading.Event()

    def take() -> None:
        for found in feed:
            taken.append(list(found))
            has_taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    with feed.filling() as put:
        put([1, 2])
        assert has_taken.wait(5)
        assert taken == [[1, 2]]
        put([3])
    thread.join(5)

    assert taken == [[1, 2], [3]]
    assert not thread.is_alive()


def test_who_goes_on_with_a_feed_is_told_by_what_it_has_ended() -> None:
    feed = Feed[int]()

    def fill() -> None:
        with feed.filling() as put:
            put([1])
            raise ValueError("HTTP 502")

    with pytest.raises(ValueError, match="HTTP 502"):
        fill()

    coming = iter(feed)
    assert next(coming) == [1]
    with pytest.raises(ValueError, match="HTTP 502"):
        next(coming)
