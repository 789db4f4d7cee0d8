"""How likely an account is a program, by how it is named and how it is active.

An additive logistic model: every sign of the name and every number of ``models.behaviour`` adds its
own part, and nothing else does, so that it can be said what spoke for a verdict. What it is worth
is in ``docs/models/actors.md``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from models.behaviour import FEATURES, Activities, behaviour

Floats = NDArray[np.float64]

BOT = 0.5
"""From here on an account is no human in the figures."""
SHARE = 0.1
"""Of the accounts that no rule knows so many are taken to be programs, at most: half of the
labelled ones are, and one in forty of those in recorded repositories.
"""
GROUPS: Mapping[str, str] = {
    "name": "its name",
    "volume": "how much it does",
    "pause": "its pauses",
    "switch": "how it changes between kinds of activity",
    "of_a_kind": "how its activities spread over kinds",
}
"""What speaks for a verdict, in words."""

_PIECES = range(2, 6)
_DIGITS = 4
_APP = re.compile(r"\[bot\]$")
_BETWEEN = re.compile(r"[-_.]+")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=(?:Bot|BOT|Robot)[0-9]*$)")
_BOT_WORD = re.compile(r"(?:^|[-_.0-9])(?:ro)?bots?[0-9]*$")
_BOT_END = re.compile(r"bots?[0-9]*$")
_MACHINE_WORD = re.compile(
    r"(?:^|[-_.])(?:bot|ci|jenkins|automation|automator|autobuild|buildbot|svc)(?:[-_.]|$)"
)
_OF_MACHINES = re.compile(
    r"auto|build|deploy|jenkins|release|sync|service|admin|team|infra|machine|(?:^|[-_.])ci(?:[-_.]|$)"
)
_GIVEN_NAMES = tuple((files("models") / "given_names.txt").read_text("utf-8").split())
"""Of the 600 most frequent of the census of 1990 of the USA those of four letters or more."""
NAME_SIGNS = (
    "is_app", "is_bot_word", "ends_in_bot", "has_bot", "has_robo", "is_machine_word",
    "machine_words_count", "letters_count", "words_count", "digits_count",
    "begins_with_a_given_name", "has_a_given_name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What training has found. ``pieces`` gives each piece of a name its row in ``idf`` and
    ``spelling``; ``grid`` has 21 quantiles of each activity number, and ``effects`` what it adds at
    each of a few places between them, and where it is missing; ``share`` is how many of the
    labelled accounts are programs.
    """

    pieces: Mapping[str, int]
    idf: Floats
    spelling: Floats
    spelling_mean: float
    grid: Floats
    effects: Floats
    names: Floats
    names_mean: Floats
    intercept: float
    share: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """``evidence`` says what each part adds, as logits: what is above 0 speaks for a program."""

    login: str
    probability: float
    activities_count: int
    evidence: str


def judge(weights: Weights, accounts: Iterable[Activities]) -> list[Verdict]:
    """Of accounts of a repository, where programs are fewer than among the labelled ones."""
    found = list(accounts)
    if not found:
        return []
    numbers = np.array([behaviour(one) for one in found])
    logins = [one.login for one in found]
    parts = _parts(weights, logins, numbers)
    said = at_share(_sigmoid(weights.intercept + _added(parts)), weights.share, SHARE)
    return [
        Verdict(
            one.login, round(float(said[row]), _DIGITS), len(one.kinds),
            _evidence(len(one.kinds), {group: float(part[row]) for group, part in parts.items()}),
        )
        for row, one in enumerate(found)
    ]  # fmt: skip


def probabilities(weights: Weights, logins: Sequence[str], numbers: Floats) -> Floats:
    """As among the labelled accounts; ``numbers`` has a row of ``FEATURES`` for each."""
    return _sigmoid(weights.intercept + _added(_parts(weights, logins, numbers)))


def _added(parts: Mapping[str, Floats]) -> Floats:
    total: Floats = np.sum(list(parts.values()), axis=0)
    return total


def at_share(said: Floats, trained: float, wanted: float) -> Floats:
    """The same evidence where another share of all accounts are programs."""
    odds = said / (1 - said) * (wanted / (1 - wanted)) / (trained / (1 - trained))
    shifted: Floats = odds / (1 + odds)
    return shifted


def spelled(weights: Weights, logins: Sequence[str]) -> Floats:
    """What the pieces of the names add."""
    rows, columns, values = weighed(logins, weights.pieces, weights.idf)
    parts = values * weights.spelling[columns]
    added: Floats = np.bincount(rows, parts, minlength=len(logins)).astype(np.float64)
    return added


def weighed(
    logins: Sequence[str], pieces: Mapping[str, int], idf: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Rows, columns and values of a sparse matrix: TF-IDF of pieces, each name of length one."""
    rows: list[int] = []
    columns: list[int] = []
    often: list[int] = []
    for row, login in enumerate(logins):
        found = Counter(pieces[one] for one in pieces_of(login) if one in pieces)
        rows += [row] * len(found)
        columns += found
        often += found.values()
    places, grams = np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)
    values = (1 + np.log(np.array(often, dtype=float))) * idf[grams]
    lengths = np.sqrt(np.bincount(places, values * values, minlength=len(logins)))
    return places, grams, values / lengths[places]


def pieces_of(login: str) -> list[str]:
    """Of two to five letters, word by word, digits all alike, with a space at either end."""
    found = []
    for word in re.split(r"[^a-z0-9]+", re.sub(r"[0-9]", "0", folded(login))):
        padded = f" {word} "
        found += [
            padded[at : at + size] for size in _PIECES for at in range(len(padded) - size + 1)
        ]
    return found


def name_signs(login: str) -> list[float]:
    """In the order of ``NAME_SIGNS``."""
    name = folded(login)
    bare = _APP.sub("", name)
    return [
        float(one)
        for one in (
            bool(_APP.search(name)), bool(_BOT_WORD.search(bare)), bool(_BOT_END.search(bare)),
            "bot" in bare, "robo" in bare, bool(_MACHINE_WORD.search(bare)),
            len(_OF_MACHINES.findall(bare)), len(bare), len(_BETWEEN.split(bare)),
            sum(letter.isdigit() for letter in bare),
            any(word.startswith(_GIVEN_NAMES) for word in re.split(r"[-_.0-9]+", bare)),
            any(name in bare for name in _GIVEN_NAMES),
        )
    ]  # fmt: skip


def folded(login: str) -> str:
    """In lower case, as the labelled names are; a capital Bot at the end is a word of its own, and
    so is the part of an address that names somebody.
    """
    return _CAPITAL.sub("-", login.partition("@")[0]).lower()


def hats(numbers: Floats, grid: Floats, places: int) -> Floats:
    """Account x number x place: how near each number is to each of so many places of its grid, and
    at last whether it is missing.
    """
    found = np.zeros((*numbers.shape, places + 1))
    steps = np.linspace(0, 1, grid.shape[1])
    for place in range(numbers.shape[1]):
        values, known = numbers[:, place], grid[place]
        # Of quantiles that are alike the middle one is meant, from either side.
        up = np.interp(values, known, steps)
        down = 1 - np.interp(-values, -known[::-1], steps)
        at = (up + down) / 2 * (places - 1)
        near = np.clip(1 - np.abs(at[:, None] - np.arange(places)), 0, 1)
        is_missing = np.isnan(values)
        found[:, place, :places] = np.where(is_missing[:, None], 0, near)
        found[:, place, places] = is_missing
    return found


def _parts(weights: Weights, logins: Sequence[str], numbers: Floats) -> dict[str, Floats]:
    signs = np.array([name_signs(one) for one in logins]) - weights.names_mean
    spelling = spelled(weights, logins) - weights.spelling_mean
    parts = {"name": signs @ weights.names + spelling}
    near = hats(numbers, weights.grid, weights.effects.shape[1] - 1)
    added = (near * weights.effects).sum(axis=2)
    for place, feature in enumerate(FEATURES):
        group = feature.rpartition("_")[0]
        group = group if group in GROUPS else "volume"
        parts[group] = parts.get(group, 0) + added[:, place]
    return parts


def _evidence(activities: int, parts: Mapping[str, float]) -> str:
    """The largest part first."""
    ordered = sorted(parts.items(), key=lambda part: -abs(part[1]))
    told = ", ".join(f"{GROUPS[group]} {value:+.1f}" for group, value in ordered)
    return f"{activities} activities; {told}"


def _sigmoid(logits: Floats) -> Floats:
    said: Floats = 1 / (1 + np.exp(-logits))
    return said
