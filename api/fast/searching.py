"""Searches of the index: what is meant first, and only where that finds too little, what is near.

Exact names come before words of names, these before beginnings of words, before owners, labels and
text; each is weighted by one plus the logarithm of its stars, comments or commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from tantivy import Occur, Query

from api.fast.index import Index
from api.fast.words import edits_allowed, marked, words_of
from warehouse.search import Kind

_ENOUGH = 3
_MOST_WORDS = 8
_PREFIX_LETTERS = 15
_LEADING_LETTERS = 4


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


class Searching:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._schema = index.schema

    def find(self, wanted: Wanted, *, readable: frozenset[int] | None = None) -> bytes:
        """The answer as JSON. ``readable`` are the private repositories whose reader asks; None is
        somebody who may read them all. What may not be read is neither found nor counted.
        """
        words = words_of(wanted.q)[:_MOST_WORDS]
        if not words:
            return b'{"data":[]}'
        filters = [*self._filters(wanted), *self._permitted(readable)]
        named = self._run(self._named(wanted.q.strip().lower(), words), filters, wanted.limit)
        meant = self._run(self._meant(words), filters, wanted.limit)
        hits = _distinct([*named, *meant])
        is_near = len(hits) < min(_ENOUGH, wanted.limit)
        if is_near:
            near = self._run(self._near(words), filters, wanted.limit)
            hits = _distinct([*hits, *near])
        shown = (_shown(one, words, is_near=is_near) for one in hits[: wanted.limit])
        return b'{"data":[' + b",".join(shown) + b"]}"

    def _run(self, query: Query, filters: Sequence[Query], limit: int) -> list[bytes]:
        if filters:
            unweighted = (Query.const_score_query(one, 0.0) for one in filters)
            query = Query.boolean_query([
                (Occur.Must, query), *((Occur.Must, one) for one in unweighted),
            ])  # fmt: skip
        searcher = self._index.searcher
        found = searcher.search(query, limit, count=False, weight_by_field="weight")
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
                ways.append(self._term("prefixes", word[:_PREFIX_LETTERS], 1.0))
            each.append((Occur.Must, _any(*ways)))
        query = Query.boolean_query(each)
        begun = "-".join(words)
        if len(begun) < _LEADING_LETTERS:
            return query
        leading = Query.regex_query(self._schema, "exact", begun + ".*")
        return _any(query, Query.boost_query(leading, 12.0))

    def _near(self, words: Sequence[str]) -> Query:
        each = []
        for word in words:
            ways = [self._term("name", word, 3.0), self._term("labels", word, 1.0)]
            ways += [self._term("text", word, 0.5), self._term("owner", word, 1.0)]
            if edits := edits_allowed(word):
                is_begun = word is words[-1] and edits == 1
                for name, boost in (("name", 1.0), ("owner", 0.6), ("labels", 0.4)):
                    fuzzy = Query.fuzzy_term_query(self._schema, name, word, edits, prefix=is_begun)
                    ways.append(Query.boost_query(fuzzy, boost))
            each.append((Occur.Must, _any(*ways)))
        return Query.boolean_query(each)

    def _term(self, name: str, value: Any, boost: float = 1.0) -> Query:
        return Query.boost_query(Query.term_query(self._schema, name, value), boost)


def _any(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Should, one) for one in queries])


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _distinct(found: Sequence[bytes]) -> list[bytes]:
    return list(dict.fromkeys(found))


def _shown(stored: bytes, words: Sequence[str], *, is_near: bool) -> bytes:
    """What is stored, with the parts that matched."""
    document = msgspec.json.decode(stored)
    highlights = {
        name: html
        for name in ("title", "owner", "text")
        if (html := marked(document[name], words, is_near_enough=is_near)) is not None
    }
    return stored[:-1] + b',"highlights":' + msgspec.json.encode(highlights) + b"}"
