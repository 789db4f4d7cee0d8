"""How charged the words of a text are, by a lexicon, with what turns or strengthens them.

The rules are those that Hutto and Gilbert published for VADER (ICWSM 2014): a negation up to three
words before turns a word, an intensifier strengthens it, and what follows "but" counts for more.
The same is counted a second time without words that are charged in everyday English alone: an
error, a fatal signal or a killed child are no feelings of a programmer.
"""

import math
import re
import string
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
_UNCHARGED = (0.0,) * 13

_TOKEN = re.compile(  # first what most are, though no face begins so
    r"[a-z]\w*(?:['’]\w+)?|:[a-z0-9_+-]+:|[:;=8][-']?[()dp/|*]|<3|[.!?]+|\w+(?:['’]\w+)?|[^\w\s,]"  # noqa: RUF001 - typed so
)
_GLAD = re.compile(
    r"[:;=8][-']?[)DPp*]|<3|:\+1:|:(?:smiley?|heart|tada|grin|clap|rocket)\w*:|[👍🎉❤]"
)
_SAD = re.compile(
    r"[:;=][-']?[(/|]|:-1:|:(?:angry|cry|sob|disappointed|rage|confused|worried)\w*:|[👎😞😠]"
)
_FACE = re.compile(r"[:;=8<👍🎉❤👎😞😠]")
"""What each of them begins with; most texts have none."""
_NO_CAPITALS = bytes(set(range(128)) - set(string.ascii_uppercase.encode()))

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
        found, size = _sentences(words, lexicon), len(words)
        everyday = technical = _charges([[value for value, _ in each] for each in found], size)
        if not TECHNICAL.isdisjoint(words):
            technical = _charges(
                [[value for value, word in each if word not in TECHNICAL] for each in found], size
            )
        rows.append((*everyday, *technical, *_looks(one)))
    return np.array(rows, dtype=np.float64)


def charge(words: Sequence[str], lexicon: Lexicon) -> float:
    """From -1 to 1, of the whole."""
    return _bounded(sum(value for each in _sentences(words, lexicon) for value, _ in each))


def _charges(sentences: Sequence[Sequence[float]], size: int) -> tuple[float, ...]:
    """Of sentences of so many words, by what their charged words weigh."""
    if not any(sentences):
        return _UNCHARGED
    charged = [value for one in sentences for value in one]
    glad = sum(value for value in charged if value > 0)
    sad = sum(value for value in charged if value < 0)
    each = [_bounded(sum(one)) for one in sentences if one]
    whole = _bounded(glad + sad)
    return (
        whole, _bounded(glad), _bounded(sad), glad / size, sad / size, whole > _CHARGED,
        whole < -_CHARGED, max(each), min(each), each[0], each[-1], glad > 0, sad < 0,
    )  # fmt: skip


def _sentences(words: Sequence[str], lexicon: Lexicon) -> list[list[tuple[float, str]]]:
    """Of each sentence what its charged words weigh."""
    found: list[list[tuple[float, str]]] = [[]]
    if lexicon.keys().isdisjoint(words):
        return found
    for place, word in enumerate(words):
        if word in lexicon:
            before = words[max(0, place - _REACH) : place]
            found[-1].append((_in_place(lexicon[word], before), word))
        elif word[0] in _ENDS:
            found.append([])
        elif word == "but":
            found[-1] = [(value / 2, charged) for value, charged in found[-1]]
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
    has_face = _FACE.search(text) is not None
    return (
        min(text.count("!"), 3) / 3, min(text.count("?"), 3) / 3, "..." in text,
        _capitals(text) / size, has_face and _GLAD.search(text) is not None,
        has_face and _SAD.search(text) is not None, math.log1p(size) / 6,
    )  # fmt: skip


def _capitals(text: str) -> int:
    if text.isascii():
        return len(text.encode().translate(None, _NO_CAPITALS))
    return sum(map(str.isupper, text))
