"""Lines that stand in more than one place: at least six in a row that read the same.

Spaces do not matter, and lines that are blank, a comment or nothing but brackets are passed over.
What is found is found in one pass: time and memory grow with the lines.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from gitinsight.code.facts import Clone, Duplication, Place, Source

FEWEST = 6
_SAYS_NOTHING = re.compile(r"[\W_]*\Z|(?:#|//|/\*|\*|--|<!--)")
_MOST_CLONES = 100

Line = tuple[int, int]
"""Its number, and its digest."""


def lines_of(text: str) -> Iterator[Line]:
    """The lines that say something."""
    for number, line in enumerate(text.splitlines(), 1):
        normal = " ".join(line.split())
        if not _SAYS_NOTHING.match(normal):
            digest = blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            yield number, int.from_bytes(digest, signed=True)


def line_digests(text: str) -> Iterator[int]:
    return (digest for _, digest in lines_of(text))


def duplication(sources: Iterable[Source]) -> Duplication:
    """Within and across texts, with the places; of very many the longest."""
    texts = {one.name: list(lines_of(one.text)) for one in sources}
    digests = {name: [digest for _, digest in lines] for name, lines in texts.items()}
    found = sorted(
        (_clone(texts, one) for one in _runs(digests)),
        key=lambda one: (-one.lines_count, one.first.name, one.first.first_line),
    )
    return Duplication(
        lines_count=sum(map(len, digests.values())),
        duplicated_count=sum(duplicated_counts(digests).values()),
        clones=tuple(found[:_MOST_CLONES]),
    )


def duplicated_counts(digests: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Text by text, how many of its lines stand somewhere else, too."""
    where: dict[int, list[tuple[str, int]]] = {}
    for name, lines in digests.items():
        for start, window in enumerate(_windows(lines)):
            where.setdefault(window, []).append((name, start))
    marked = {name: bytearray(len(lines)) for name, lines in digests.items()}
    for places in where.values():
        if _is_apart(places):
            for name, start in places:
                marked[name][start : start + FEWEST] = b"\1" * FEWEST
    return {name: sum(lines) for name, lines in marked.items()}


def _windows(lines: Sequence[int]) -> Iterator[int]:
    return (hash(tuple(lines[at : at + FEWEST])) for at in range(len(lines) - FEWEST + 1))


def _is_apart(places: Sequence[tuple[str, int]]) -> bool:
    """Whether two of them share no line: what only repeats itself is one place."""
    first, last = places[0], places[-1]
    return first[0] != last[0] or last[1] - first[1] >= FEWEST


_Run = tuple[str, int, str, int, int]
"""A name and a start, another name and start, and how many lines."""


def _runs(digests: Mapping[str, Sequence[int]]) -> Iterator[_Run]:
    """Each place with the first one that reads the same, as far as both go on."""
    first_seen: dict[int, tuple[str, int]] = {}
    for name, lines in digests.items():
        run: _Run | None = None
        for start, window in enumerate(_windows(lines)):
            seen = first_seen.setdefault(window, (name, start))
            if seen[0] == name and start - seen[1] < FEWEST:
                continue
            if run and run[0] == seen[0] and seen[1] - run[1] == start - run[3] == run[4] - 5:
                run = (*run[:4], run[4] + 1)
                continue
            if run:
                yield run
            run = (*seen, name, start, FEWEST)
        if run:
            yield run


def _clone(texts: Mapping[str, Sequence[Line]], run: _Run) -> Clone:
    first, first_at, second, second_at, count = run

    def place(name: str, at: int) -> Place:
        return Place(name, texts[name][at][0], texts[name][at + count - 1][0])

    return Clone(count, place(first, first_at), place(second, second_at))
