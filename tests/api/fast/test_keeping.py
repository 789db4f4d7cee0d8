"""The index follows what is published, in one process at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from api.fast import keeping
from api.fast.index import Index
from api.fast.keeping import Keeping
from api.fast.searching import Searching, Wanted
from tests.support.documents import document
from tests.support.waiting import wait_for
from warehouse.search import Document


class Library:
    """What is published, by repository; it can be away."""

    def __init__(self, **texts: str) -> None:
        self.texts = {int(one.removeprefix("of_")): text for one, text in texts.items()}
        self.read: list[int] = []
        self.trouble: Exception | None = None

    def versions(self, wanted: Sequence[int] | None) -> dict[int, str]:
        if self.trouble is not None:
            raise self.trouble
        return {one: text for one, text in self.texts.items() if wanted is None or one in wanted}

    def documents(self, wanted: Sequence[int]) -> Iterator[Document]:
        for one in wanted:
            self.read.append(one)
            if one in self.texts:
                yield document(f"octo/{one}", repository_id=one, text=self.texts[one])


def follow(directory: Path, library: Library) -> Keeping:
    started = Keeping(Index(directory), versions=library.versions, documents=library.documents)
    started.start()
    return started


def finds(directory: Path, q: str) -> bool:
    return b'"kind"' in Searching(Index(directory)).find(Wanted(q))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_STANDBY_SECONDS", 0.05)


def test_what_is_there_is_read_and_then_what_changes_alone(tmp_path: Path) -> None:
    library = Library(of_1="needle", of_2="thread")
    following = follow(tmp_path, library)
    wait_for(lambda: finds(tmp_path, "needle") and finds(tmp_path, "thread"))

    library.texts[1] = "button"
    following.tell(1)
    wait_for(lambda: finds(tmp_path, "button"))
    assert not finds(tmp_path, "needle")
    del library.texts[2]
    following.tell(2)
    wait_for(lambda: not finds(tmp_path, "thread"))
    following.stop()

    assert library.read == [1, 2, 1, 2]


def test_the_next_one_reads_what_has_changed_meanwhile(tmp_path: Path) -> None:
    library = Library(of_1="needle", of_2="thread")
    following = follow(tmp_path, library)
    wait_for(lambda: finds(tmp_path, "thread"))
    following.stop()
    library.texts[2] = "button"
    library.read.clear()

    following = follow(tmp_path, library)
    wait_for(lambda: finds(tmp_path, "button"))
    following.stop()

    assert library.read == [2]


def test_another_takes_over_from_one_that_is_gone(tmp_path: Path) -> None:
    library = Library(of_1="needle")
    first, second = follow(tmp_path, library), follow(tmp_path, library)
    wait_for(lambda: finds(tmp_path, "needle"))
    first.stop()

    library.texts[1] = "button"
    second.compare()

    wait_for(lambda: finds(tmp_path, "button"))
    second.stop()


@pytest.mark.parametrize("trouble", [psycopg.OperationalError("away"), ValueError("unexpected")])
def test_after_trouble_it_catches_up(tmp_path: Path, trouble: Exception) -> None:
    library = Library(of_1="needle")
    library.trouble = trouble
    following = follow(tmp_path, library)
    following.tell(1)
    library.trouble = None

    wait_for(lambda: finds(tmp_path, "needle"))
    following.stop()
