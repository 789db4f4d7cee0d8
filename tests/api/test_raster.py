"""Images as pixels: of the size that was asked for, with letters although the machine has none."""

import threading
from datetime import date
from time import perf_counter

import anyio
import pytest

from api import drawing, raster

DAYS = [(date(2026, 1, one), float(one % 4)) for one in range(1, 29)]


def chart(title: str) -> bytes:
    return drawing.chart(DAYS, title=title, note="as of · now", theme="light").encode()


def size(png: bytes) -> tuple[int, ...]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return tuple(int.from_bytes(png[start : start + 4], "big") for start in (16, 20))


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_it_has_the_size_that_was_asked_for(scale: int) -> None:
    assert size(raster.drawn(chart("t"), scale)) == (720 * scale, 300 * scale)


def test_letters_are_drawn_and_different_ones_differently() -> None:
    made = {title: raster.drawn(chart(title), 1) for title in ("", "Commits", "Issues", "Größe")}

    assert len(set(made.values())) == len(made)


def test_it_is_drawn_in_another_process_as_in_this_one() -> None:
    found = anyio.run(lambda: raster.png(chart("t"), scale=2))

    assert found == raster.drawn(chart("t"), 2)


def test_nobody_waits_while_it_is_drawn() -> None:
    """Others go on, although whoever draws lets nobody else go on in his process."""
    longest, stop = 0.0, threading.Event()

    def beat() -> None:
        nonlocal longest
        last = perf_counter()
        while not stop.wait(0.001):
            now = perf_counter()
            longest, last = max(longest, now - last), now

    async def draw() -> float:
        nonlocal longest
        await raster.png(chart("t"), scale=1)  # the process is there
        thread = threading.Thread(target=beat)
        thread.start()
        began = perf_counter()
        await raster.png(chart("t"), scale=3)
        took = perf_counter() - began
        stop.set()
        thread.join()
        return took

    took = anyio.run(draw)

    assert longest < took / 2
