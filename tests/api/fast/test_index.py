"""The index in its files."""

from pathlib import Path

import pytest

from api.fast.index import Index
from api.fast.searching import Searching, Wanted
from tests.support.documents import document


def count(index: Index, q: str) -> int:
    index.refresh()
    return Searching(index).find(Wanted(q)).count(b'"kind"')


def test_one_keeps_it_and_the_others_see_what_is_committed(tmp_path: Path) -> None:
    index, other = Index(tmp_path), Index(tmp_path)
    with index.keeper() as keeper, other.keeper() as second:
        assert keeper is not None
        assert second is None
        keeper.replace({1: "1"}, [document("octo/app", text="needle")])
        assert count(other, "needle") == 1
        assert not other.refresh()

        keeper.replace({1: "2"}, [document("octo/app", text="thread")])
        assert (count(other, "needle"), count(other, "thread")) == (0, 1)
        keeper.replace({1: None}, [])
        assert count(other, "thread") == 0

    with other.keeper() as second:
        assert second is not None


def test_it_remembers_what_it_holds(tmp_path: Path) -> None:
    with Index(tmp_path).keeper() as keeper:
        assert keeper is not None
        keeper.replace({1: "1", 2: "5"}, [])
        keeper.replace({2: None}, [])

    with Index(tmp_path).keeper() as keeper:
        assert keeper is not None
        assert keeper.versions == {1: "1"}


def test_what_breaks_off_changes_nothing(tmp_path: Path) -> None:
    index = Index(tmp_path)
    with index.keeper() as keeper:
        assert keeper is not None
        keeper.replace({1: "1"}, [document(text="needle")])
        with pytest.raises(ZeroDivisionError):
            keeper.replace({1: "2"}, (document(text=str(1 // number)) for number in (1, 0)))
        keeper.replace({2: "1"}, [document("octo/two", repository_id=2)])

        assert keeper.versions == {1: "1", 2: "1"}
    assert count(index, "needle") == 1
