"""Searches of the index: what is meant first, and only where that finds too little, what is near:
names with one wrong letter in a word, and then, where there is none, with more and elsewhere.

Exact names come before words of names, these before beginnings of words, before owners, labels and
text; each is weighted by one plus the logarithm of its stars, comments or commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from tantivy import DocAddress, FieldType, Occur, Query, Searcher

from api.fast.index import LEADING_LETTERS, PREFIX_LETTERS, Index, seconds_of
from api.fast.words import Marks, edits_allowed, words_of
from warehouse.search import Kind

_ENOUGH = 3
_MOST_WORDS = 8
_MOST_ALIKE = 64
_NAMED = 1e6
_NAMED_IN_FULL = 1e9
"""Scores that nothing reaches without the name, whatever else it has, and whatever it weighs."""
_MOST_HELD_BYTES = 32 * 2**20
"""Of documents that are held ready to be shown."""
_WEIGHTS = (("name", 3.0), ("labels", 1.5), ("owner", 1.5), ("text", 0.7))
"""Of the fields that are made of words: how much it counts where one is."""
_Clause: TypeAlias = tuple[Occur, Query]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; filters that are null let everything pass. ``since`` and ``until``
    are of the last change, the second one excluded; ``is_marked`` asks for what matched as HTML.
    """

    q: str
    kind: Kind | None = None
    repository_id: int | None = None
    language: str | None = None
    state: str | None = None
    author: str | None = None
    label: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class First:
    """What the first look has found, best first, and what a second one goes on with."""

    wanted: Wanted
    words: list[str]
    written: list[list[Query]]
    filters: list[_Clause]
    found: list[bytes]
    is_near: bool

    @property
    def is_enough(self) -> bool:
        """Who has found something is not given guesses."""
        return bool(self.found) or not self.words

    @property
    def answer(self) -> bytes:
        return _answer(self.found, self.words, self.wanted, is_near=self.is_near)


class _Text(msgspec.Struct):
    title: str | None
    owner: str | None
    text: str | None


_TEXTS = msgspec.json.Decoder(list[_Text])
_JSON = msgspec.json.Encoder()


class _Held:
    """What is stored of documents, by where they lie: those that are found are often the same."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self._documents: dict[int, bytes] = {}
        self._bytes = 0

    def at(self, place: DocAddress) -> bytes:
        key = place.segment_ord << 32 | place.doc
        found = self._documents.get(key)
        if found is None:
            stored: Any = self.searcher.doc(place).get_first("shown")
            found = self._documents[key] = stored
            self._bytes += len(found)
            if self._bytes > _MOST_HELD_BYTES:
                self._documents, self._bytes = {}, 0
        return found


class Searching:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._schema = index.schema
        self._held = _Held(index.searcher)

    def find(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> bytes:
        """The answer as JSON. ``readable`` are the private repositories whose reader asks; None is
        somebody who may read them all. What may not be read is neither found nor counted.
        """
        first = self.first(wanted, readable=readable)
        return first.answer if first.is_enough else self.further(first)

    def first(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> "First":
        """What is meant word for word, or by a name with a slip of the hand: what is soon found."""
        words = words_of(wanted.q)[:_MOST_WORDS]
        permitted = self._permitted(readable)
        filters = [*self._filters(wanted), *permitted]
        written = [self._written(word) for word in words]
        ways = self._named(wanted.q.strip().lower(), words) if words else []
        meant = self._meant(words, written)
        if meant is not None:
            ways.append(meant)
        best, found = self._run(_any(*ways), filters, wanted.limit) if ways else (0.0, [])
        if not words or best >= _NAMED or len(found) >= min(_ENOUGH, wanted.limit):
            return First(wanted, words, written, filters, found, is_near=False)
        written = self._seen(written, permitted)
        _, near = self._run(self._near(words, written, is_wide=False), filters, wanted.limit)
        return First(wanted, words, written, filters, [*found, *near], is_near=True)

    def further(self, first: "First") -> bytes:
        """What is near in any way, for nothing was found."""
        near = self._near(first.words, first.written, is_wide=True)
        _, found = self._run(near, first.filters, first.wanted.limit)
        return _answer(found, first.words, first.wanted, is_near=True)

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
        return _answer(found, words, wanted, is_near=False)

    def _run(
        self, query: Query, filters: Sequence[_Clause], limit: int, *,
        weight: str | None = "weight",
    ) -> tuple[float, list[bytes]]:  # fmt: skip
        """The score of the best, and what is stored of each."""
        if filters:
            query = Query.boolean_query([(Occur.Must, query), *filters])
        held = self._held
        if held.searcher is not self._index.searcher:
            held = self._held = _Held(self._index.searcher)
        hits = held.searcher.search(query, limit, count=False, weight_by_field=weight).hits
        return (hits[0][0] if hits else 0.0), [held.at(place) for _, place in hits]

    def _filters(self, wanted: Wanted) -> list[_Clause]:
        asked: dict[str, Any] = {
            "kind": wanted.kind, "repository_id": wanted.repository_id,
            "language": _lower(wanted.language), "state": _lower(wanted.state),
            "author": _lower(wanted.author), "label": _lower(wanted.label),
        }  # fmt: skip
        filters = [self._term(name, value) for name, value in asked.items() if value is not None]
        if wanted.since is not None or wanted.until is not None:
            until = seconds_of(wanted.until)
            changed = Query.range_query(
                self._schema, "updated", FieldType.Integer, seconds_of(wanted.since), until,
                include_upper=until is None,
            )  # fmt: skip
            filters.append(changed)
        return [(Occur.Must, Query.const_score_query(one, 0.0)) for one in filters]

    def _permitted(self, readable: frozenset[int] | None) -> list[_Clause]:
        """What is private is left out, which costs nothing where nothing is."""
        if readable is None or not self._has("is_private", value=True):
            return []
        hidden = self._term("is_private", value=True)
        if readable:
            own = Query.term_set_query(self._schema, "repository_id", sorted(readable))
            hidden = Query.boolean_query([(Occur.Must, hidden), (Occur.MustNot, own)])
        return [(Occur.MustNot, hidden)]

    def _named(self, q: str, words: Sequence[str]) -> list[Query]:
        asked = (("exact", "-".join(words), _NAMED), ("full", q, _NAMED_IN_FULL))
        return [
            Query.const_score_query(self._term(name, value), score)
            for name, value, score in asked
            if self._has(name, value)
        ]

    def _written(self, word: str) -> list[Query]:
        """Where somebody has written the word; what is nowhere is not looked for."""
        return [self._term(name, word, boost) for name, boost in _WEIGHTS if self._has(name, word)]

    def _seen(
        self, written: Sequence[list[Query]], permitted: Sequence[_Clause]
    ) -> list[list[Query]]:
        """A word that stands only where somebody may not look is nowhere to him: whether the other
        words may be misspelt would tell that it is there.
        """
        if not permitted:
            return [*written]
        return [
            ways if ways and self._run(_any(*ways), permitted, 1)[1] else [] for ways in written
        ]

    def _meant(self, words: Sequence[str], written: Sequence[list[Query]]) -> Query | None:
        """All of the words, the last of which may be begun; None where one of them is nowhere."""
        each = [*written]
        if words and self._has("prefixes", words[-1][:PREFIX_LETTERS]):
            begun = self._term("prefixes", words[-1][:PREFIX_LETTERS])
            each[-1] = [*written[-1], begun]
        if not each or not all(each):
            return None
        query = _all(each)
        leading = "-".join(words)
        if len(leading) < LEADING_LETTERS or not self._has("beginnings", leading):
            return query
        return _any(query, self._term("beginnings", leading, 12.0))

    def _near(
        self, words: Sequence[str], written: Sequence[list[Query]], *, is_wide: bool
    ) -> Query:
        """Words that nobody has written are those that are misspelt; else any may be."""
        is_any_unknown = not all(written)
        each = []
        for word, known in zip(words, written, strict=True):
            ways = [*known]
            edits = edits_allowed(word)
            if edits and not (known and is_any_unknown):
                is_begun = word is words[-1] and edits == 1
                most = edits if is_wide else 1
                ways.append(self._alike("name", word, most, 1.0, is_begun=is_begun))
                if is_wide:
                    ways.append(self._alike("labels", word, 1, 0.4))
            each.append(ways)
        return _all(each) if all(each) else Query.empty_query()

    def _has(self, name: str, value: Any) -> bool:
        return self._index.searcher.doc_freq(name, value) > 0

    def _alike(
        self, name: str, word: str, edits: int, boost: float, *, is_begun: bool = False
    ) -> Query:
        fuzzy = Query.fuzzy_term_query(self._schema, name, word, edits, prefix=is_begun)
        return Query.boost_query(fuzzy, boost)

    def _term(self, name: str, value: Any, boost: float = 1.0) -> Query:
        term = Query.term_query(self._schema, name, value)
        return term if boost == 1.0 else Query.boost_query(term, boost)


def _any(*queries: Query) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, one) for one in queries])


def _all(each: Sequence[list[Query]]) -> Query:
    """One of each list."""
    if len(each) == 1:
        return _any(*each[0])
    return Query.boolean_query([(Occur.Must, _any(*ways)) for ways in each])


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _answer(
    found: Sequence[bytes], words: Sequence[str], wanted: Wanted, *, is_near: bool
) -> bytes:
    distinct = list(dict.fromkeys(found))[: wanted.limit]
    if wanted.is_marked:
        marks = Marks(words, is_near_enough=is_near)
        texts = _TEXTS.decode(b"[" + b",".join(distinct) + b"]")
        distinct = [_marked(one, text, marks) for one, text in zip(distinct, texts, strict=True)]
    return b'{"data":[' + b",".join(distinct) + b"]}"


def _marked(stored: bytes, text: _Text, marks: Marks) -> bytes:
    """What is stored, with the parts that matched."""
    parts = (("title", text.title), ("owner", text.owner), ("text", text.text))
    highlights = {name: html for name, part in parts if (html := marks.on(part)) is not None}
    return stored[:-1] + b',"highlights":' + _JSON.encode(highlights) + b"}"
