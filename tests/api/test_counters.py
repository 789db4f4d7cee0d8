"""What processes count together, and what only those count that live."""

import multiprocessing
import time
from pathlib import Path

import pytest

from api import counters
from api.counters import Counters
from tests.support.waiting import wait_for


def _count(directory: Path) -> None:
    Counters(directory).add("sockets_opened")
    time.sleep(60)


def test_what_was_stays_counted_and_what_is_ends_with_its_process(tmp_path: Path) -> None:
    ours = Counters(tmp_path)
    ours.add("sockets_opened")
    child = multiprocessing.get_context("spawn").Process(target=_count, args=(tmp_path,))
    child.start()
    try:
        wait_for(lambda: ours.now("sockets_opened") == 2)
    finally:
        child.kill()
        child.join()

    assert (ours.now("sockets_opened"), ours.ever("sockets_opened")) == (1, 2)


def test_a_version_that_counts_something_else_counts_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Counters(tmp_path)
    monkeypatch.setattr(counters, "NAMES", ("redis_away", *counters.NAMES))
    new = Counters(tmp_path)
    new.add("sockets_slow")

    assert (old.ever("sockets_slow"), new.ever("sockets_slow")) == (0, 1)


def test_one_process_needs_no_directory() -> None:
    ours = Counters()
    ours.set("redis_away", 1)
    ours.add("redis_failures")

    assert (ours.now("redis_away"), ours.ever("redis_failures")) == (1, 1)
    assert ours.now("sockets_opened") == 0
