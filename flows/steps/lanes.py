"""What can be done at once: the next page while this one is written, and lists that need not wait
for each other.

Each list has its own cursor and each page its own transaction, so that nothing is shared but the
governor, which holds all of them back together.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def ahead(ask: Callable[[], T]) -> Callable[[], T]:
    """Ask now; the answer, or the error, is had by calling what comes back. An answer that nobody
    calls for, because the page before it could not be written, is a request that is made again.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    waiting = pool.submit(copy_context().run, ask)
    pool.shutdown(wait=False)
    return waiting.result


def together(steps: Sequence[Callable[[], T]], *, lanes: int | None = None) -> list[T]:
    """All of them at once, or as many as there are ``lanes``; what they gave or the first error, in
    their order, when all have ended.
    """
    with ThreadPoolExecutor(lanes or len(steps), thread_name_prefix="lane") as pool:
        waiting = [pool.submit(copy_context().run, step) for step in steps]
    return [one.result() for one in waiting]
