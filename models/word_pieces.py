"""Text as numbers of pieces of words, as encoders of the family BERT read it (uncased).

Words are what stands between spaces and signs, without accents and in lower case; each is cut into
the longest pieces that the vocabulary has, from its beginning on. What looks like a sign of the
encoder's own in a text, such as ``[SEP]``, is text: nobody writes past the end of his words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

_ASCII_WORD = re.compile(r"[0-9a-z]+|[!-/:-@\[-`{-~]")
_WORD_LETTERS = 100
_WORDS_KEPT = 2**15
_WITHIN = "##"
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
"""As BERT has them; each is a word. The gap from 0x2B820 on is that of its reference."""
_NO_LETTERS = frozenset({"Cc", "Cf", "Co"})
_DROPPED = dict.fromkeys((*range(9), *range(11, 13), *range(14, 32), 127))
"""Control characters of ASCII; those that space words are none."""


class WordPieces:
    def __init__(self, vocabulary: Sequence[str]) -> None:
        """The pieces in the order of their numbers."""
        self._numbers: Mapping[str, int] = {piece: place for place, piece in enumerate(vocabulary)}
        self.first, self.last, self.padding, self._unknown = (
            self._numbers[sign] for sign in ("[CLS]", "[SEP]", "[PAD]", "[UNK]")
        )
        self._of_word = lru_cache(maxsize=_WORDS_KEPT)(self._cut)

    def read(self, text: str, *, most: int) -> list[int]:
        """With the signs around it, ``most`` of them at most; the rest of the text is not read."""
        found = [self.first]
        for word in _words(text):
            found += self._of_word(word)
            if len(found) >= most:
                del found[most - 1 :]
                break
        return [*found, self.last]

    def _cut(self, word: str) -> tuple[int, ...]:
        """Of a word that cannot be made of pieces nothing is known."""
        if len(word) > _WORD_LETTERS:
            return (self._unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else _WITHIN + word[start:end]
                number = self._numbers.get(piece)
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return (self._unknown,)
        return tuple(found)


def _words(text: str) -> Iterator[str]:
    """One after the other, so that of a long text only what is read is looked at."""
    for line in text.split("\n"):
        if line.isascii():
            yield from _ASCII_WORD.findall(line.translate(_DROPPED).lower())
        else:
            yield from _words_of_others(line)


def _words_of_others(line: str) -> Iterator[str]:
    spaced = "".join(map(_spaced, line))
    bare = "".join(
        one for one in unicodedata.normalize("NFD", spaced) if unicodedata.category(one) != "Mn"
    )
    # Letter by letter: a sigma is the same wherever it stands.
    for part in "".join(map(str.lower, bare)).split():
        start = 0
        for place, letter in enumerate(part):
            if _is_sign(letter):
                if start < place:
                    yield part[start:place]
                yield letter
                start = place + 1
        if start < len(part):
            yield part[start:]


def _spaced(letter: str) -> str:
    if letter in "\t\r":
        return " "
    if letter == "\ufffd" or unicodedata.category(letter) in _NO_LETTERS:
        return ""
    is_word = any(first <= ord(letter) <= last for first, last in _IDEOGRAPHS)
    return f" {letter} " if is_word else letter


def _is_sign(letter: str) -> bool:
    is_of_ascii = letter.isascii() and not letter.isalnum()
    return is_of_ascii or unicodedata.category(letter).startswith("P")
