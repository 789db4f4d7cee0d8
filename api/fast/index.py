"""The index that searches run on: one for all processes, in files that they map into memory.

One process keeps it up to date, whichever holds the lock; the others see what it has committed.
"""

import json
import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import tantivy
from tantivy import Query

from api.envelope import plain
from api.fast.words import words_of
from gitinsight.runtime import process
from warehouse.search import Document

_FORMAT = "2"
"""Of what is indexed, and how: with another one the index is made anew."""
_STORED = ("kind", "repository_id", "title", "owner", "labels", "number", "language", "state",
           "url", "updated_at")  # fmt: skip
_TEXT_CHARACTERS = 600
PREFIX_LETTERS = 15
LEADING_LETTERS = 4
"""A name that begins like what is asked counts for more from so many letters on."""
_MOST_LETTERS = 60
_HEAP_BYTES = 256_000_000
"""At most, while it writes: what does not fit becomes a segment, and each is searched by itself."""


def schema() -> tantivy.Schema:
    built = tantivy.SchemaBuilder()
    for name in ("kind", "state", "language", "author", "label", "full", "exact"):
        built.add_text_field(name, tokenizer_name="raw", index_option="basic")
    built.add_text_field("name", tokenizer_name="words", index_option="freq")
    for name in ("prefixes", "beginnings"):
        built.add_text_field(name, tokenizer_name="words", index_option="basic")
    built.add_text_field("owner", tokenizer_name="words", index_option="basic")
    built.add_text_field("labels", tokenizer_name="words", index_option="basic")
    built.add_text_field("text", tokenizer_name="words", index_option="freq")
    built.add_unsigned_field("repository_id", indexed=True)
    built.add_boolean_field("is_private", indexed=True)
    built.add_integer_field("updated", indexed=True, fast=True)
    built.add_float_field("weight", fast=True)
    built.add_bytes_field("shown", stored=True)
    return built.build()


class Index:
    def __init__(self, directory: Path) -> None:
        self.directory = directory / _FORMAT
        self.directory.mkdir(parents=True, exist_ok=True)
        self._index = tantivy.Index(schema(), path=str(self.directory))
        self._index.config_reader("manual")
        words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("words", words)
        self.schema = self._index.schema
        self._seen = self._stamp()
        self.searcher = self._index.searcher()

    def refresh(self) -> bool:
        """Whether something was committed since the last look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._index.reload()
        self.searcher = self._index.searcher()
        self._seen = stamp
        return True

    @contextmanager
    def keeper(self) -> Iterator["Keeper | None"]:
        """For the one process that writes; None where another one does."""
        with (self.directory / "keeper.lock").open("w") as lock:
            if not process.lock(lock):
                yield None
                return
            _remove_other_formats(self.directory.parent)
            keeper = Keeper(self._index, self.directory / "versions.json")
            try:
                yield keeper
            finally:
                keeper.close()

    def _stamp(self) -> tuple[int, int]:
        found = (self.directory / "meta.json").stat()
        return found.st_mtime_ns, found.st_ino


class Keeper:
    def __init__(self, index: tantivy.Index, versions: Path) -> None:
        self._schema = index.schema
        self._writer = index.writer(_HEAP_BYTES, 1)
        self._path = versions
        self.versions: dict[int, str] = {}
        if versions.is_file():
            held = json.loads(versions.read_text("utf-8"))
            self.versions = {int(one): version for one, version in held.items()}

    def replace(self, versions: dict[int, str | None], documents: Iterable[Document]) -> None:
        """Everything of some repositories; ``versions`` names them, null where nothing is shown."""
        try:
            for one in versions:
                its = Query.term_query(self._schema, "repository_id", one)
                self._writer.delete_documents_by_query(its)
            for document in documents:
                self._writer.add_document(_indexed(document))
        except BaseException:
            self._writer.rollback()
            raise
        # Written down last: what is cut off in between is indexed once more.
        self._writer.commit()
        for one, version in versions.items():
            if version is None:
                self.versions.pop(one, None)
            else:
                self.versions[one] = version
        rewritten = self._path.with_suffix(".new")
        rewritten.write_text(json.dumps(self.versions), "utf-8")
        rewritten.replace(self._path)

    def close(self) -> None:
        self._writer.wait_merging_threads()


def _remove_other_formats(directory: Path) -> None:
    for one in directory.iterdir():
        if one.is_dir() and one.name != _FORMAT:
            shutil.rmtree(one, ignore_errors=True)


def _indexed(document: Document) -> tantivy.Document:
    title = document.title or ""
    name = title.partition("/")[2] if document.kind == "repository" else title
    words = words_of(name)
    shown = {one: getattr(document, one) for one in _STORED} | {
        "text": document.text[:_TEXT_CHARACTERS] if document.text else document.text
    }
    texts = {
        "kind": document.kind, "name": " ".join(words), "prefixes": " ".join(_prefixes(words)),
        "owner": " ".join(words_of(document.owner)), "text": " ".join(words_of(document.text)),
        "labels": " ".join(word for one in document.labels for word in words_of(one)),
        "state": document.state, "language": document.language, "author": document.owner,
    }  # fmt: skip
    if document.kind in {"repository", "person"}:
        exact = "-".join(words)
        texts |= {"full": title, "exact": exact, "beginnings": " ".join(_beginnings(exact))}
    indexed = tantivy.Document()
    for field, text in texts.items():
        if text is not None:
            indexed.add_text(field, text.lower())
    for one in document.labels:
        indexed.add_text("label", one.lower())
    updated = seconds_of(document.updated_at)
    if updated is not None:
        indexed.add_integer("updated", updated)
    indexed.add_unsigned("repository_id", document.repository_id)
    indexed.add_boolean("is_private", document.is_private)
    indexed.add_float("weight", 1 + math.log1p(document.weight or 0))
    indexed.add_bytes("shown", msgspec.json.encode(plain(shown)))
    return indexed


def seconds_of(at: datetime | None) -> int | None:
    """Since 1970, the next whole one."""
    return None if at is None else math.ceil(at.timestamp())


def _beginnings(name: str) -> set[str]:
    return {name[:length] for length in range(LEADING_LETTERS, min(len(name), _MOST_LETTERS) + 1)}


def _prefixes(words: Sequence[str]) -> set[str]:
    return {
        word[:length] for word in words for length in range(1, min(len(word), PREFIX_LETTERS) + 1)
    }
