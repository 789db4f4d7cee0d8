"""Issues and pull requests of recorded repositories, and which of them people have called related.

Somebody has said so: a comment that this is a duplicate of #n, or a pull request that fixes #n.
The later of two is a question, whose answer is the earlier one; what names the answer is taken out.
"""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.replay import FOLDER, Missing
from warehouse.search import Document

_DUPLICATE = re.compile(
    r"(?i)\b(?:duplicates?|dupe?)\s+(?:of|with)\s*:?\s*#(\d+)\b|\bduplicates\s+#(\d+)\b"
)
_FIXED = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|address(?:es|ed)?)\b:?\s*((?:,?\s*(?:and\s+)?#\d+\b)+)"
)
_NUMBERS = re.compile(r"#(\d+)")
_SAYS_SO = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|address(?:es|ed)?|duplicates?|dupe?)\b"
    r"(?:\s+(?:of|with))?:?\s*(?:issues?\s*)?(?:,?\s*(?:and\s+)?#\d+\b)+"
)


@dataclass(frozen=True, slots=True)
class Item:
    number: int
    title: str
    body: str
    is_pull_request: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Of a repository: which of the ``answers``, numbers of earlier items, are found for it."""

    repository: str
    number: int
    title: str
    body: str
    answers: frozenset[int]
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class Related:
    items: Mapping[str, tuple[Item, ...]]
    questions: tuple[Question, ...]


def related(folder: Path = FOLDER / "data" / "repos") -> Related:
    """Missing where the recorded data is not beside us."""
    repositories = sorted(one for one in folder.glob("*") if (one / "issues.jsonl.gz").is_file())
    if not repositories:
        raise Missing(f"no recorded issues in {folder}")
    items: dict[str, tuple[Item, ...]] = {}
    questions: list[Question] = []
    for directory in repositories:
        name = directory.name.replace("__", "/")
        held = {
            one["number"]: Item(
                one["number"], one["title"] or "", one["body"] or "", bool(one["is_pr"])
            )
            for one in _lines(directory / "issues.jsonl.gz")
        }
        items[name] = tuple(held[number] for number in sorted(held))
        questions += _questions(name, held, _lines(directory / "comments.jsonl.gz"))
    return Related(items, tuple(questions))


def documents(repository_id: int, items: tuple[Item, ...]) -> Iterator[Document]:
    """As the search of the product has them."""
    for one in items:
        yield Document(
            repository_id=repository_id, is_private=False,
            kind="pull_request" if one.is_pull_request else "issue", title=one.title, owner=None,
            text=one.body[:4_000], number=one.number,
        )  # fmt: skip


def _questions(
    name: str, held: Mapping[int, Item], comments: Iterator[dict[str, Any]]
) -> Iterator[Question]:
    said: dict[tuple[int, bool], set[int]] = defaultdict(set)
    for number, other, is_duplicate in _said(held, comments):
        later, earlier = max(number, other), min(number, other)
        if earlier in held and later in held and earlier != later:
            said[later, is_duplicate].add(earlier)
    for (number, is_duplicate), answers in sorted(said.items()):
        one = held[number]
        yield Question(
            name, number, _SAYS_SO.sub(" ", one.title), _SAYS_SO.sub(" ", one.body),
            frozenset(answers), is_duplicate,
        )  # fmt: skip


def _said(
    held: Mapping[int, Item], comments: Iterator[dict[str, Any]]
) -> Iterator[tuple[int, int, bool]]:
    """Two numbers, and whether one is said to be a duplicate of the other, or to fix it."""
    for one in held.values():
        text = f"{one.title}\n{one.body}"
        for found in _DUPLICATE.finditer(text):
            yield one.number, int(found[1] or found[2]), True
        for found in _FIXED.finditer(text) if one.is_pull_request else ():
            for number in _NUMBERS.findall(found[1]):
                yield one.number, int(number), False
    for comment in comments:
        for found in _DUPLICATE.finditer(comment["body"] or ""):
            yield comment["number"], int(found[1] or found[2]), True


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
