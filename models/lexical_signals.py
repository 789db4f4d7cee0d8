"""How charged the words of a text are, by a lexicon, with what turns or strengthens them.

The rules are those that Hutto and Gilbert published for VADER (ICWSM 2014): a negation up to three
words before turns a word, an intensifier strengthens it, and what follows "but" counts for more.
The same is counted a second time without words that are charged in everyday English alone: an
error, a fatal signal or a killed child are no feelings of a programmer.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_TECHNICAL_WORDS = """
abort aborted active alone allow avoid avoids block blocked blocks bug bugs cancel cancelled
cancels care certain certainly challenge clear conflict conflicting conflicts crash create
created creates creating critical cut dead default demand demands deny denied die dies drop
dropped drops empty energy error errors exclude excluded execute execution exploit fail failed
failing fails failure failures fire fired force forced forces free freed gain hand help helped
helps hid hide ignore ignored ignores ignoring important increase increased inhibit intercept
interest isolated issue join kill killed killing kills legal leave like limit limitation limited
lose loss lost low mandatory master masters matter matters missing natural number original play
please pressure prevent prevented problem problems profile promise question questioned questions
reject rejected rejects resolve resolved resolves restrict restricted risk safe secure security
share shared sharing shortage solution solutions solve solved solves steal stop stopped stops
strong strongest super support supported supports suspend suspended tension terminal top trick
trivial trust validate value valued values vulnerability vulnerable wait want warn warned
warning warnings yes
"""
TECHNICAL = frozenset(_TECHNICAL_WORDS.split())
_TURNS_WORDS = """
not no never none nobody nothing neither nor without cannot hardly barely rarely seldom dont
doesnt didnt isnt wasnt arent wont cant couldnt shouldnt wouldnt havent hasnt aint
"""
_TURNS = frozenset(_TURNS_WORDS.split())
_STRENGTHENS_WORDS = """
absolutely amazingly awfully completely deeply especially extremely fully greatly highly hugely
incredibly more most much particularly purely quite really remarkably so super too totally very
"""
_STRENGTHENS = frozenset(_STRENGTHENS_WORDS.split())
_WEAKENS_WORDS = """
almost barely bit kind kinda less little marginally occasionally partly slightly somewhat sort
sorta
"""
_WEAKENS = frozenset(_WEAKENS_WORDS.split())
_ENDS = frozenset(".!?")
_REACH = 3
_TURNED, _STEP, _FADING = -0.74, 0.293, 0.05
_NORM = 15
_CHARGED = 0.05

_TOKEN = re.compile(r":[a-z0-9_+-]+:|[:;=8][-']?[()dp/|*]|<3|[.!?]+|\w+(?:['’]\w+)?|[^\w\s,]")  # noqa: RUF001 - typed so
_GLAD = re.compile(
    r"[:;=8][-']?[)DPp*]|<3|:\+1:|:(?:smiley?|heart|tada|grin|clap|rocket)\w*:|[👍🎉❤]"
)
_SAD = re.compile(
    r"[:;=][-']?[(/|]|:-1:|:(?:angry|cry|sob|disappointed|rage|confused|worried)\w*:|[👎😞😠]"
)

Lexicon = Mapping[str, float]


def tokens(text: str) -> list[str]:
    """Words, faces and signs of a text, in lower case and in order."""
    return _TOKEN.findall(text.lower())


def signals(
    texts: Sequence[str], read: Sequence[Sequence[str]], lexicon: Lexicon
) -> NDArray[np.float64]:
    """A row of numbers for each text; ``read`` are its tokens."""
    rows = []
    for one, words in zip(texts, read, strict=True):
        everyday = _charges(words, lexicon, frozenset())
        is_plain = TECHNICAL.isdisjoint(words)
        technical = everyday if is_plain else _charges(words, lexicon, TECHNICAL)
        rows.append((*everyday, *technical, *_looks(one)))
    return np.array(rows, dtype=np.float64)


def charge(words: Sequence[str], lexicon: Lexicon) -> float:
    """From -1 to 1, of the whole."""
    return _charges(words, lexicon, frozenset())[0]


def _charges(words: Sequence[str], lexicon: Lexicon, without: frozenset[str]) -> tuple[float, ...]:
    sentences = _sentences(words, lexicon, without)
    charged = [value for one in sentences for value in one]
    glad = sum(value for value in charged if value > 0)
    sad = sum(value for value in charged if value < 0)
    each = [_bounded(sum(one)) for one in sentences if one] or [0.0]
    whole, size = _bounded(glad + sad), len(words) or 1
    return (
        whole, _bounded(glad), _bounded(sad), glad / size, sad / size, whole > _CHARGED,
        whole < -_CHARGED, max(each), min(each), each[0], each[-1], glad > 0, sad < 0,
    )  # fmt: skip


def _sentences(
    words: Sequence[str], lexicon: Lexicon, without: frozenset[str]
) -> list[list[float]]:
    """Of each sentence what its charged words weigh."""
    found: list[list[float]] = [[]]
    for place, word in enumerate(words):
        if word[0] in _ENDS:
            found.append([])
        elif word == "but":
            found[-1] = [value / 2 for value in found[-1]]
        elif word in lexicon and word not in without:
            found[-1].append(_in_place(lexicon[word], words[max(0, place - _REACH) : place]))
    return found


def _in_place(value: float, before: Sequence[str]) -> float:
    """What a word weighs after these."""
    for distance, word in enumerate(reversed(before)):
        if word[0] in _ENDS:
            break
        step = math.copysign(_STEP * (1 - _FADING * distance), value)
        if word in _TURNS or word.endswith(("n't", "n’t")):  # noqa: RUF001 - typed so
            value *= _TURNED
        elif word in _STRENGTHENS:
            value += step
        elif word in _WEAKENS:
            value -= step
    return value


def _bounded(total: float) -> float:
    return total / math.sqrt(total * total + _NORM)


def _looks(text: str) -> Iterable[float]:
    """How it is punctuated, and the faces in it."""
    size = len(text) or 1
    return (
        min(text.count("!"), 3) / 3, min(text.count("?"), 3) / 3, "..." in text,
        sum(map(str.isupper, text)) / size, _GLAD.search(text) is not None,
        _SAD.search(text) is not None, math.log1p(size) / 6,
    )  # fmt: skip
