"""What the lane is given to answer from."""

import asyncio
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from api.fast import fast as module
from api.fast.entries import WHOLE, Entry
from api.fast.fast import Fast
from api.fast.searches import Searches
from api.fast.summaries import Summaries
from api.fast.summaries import target_of as target
from api.traffic import Traffic

HEAD = b" HTTP/1.1\r\nHost: x\r\n"


class Everybody:
    """Until ``seconds`` from now."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds

    def until(self, authorization: str, host: str) -> float | None:  # noqa: ARG002 - whoever it is
        return time.monotonic() + self.seconds


def request(repository_id: int, more: bytes = b"") -> bytes:
    return b"GET " + target(repository_id) + HEAD + more + b"\r\n"


def with_fast(
    tmp_path: Path, test: Callable[[Fast], None], readers: Everybody | None = None
) -> None:
    """Summaries 1 and 2 are on their shelf, and trusted."""

    async def run() -> None:
        summaries = Summaries(lambda _: {})
        searches = Searches(tmp_path, versions=lambda _: {}, documents=lambda _: iter(()))
        fast = Fast(readers or Everybody(), summaries, searches, Traffic([]))
        for number in (1, 2):
            summaries.shelf.put(target(number), Entry(b"[%d]" % number, route="/a"))
        summaries.trust(time.monotonic())
        test(fast)

    asyncio.run(run())


def test_nothing_is_ready_while_announcements_may_be_missed(tmp_path: Path) -> None:
    def test(fast: Fast) -> None:
        fast.summaries.trusted_until = 0.0
        assert fast.get(target(1), time.monotonic()) is None
        assert fast.make_ready(request(1), time.monotonic()) is None
        fast.summaries.trust(time.monotonic())
        assert fast.get(target(1), time.monotonic()) is not None
        assert fast.get(target(3), time.monotonic()) is None

    with_fast(tmp_path, test)


def test_a_request_that_comes_again_is_known(tmp_path: Path) -> None:
    def test(fast: Fast) -> None:
        made = fast.make_ready(request(1), time.monotonic())
        assert made is not None
        assert (made.form, made.body) == (WHOLE, b"[1]")
        assert fast.ready == {request(1): made}

    with_fast(tmp_path, test)


@pytest.mark.parametrize(
    "changes",
    [lambda fast: fast.summaries.forget(2, "1"), lambda fast: fast.summaries.forget_all(),
     lambda fast: fast.searches.shelf.clear()],
    ids=["another version", "a gap", "another index"],
)  # fmt: skip
def test_no_answer_outlives_what_it_was_made_of(
    tmp_path: Path, changes: Callable[[Fast], None]
) -> None:
    def test(fast: Fast) -> None:
        for number in (1, 2):
            fast.make_ready(request(number), time.monotonic())
        changes(fast)
        assert not fast.ready

    with_fast(tmp_path, test)


@pytest.mark.parametrize(("seconds", "expected"), [(0.25, 0.25), (60.0, 0.9)])
def test_it_is_good_no_longer_than_announcements_are_trusted_and_somebody_may_read(
    tmp_path: Path, seconds: float, expected: float
) -> None:
    def test(fast: Fast) -> None:
        now = time.monotonic()
        fast.summaries.trust(now)
        made = fast.make_ready(request(1), now)
        assert made is not None
        assert expected <= round(made.until - now, 6) < expected + 0.2

    with_fast(tmp_path, test, Everybody(seconds))


@pytest.mark.parametrize(
    ("line", "id_"),
    [(b"X-Request-Id: trace-0123\r\n", b"trace-0123"), (b"X-A: %b\r\n" % (b"x" * 2_048), None)],
    ids=["its own id", "long"],
)
def test_what_will_hardly_come_again_is_not_kept(
    tmp_path: Path, line: bytes, id_: bytes | None
) -> None:
    def test(fast: Fast) -> None:
        made = fast.make_ready(request(1, line), time.monotonic())
        assert made is not None
        assert made.request_id == id_
        assert not fast.ready

    with_fast(tmp_path, test)


@pytest.mark.parametrize(
    "doubtful",
    [request(1)[:-2], request(1) + b"x", b"HEAD" + request(1)[3:], request(1, b"Expect: x\r\n"),
     b"GET /api/v1/repositories/1" + HEAD + b"\r\n", request(3), b""],
)  # fmt: skip
def test_what_is_not_certain_is_not_made(tmp_path: Path, doubtful: bytes) -> None:
    def test(fast: Fast) -> None:
        assert fast.make_ready(doubtful, time.monotonic()) is None
        assert not fast.ready

    with_fast(tmp_path, test)


def test_there_are_never_more_than_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_READY", 4)

    def test(fast: Fast) -> None:
        for number in range(10):
            fast.make_ready(request(1, b"X-A: %d\r\n" % number), time.monotonic())
            assert 0 < len(fast.ready) <= 4

    with_fast(tmp_path, test)


def test_ids_count_up_and_are_other_ones_in_another_process(tmp_path: Path) -> None:
    def test(fast: Fast) -> None:
        ids = [*islice(fast.ids, 10_000)]
        assert len({*ids}) == 10_000
        assert ids == sorted(ids)
        assert {len(one) for one in ids} == {20}

        firsts.append(ids[0])

    firsts: list[bytes] = []
    for _ in range(2):
        with_fast(tmp_path, test)
    assert firsts[0] != firsts[1]
