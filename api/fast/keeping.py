"""Keeps the index equal to what is published: one process does, the others stand by."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from api.fast.index import Index, Keeper
from gitinsight import logs
from warehouse.engine import UNREACHABLE
from warehouse.search import Document

_LOG = logs.get(__name__)
_AT_ONCE = 100_000
"""Repositories in one commit of the index: many small ones are searched one after the other."""
_STANDBY_SECONDS = 5.0
_STOP_SECONDS = 2.0
"""What it has not committed by then it does again next time."""

Versions = Callable[[Sequence[int] | None], Mapping[int, str]]
Documents = Callable[[Sequence[int]], Iterator[Document]]


class Keeping:
    def __init__(self, index: Index, *, versions: Versions, documents: Documents) -> None:
        self._index = index
        self._versions = versions
        self._documents = documents
        self._lock = threading.Lock()
        self._changed: set[int] = set()
        self._may_have_missed = True
        self._news = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="search-index", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._news.set()
        self._thread.join(_STOP_SECONDS)

    def tell(self, repository_id: int) -> None:
        with self._lock:
            self._changed.add(repository_id)
        self._news.set()

    def compare(self) -> None:
        """Announcements may have been missed: look at everything."""
        with self._lock:
            self._may_have_missed = True
        self._news.set()

    def _run(self) -> None:
        while not self._end.is_set():
            with self._index.keeper() as keeper:
                if keeper is not None:
                    self._keep(keeper)
            self._end.wait(_STANDBY_SECONDS)

    def _keep(self, keeper: Keeper) -> None:
        """Until it is over."""
        self.compare()  # what was told before was somebody else's to do
        while not self._end.is_set():
            self._news.wait()
            self._news.clear()
            try:
                self._follow(keeper)
            except UNREACHABLE as error:
                _LOG.warning("search_index.is_behind", reason=str(error))
            except Exception:  # noqa: BLE001 - nobody above this thread would hear of it
                _LOG.exception("search_index.is_behind")
            else:
                continue
            self.compare()
            self._end.wait(_STANDBY_SECONDS)

    def _follow(self, keeper: Keeper) -> None:
        with self._lock:
            wanted = None if self._may_have_missed else sorted(self._changed)
            self._may_have_missed = False
            self._changed.clear()
        if wanted == []:
            return
        shown = self._versions(wanted)
        every = {*shown, *keeper.versions} if wanted is None else set(wanted)
        stale = sorted(one for one in every if keeper.versions.get(one) != shown.get(one))
        for first in range(0, len(stale), _AT_ONCE):
            if self._end.is_set():
                return
            batch = stale[first : first + _AT_ONCE]
            keeper.replace({one: shown.get(one) for one in batch}, self._documents(batch))
            _LOG.info("search_index.followed", repositories=len(batch))
