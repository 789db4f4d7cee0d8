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
    if abs(len(word) - len(wanted)) > edits:
        return False
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


def marked(text: str | None, wanted: Sequence[str], *, is_near_enough: bool) -> str | None:
    """HTML of the part of the text around the first match, with ``<mark>`` around each; null where
    nothing matches. The last word may be the beginning of one.
    """
    if not text:
        return None
    lower = text.lower()
    if not is_near_enough and not any(one in lower for one in wanted):
        return None  # most of what is looked at, at a hundredth of the price
    found = [
        one.span() for one in _WORD.finditer(text)
        if _matches(one[0].lower(), wanted, is_near_enough=is_near_enough)
    ]  # fmt: skip
    if not found:
        return None
    begin = max(0, found[0][0] - _AROUND_CHARACTERS // 2)
    end = min(len(text), begin + 2 * _AROUND_CHARACTERS)
    parts, at = ["…" if begin else ""], begin
    for first, last in found:
        if last > end:
            break
        parts += [html.escape(text[at:first]), "<mark>", html.escape(text[first:last]), "</mark>"]
        at = last
    parts += [html.escape(text[at:end]), "…" if end < len(text) else ""]
    return "".join(parts)


def _matches(word: str, wanted: Sequence[str], *, is_near_enough: bool) -> bool:
    if word in wanted or (wanted and word.startswith(wanted[-1])):
        return True
    return is_near_enough and any(is_near(word, one, edits_allowed(one)) for one in wanted)
