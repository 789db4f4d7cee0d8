"""What can be done at once: the next page while this one is written, and lists that need not wait
for each other.

Each list has its own cursor and each page its own transaction, so that nothing is shared but the
governor, which holds all of them back together.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


@contextmanager
def ahead(ask: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Ask while the block goes on, which ends when there is an answer; that, or the error, is had
    by calling what is given. Where the block fails, because the page before could not be written,
    nobody calls for it: a request that is made again.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        yield pool.submit(copy_context().run, ask).result


def together(steps: Sequence[Callable[[], T]], *, lanes: int | None = None) -> list[T]:
    """All of them at once, or as many as there are ``lanes``; what they gave or the first error, in
    their order, when all have ended.
    """
    with ThreadPoolExecutor(lanes or len(steps), thread_name_prefix="lane") as pool:
        waiting = [pool.submit(copy_context().run, step) for step in steps]
    return [one.result() for one in waiting]


class Feed(Generic[T]):
    """What one lane finds, for another that goes on with it meanwhile."""

    def __init__(self) -> None:
        self._found = SimpleQueue[Sequence[T] | BaseException | None]()

    @contextmanager
    def filling(self) -> Iterator[Callable[[Sequence[T]], None]]:
        """Put into it by what is given; its end, or the error by which it ends, is told."""
        try:
            yield self._found.put
        except BaseException as error:
            self._found.put(error)
            raise
        self._found.put(None)

    def __iter__(self) -> Iterator[Sequence[T]]:
        """All that is put into it, as it comes; raises what its filling has ended by."""
        while (found := self._found.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
