"""What of an issue or pull request is read to know what it means, and how two rankings are one."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

from models.plain_text import plain

Found = TypeVar("Found", bound=Hashable)
LETTERS = 8_000
"""Of a longer body the beginning is read, of which an encoder takes a part in turn."""
_RANKS = 60
"""Of the paper that found it (Cormack, Clarke, Buettcher, SIGIR 2009)."""


def readable(title: str, body: str) -> str:
    """The title, and of the body what is words: of code and logs a vector says little."""
    return f"{title.strip()}. {plain(body[:LETTERS])}"


def fused(*rankings: Sequence[Found]) -> list[Found]:
    """By the sum of what each place is worth: what stands high in several comes first."""
    worth: dict[Found, float] = {}
    for ranking in rankings:
        for place, one in enumerate(dict.fromkeys(ranking), 1):
            worth[one] = worth.get(one, 0.0) + 1 / (_RANKS + place)
    return sorted(worth, key=worth.__getitem__, reverse=True)
