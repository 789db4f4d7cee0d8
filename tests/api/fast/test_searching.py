"""What is found, in which order, and by whom."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.fast.index import Index
from api.fast.searching import Searching, Wanted
from tests.support.documents import APRIL, LIBRARY, MAY, document


@pytest.fixture(scope="module")
def searching(tmp_path_factory: pytest.TempPathFactory) -> Searching:
    index = Index(Path(tmp_path_factory.mktemp("index")))
    with index.keeper() as keeper:
        assert keeper is not None
        keeper.replace(dict.fromkeys(range(1, 5), "1"), LIBRARY)
    index.refresh()
    return Searching(index)


def find(searching: Searching, q: str, **told: Any) -> list[dict[str, Any]]:
    readable = told.pop("readable", None)
    found: list[dict[str, Any]] = json.loads(
        searching.find(Wanted(q, **told), readable=readable)
    )["data"]  # fmt: skip
    return found


def titles(searching: Searching, q: str, **told: Any) -> list[str | None]:
    return [one["title"] for one in find(searching, q, **told)]


def test_an_exact_name_comes_first_however_few_stars_it_has(searching: Searching) -> None:
    assert titles(searching, "parser")[0] == "acme/parser"
    assert titles(searching, "octo/slow-parser")[0] == "octo/slow-parser"


def test_stars_decide_between_equals(searching: Searching) -> None:
    found = titles(searching, "json", kind="repository")

    assert found == ["octo/fast-parser", "octo/slow-parser"]


@pytest.mark.parametrize(
    ("q", "title"),
    [("fast par", "octo/fast-parser"), ("praser crahses", "Parser crashes on empty input"),
     ("anni", "annika"), ("FAST PARSER", "octo/fast-parser"), ("anika", "annika"),
     ("empty file", "Parser crashes on empty input")],
)  # fmt: skip
def test_what_is_begun_or_misspelt_is_found(searching: Searching, q: str, title: str) -> None:
    assert titles(searching, q)[0] == title


def test_comments_are_found_by_what_they_say(searching: Searching) -> None:
    (found,) = find(searching, "segfault")

    assert (found["kind"], found["number"], found["owner"]) == ("comment", 7, "eve")


@pytest.mark.parametrize(
    ("told", "title"),
    [({"kind": "pull_request"}, "Make the parser faster"), ({"language": "go"}, "octo/slow-parser"),
     ({"author": "ANN"}, "Parser crashes on empty input"), ({"repository_id": 3}, "acme/parser"),
     ({"state": "closed"}, "Make the parser faster"),
     ({"label": "Bug"}, "Parser crashes on empty input"),
     ({"since": MAY}, "Parser crashes on empty input"),
     ({"until": MAY}, "Make the parser faster"),
     ({"since": APRIL, "until": MAY}, "Make the parser faster")],
)  # fmt: skip
def test_filters_leave_the_rest_out(searching: Searching, told: dict[str, Any], title: str) -> None:
    assert titles(searching, "parser", **told) == [title]


def test_what_may_not_be_read_is_not_found(searching: Searching) -> None:
    everything = titles(searching, "parser", limit=50)

    assert "acme/vault" in everything
    assert "acme/vault" in titles(searching, "parser", readable=frozenset({4}))
    for readable in (frozenset[int](), frozenset({1, 2})):
        seen = titles(searching, "parser", limit=50, readable=readable)
        assert sorted(map(str, seen)) == sorted({*map(str, everything)} - {"acme/vault"})
        assert titles(searching, "vault", readable=readable) == []
        assert titles(searching, "secrest", readable=readable) == []


def test_what_is_found_does_not_tell_which_words_may_not_be_read(tmp_path: Path) -> None:
    """Who writes an issue himself could else ask whether a word is in one that he may not read."""
    index = Index(tmp_path)
    searching = Searching(index)
    public = [document("wombats zebrafink", kind="issue"), document("wombat", kind="issue")]
    private = document("zebrafins", kind="issue", repository_id=2, is_private=True)
    found = []
    for documents in (public, [*public, private]):
        with index.keeper() as keeper:
            assert keeper is not None
            keeper.replace({1: "1", 2: "1"}, documents)
        index.refresh()
        found.append([
            titles(searching, q, readable=frozenset())
            for q in ("wombat zebrafins", "zebrafins wombat", "zebrafins", "wombta zebrafins")
        ])  # fmt: skip

    assert found[0] == found[1]
    assert titles(searching, "zebrafins", readable=frozenset({2}))[0] == "zebrafins"


def test_what_matched_is_marked(searching: Searching) -> None:
    (one,) = find(searching, "quickly", is_marked=True)
    assert one["highlights"] == {"text": "Reads &lt;JSON&gt; <mark>quickly</mark>"}

    asked = {"kind": "repository", "language": "rust", "is_marked": True}
    (near,) = find(searching, "fsat parser", **asked)
    assert near["highlights"]["title"] == "octo/<mark>fast</mark>-<mark>parser</mark>"

    (plain,) = find(searching, "quickly")
    assert plain == {name: value for name, value in one.items() if name != "highlights"}


@pytest.mark.parametrize(
    "q", ["", "--", "'\"\\", "a.*", "(((", "parser AND", "é" * 200, "a b " * 50]
)
def test_whatever_is_asked_is_answered(searching: Searching, q: str) -> None:
    find(searching, q)


def test_what_lies_where_another_one_lay_is_not_taken_for_it(tmp_path: Path) -> None:
    index = Index(tmp_path)
    searching = Searching(index)
    for title in ("octo/first", "octo/second"):
        with index.keeper() as keeper:
            assert keeper is not None
            keeper.replace({1: title}, [document(title)])
        index.refresh()
        assert titles(searching, "octo") == [title]


def test_no_more_are_shown_than_are_wanted(searching: Searching) -> None:
    assert len(find(searching, "parser", limit=2)) == 2


def test_a_text_is_met_by_any_of_its_words_within_what_may_be_read(searching: Searching) -> None:
    def alike(q: str, readable: frozenset[int] | None = None, limit: int = 20) -> list[Any]:
        found = searching.alike(Wanted(q, limit=limit), readable=readable)
        return list(json.loads(found)["data"])

    (title, *_) = titles(searching, "parser")
    q = f"nobodyeverwrotethis {title}"
    every = alike(q)
    assert every
    assert alike("nobodyeverwrotethis") == alike("...") == []
    assert len(alike(q, limit=1)) == 1
    assert "acme/vault" in [one["title"] for one in alike("vault parser")]
    for readable in (frozenset[int](), frozenset({1, 2})):
        assert "acme/vault" not in [one["title"] for one in alike("vault parser", readable)]
