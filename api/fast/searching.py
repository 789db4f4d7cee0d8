"""Searches of the index: what is meant first, and only where that finds too little, what is near.

Exact names come before words of names, these before beginnings of words, before owners, labels and
text; each is weighted by one plus the logarithm of its stars, comments or commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from tantivy import Occur, Query

from api.fast.index import LEADING_LETTERS, PREFIX_LETTERS, Index
from api.fast.words import edits_allowed, marked, words_of
from warehouse.search import Kind

_ENOUGH = 3
_MOST_WORDS = 8
_MOST_ALIKE = 64


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
    filters: list[Query]
    found: list[bytes]
    is_enough: bool

    @property
    def answer(self) -> bytes:
        return _answer(self.found, self.words, self.wanted.limit, is_near=False)


class _Text(msgspec.Struct):
    title: str | None
    owner: str | None
    text: str | None


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
        """What is meant, word for word."""
        words = words_of(wanted.q)[:_MOST_WORDS]
        filters = [*self._filters(wanted), *self._permitted(readable)]
        if not words:
            return First(wanted, words, filters, [], is_enough=True)
        named = self._run(self._named(wanted.q.strip().lower(), words), filters, wanted.limit)
        meant = self._run(self._meant(words), filters, wanted.limit)
        is_enough = bool(named) or len(meant) >= min(_ENOUGH, wanted.limit)
        return First(wanted, words, filters, [*named, *meant], is_enough=is_enough)

    def further(self, first: "First") -> bytes:
        """With what is near, for it was too little."""
        near = self._run(self._near(first.words), first.filters, first.wanted.limit)
        return _answer([*first.found, *near], first.words, first.wanted.limit, is_near=True)

    def alike(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> bytes:
        """The same by any of its words, of which rare ones count most: for what is a text itself,
        and names nothing.
        """
        words = list(dict.fromkeys(words_of(wanted.q)))[:_MOST_ALIKE]
        filters = [*self._filters(wanted), *self._permitted(readable)]
        each = [self._term(name, word) for word in words for name in ("name", "text")]
        found = self._run(_any(*each), filters, wanted.limit, weight=None) if words else []
        return _answer(found, words, wanted.limit, is_near=False)

    def _run(
        self, query: Query, filters: Sequence[Query], limit: int, *, weight: str | None = "weight"
    ) -> list[bytes]:
        if filters:
            unweighted = (Query.const_score_query(one, 0.0) for one in filters)
            query = Query.boolean_query([
                (Occur.Must, query), *((Occur.Must, one) for one in unweighted),
            ])  # fmt: skip
        searcher = self._index.searcher
        found = searcher.search(query, limit, count=False, weight_by_field=weight)
        stored: list[Any] = [searcher.doc(at).get_first("shown") for _, at in found.hits]
        return [bytes(one) for one in stored]

    def _filters(self, wanted: Wanted) -> list[Query]:
        asked: dict[str, Any] = {
            "kind": wanted.kind, "repository_id": wanted.repository_id,
            "language": _lower(wanted.language), "state": _lower(wanted.state),
            "author": _lower(wanted.author),
        }  # fmt: skip
        return [self._term(name, value) for name, value in asked.items() if value is not None]

    def _permitted(self, readable: frozenset[int] | None) -> list[Query]:
        if readable is None:
            return []
        own = Query.term_set_query(self._schema, "repository_id", sorted(readable))
        return [_any(self._term("is_private", value=False), own)]

    def _named(self, q: str, words: Sequence[str]) -> Query:
        return _any(self._term("exact", "-".join(words), 30.0), self._term("full", q, 60.0))

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

    def _near(self, words: Sequence[str]) -> Query:
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
                ways += [
                    self._alike("name", word, edits, 1.0, is_begun=is_begun),
                    self._alike("labels", word, 1, 0.4),
                ]
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
        return Query.boost_query(Query.term_query(self._schema, name, value), boost)


def _any(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Should, one) for one in queries])


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _answer(found: Sequence[bytes], words: Sequence[str], limit: int, *, is_near: bool) -> bytes:
    distinct = list(dict.fromkeys(found))[:limit]
    return b'{"data":[' + b",".join(_shown(one, words, is_near=is_near) for one in distinct) + b"]}"


def _shown(stored: bytes, words: Sequence[str], *, is_near: bool) -> bytes:
    """What is stored, with the parts that matched."""
    document = msgspec.json.decode(stored, type=_Text)
    texts = {"title": document.title, "owner": document.owner, "text": document.text}
    highlights = {
        name: html
        for name, text in texts.items()
        if (html := marked(text, words, is_near_enough=is_near)) is not None
    }
    return stored[:-1] + b',"highlights":' + msgspec.json.encode(highlights) + b"}"
