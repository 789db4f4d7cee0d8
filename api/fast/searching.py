"""Searches of the index: what is meant first, and only where that finds too little, what is near:
names with one wrong letter in a word, and then, where there is none, with more and elsewhere.

Exact names come before words of names, these before beginnings of words, before owners, labels and
text; each is weighted by one plus the logarithm of its stars, comments or commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from tantivy import Occur, Query

from api.fast.index import LEADING_LETTERS, PREFIX_LETTERS, Index
from api.fast.words import Marks, edits_allowed, words_of
from warehouse.search import Kind

_ENOUGH = 3
_MOST_WORDS = 8
_MOST_ALIKE = 64
_NAMED = 1e6
_NAMED_IN_FULL = 1e9
"""Scores that nothing reaches without the name, whatever else it has, and whatever it weighs."""
_Clause: TypeAlias = tuple[Occur, Query]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; filters that are null let everything pass."""

    q: str
    kind: Kind | None = None
    repository_id: int | None = None
    language: str | None = None
    state: str | None = None
    author: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class First:
    """What the first look has found, best first, and what a second one goes on with."""

    wanted: Wanted
    words: list[str]
    filters: list[_Clause]
    found: list[bytes]
    is_near: bool
    is_enough: bool

    @property
    def answer(self) -> bytes:
        return _answer(self.found, self.words, self.wanted.limit, is_near=self.is_near)


class _Text(msgspec.Struct):
    title: str | None
    owner: str | None
    text: str | None


_TEXTS = msgspec.json.Decoder(list[_Text])
_JSON = msgspec.json.Encoder()


class Searching:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._schema = index.schema

    def find(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> bytes:
        """The answer as JSON. ``readable`` are the private repositories whose reader asks; None is
        somebody who may read them all. What may not be read is neither found nor counted.
        """
        first = self.first(wanted, readable=readable)
        return first.answer if first.is_enough else self.further(first)

    def first(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> "First":
        """What is meant word for word, or by a name with a slip of the hand: what is soon found."""
        words = words_of(wanted.q)[:_MOST_WORDS]
        filters = [*self._filters(wanted), *self._permitted(readable)]
        if not words:
            return First(wanted, words, filters, [], is_near=False, is_enough=True)
        query = _any(*self._named(wanted.q.strip().lower(), words), self._meant(words))
        best, found = self._run(query, filters, wanted.limit)
        if best >= _NAMED or len(found) >= min(_ENOUGH, wanted.limit):
            return First(wanted, words, filters, found, is_near=False, is_enough=True)
        _, near = self._run(self._near(words, is_wide=False), filters, wanted.limit)
        return First(
            wanted, words, filters, [*found, *near], is_near=True, is_enough=bool(near)
        )  # fmt: skip

    def further(self, first: "First") -> bytes:
        """With what is near in any way, for it was too little."""
        near = self._near(first.words, is_wide=True)
        _, found = self._run(near, first.filters, first.wanted.limit)
        return _answer([*first.found, *found], first.words, first.wanted.limit, is_near=True)

    def alike(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> bytes:
        """The same by any of its words, of which rare ones count most: for what is a text itself,
        and names nothing.
        """
        words = list(dict.fromkeys(words_of(wanted.q)))[:_MOST_ALIKE]
        filters = [*self._filters(wanted), *self._permitted(readable)]
        each = [self._term(name, word) for word in words for name in ("name", "text")]
        found: list[bytes] = []
        if words:
            _, found = self._run(_any(*each), filters, wanted.limit, weight=None)
        return _answer(found, words, wanted.limit, is_near=False)

    def _run(
        self, query: Query, filters: Sequence[_Clause], limit: int, *,
        weight: str | None = "weight",
    ) -> tuple[float, list[bytes]]:  # fmt: skip
        """The score of the best, and what is stored of each."""
        if filters:
            query = Query.boolean_query([(Occur.Must, query), *filters])
        searcher = self._index.searcher
        hits = searcher.search(query, limit, count=False, weight_by_field=weight).hits
        if not hits:
            return 0.0, []
        stored: list[Any] = [searcher.doc(at).get_first("shown") for _, at in hits]
        return hits[0][0], [bytes(one) for one in stored]

    def _filters(self, wanted: Wanted) -> list[_Clause]:
        asked: dict[str, Any] = {
            "kind": wanted.kind, "repository_id": wanted.repository_id,
            "language": _lower(wanted.language), "state": _lower(wanted.state),
            "author": _lower(wanted.author),
        }  # fmt: skip
        return [
            (Occur.Must, Query.const_score_query(self._term(name, value), 0.0))
            for name, value in asked.items()
            if value is not None
        ]

    def _permitted(self, readable: frozenset[int] | None) -> list[_Clause]:
        """What is private is left out, which costs nothing where nothing is."""
        if readable is None:
            return []
        hidden = self._term("is_private", value=True)
        if readable:
            own = Query.term_set_query(self._schema, "repository_id", sorted(readable))
            hidden = Query.boolean_query([(Occur.Must, hidden), (Occur.MustNot, own)])
        return [(Occur.MustNot, hidden)]

    def _named(self, q: str, words: Sequence[str]) -> list[Query]:
        asked = (("exact", "-".join(words), _NAMED), ("full", q, _NAMED_IN_FULL))
        return [
            Query.const_score_query(Query.term_query(self._schema, name, value), score)
            for name, value, score in asked
        ]

    def _meant(self, words: Sequence[str]) -> Query:
        *_, last = words
        each = []
        for word in words:
            ways = [
                self._term("name", word, 3.0), self._term("labels", word, 1.5),
                self._term("owner", word, 1.5), self._term("text", word, 0.7),
            ]  # fmt: skip
            if word is last:
                ways.append(self._term("prefixes", word[:PREFIX_LETTERS], 1.0))
            each.append((Occur.Must, _any(*ways)))
        query = Query.boolean_query(each)
        begun = "-".join(words)
        if len(begun) < LEADING_LETTERS:
            return query
        return _any(query, self._term("beginnings", begun, 12.0))

    def _near(self, words: Sequence[str], *, is_wide: bool) -> Query:
        """Words that nobody has written are those that are misspelt; else any may be."""
        unknown = [word for word in words if not self._is_known(word)] or words
        each = []
        for word in words:
            ways = [
                self._term("name", word, 3.0), self._term("labels", word, 1.0),
                self._term("owner", word, 1.0), self._term("text", word, 0.5),
            ]  # fmt: skip
            edits = edits_allowed(word)
            if edits and word in unknown:
                is_begun = word is words[-1] and edits == 1
                most = edits if is_wide else 1
                ways.append(self._alike("name", word, most, 1.0, is_begun=is_begun))
                if is_wide:
                    ways.append(self._alike("labels", word, 1, 0.4))
            each.append((Occur.Must, _any(*ways)))
        return Query.boolean_query(each)

    def _is_known(self, word: str) -> bool:
        searcher = self._index.searcher
        return any(searcher.doc_freq(name, word) for name in ("name", "owner", "labels", "text"))

    def _alike(
        self, name: str, word: str, edits: int, boost: float, *, is_begun: bool = False
    ) -> Query:
        fuzzy = Query.fuzzy_term_query(self._schema, name, word, edits, prefix=is_begun)
        return Query.boost_query(fuzzy, boost)

    def _term(self, name: str, value: Any, boost: float = 1.0) -> Query:
        term = Query.term_query(self._schema, name, value)
        return term if boost == 1.0 else Query.boost_query(term, boost)


def _any(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Should, one) for one in queries])


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _answer(found: Sequence[bytes], words: Sequence[str], limit: int, *, is_near: bool) -> bytes:
    distinct = list(dict.fromkeys(found))[:limit]
    marks = Marks(words, is_near_enough=is_near)
    texts = _TEXTS.decode(b"[" + b",".join(distinct) + b"]")
    shown = [_shown(one, text, marks) for one, text in zip(distinct, texts, strict=True)]
    return b'{"data":[' + b",".join(shown) + b"]}"


def _shown(stored: bytes, text: _Text, marks: Marks) -> bytes:
    """What is stored, with the parts that matched."""
    parts = (("title", text.title), ("owner", text.owner), ("text", text.text))
    highlights = {name: html for name, part in parts if (html := marks.on(part)) is not None}
    return stored[:-1] + b',"highlights":' + _JSON.encode(highlights) + b"}"
