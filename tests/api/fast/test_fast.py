"""What the lane is given to answer from."""

import asyncio
import time
from pathlib import Path

from api.fast.entries import Entry
from api.fast.fast import Fast
from api.fast.searches import Searches
from api.fast.summaries import Summaries
from api.traffic import Traffic


class Everybody:
    def until(self, authorization: str) -> float | None:  # noqa: ARG002 - whoever it is
        return time.monotonic() + 60


def test_nothing_is_ready_while_announcements_may_be_missed(tmp_path: Path) -> None:
    async def test() -> list[Entry | None]:
        summaries = Summaries(lambda _: {})
        searches = Searches(tmp_path, versions=lambda _: {}, documents=lambda _: iter(()))
        fast = Fast(Everybody(), summaries, searches, Traffic([]))
        summaries.shelf.put(b"/a", Entry(b"{}", route="/a"))
        found = [fast.get(b"/a", time.monotonic())]
        summaries.trust(time.monotonic())
        return [*found, fast.get(b"/a", time.monotonic()), fast.get(b"/b", time.monotonic())]

    untrusted, trusted, unknown = asyncio.run(test())

    assert untrusted is None
    assert trusted is not None
    assert unknown is None
