"""Words: how text is cut into them, how alike two are, and how those that match are marked."""

import html
import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_AROUND_CHARACTERS = 160
_LONG = 40
"""No name is longer than this, and what is, is no word that anybody types."""


def words_of(text: str | None) -> list[str]:
    return [] if not text else [word[:_LONG] for word in _WORD.findall(text.lower())]


def edits_allowed(word: str) -> int:
    """How many letters of a word may be wrong."""
    if len(word) < 4:  # noqa: PLR2004 - the sentence above
        return 0
    return 1 if len(word) < 8 else 2  # noqa: PLR2004


def is_near(word: str, wanted: str, edits: int) -> bool:
    """Whether so few letters were left out, put in, exchanged or transposed between the two."""
    if abs(len(word) - len(wanted)) > edits or len({*word} ^ {*wanted}) > 2 * edits:
        return False
    if word == wanted:
        return True
    same = 0
    for letter, other in zip(word, wanted, strict=False):
        if letter != other:
            break
        same += 1
    word, wanted = word[same:], wanted[same:]  # most of what is compared differs early, or late
    before: list[int] = []
    row = list(range(len(wanted) + 1))
    for i, letter in enumerate(word, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(wanted, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == wanted[j - 2] and word[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > edits:
            return False
    return row[-1] <= edits


class Marks:
    """What somebody looks for, as it is found again in what is shown of many texts. The last word
    may be the beginning of one.
    """

    def __init__(self, wanted: Sequence[str], *, is_near_enough: bool) -> None:
        self._wanted = wanted
        self._last = wanted[-1] if wanted else ""
        self._near = [
            (one, edits) for one in wanted if is_near_enough and (edits := edits_allowed(one))
        ]
        self._meant: set[str] = set()
        self._others: set[str] = set()

    def on(self, text: str | None) -> str | None:
        """HTML of the part of the text around the first match, with ``<mark>`` around each; null
        where nothing matches.
        """
        if not text:
            return None
        lower = text.lower()
        if len(lower) != len(text):
            lower = text  # a letter that is two when it is small: nothing is where it was
        spans = self._near_ones(lower) if self._near else self._spans(lower)
        return _marked(text, sorted(spans)) if spans else None

    def _spans(self, lower: str) -> list[tuple[int, int]]:
        """Of what is meant letter for letter: found without cutting the text into words."""
        spans = []
        for one in self._wanted:
            at = lower.find(one)
            while at >= 0:
                end = at + len(one)
                if at == 0 or not lower[at - 1].isalnum():
                    if one == self._last:
                        while end < len(lower) and lower[end].isalnum():
                            end += 1
                    if end == len(lower) or not lower[end].isalnum():
                        spans.append((at, end))
                at = lower.find(one, end)
        return spans

    def _near_ones(self, lower: str) -> list[tuple[int, int]]:
        words = {*_WORD.findall(lower)}
        for word in words - self._meant - self._others:  # the same ones come again and again
            (self._meant if self._is_meant(word) else self._others).add(word)
        if self._meant.isdisjoint(words):
            return []
        return [one.span() for one in _WORD.finditer(lower) if one[0] in self._meant]

    def _is_meant(self, word: str) -> bool:
        if word in self._wanted or word.startswith(self._last):
            return True
        for one, edits in self._near:
            if -edits <= len(word) - len(one) <= edits and is_near(word, one, edits):
                return True
        return False


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    escape = str if html.escape(text) == text else html.escape
    at = max(0, spans[0][0] - _AROUND_CHARACTERS // 2)
    end = min(len(text), at + 2 * _AROUND_CHARACTERS)
    parts = ["…" if at else ""]
    for first, last in spans:
        if last > end:
            break
        if first >= at:  # the same word may be meant twice
            parts += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
            at = last
    parts += [escape(text[at:end]), "…" if end < len(text) else ""]
    return "".join(parts)
