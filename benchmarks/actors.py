"""How well programs are told from people, on accounts that people have labelled, beside rules about
names. Nothing that is said of an account comes of a model that has seen it, or one like it.
"""

import re
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.figures import Baseline, Figure, Target
from benchmarks.gold import FOLDER, calibration_error, calibration_interval
from benchmarks.replay import Missing
from flows.steps.labelled import accounts
from gitinsight.errors import BrokenEnvironment
from models.actors import BOT, SHARE, Floats, at_share, name_signs
from models.actors_training import Integers, Labelled, out_of_fold, said, split
from models.actors_weights import shipped
from models.comparison import f1

NAME = "actors"
_ISSUE = 6
_FOLDS = 10
_REPEATS = 10
_OF = f"{_FOLDS} folds by groups of accounts that are alike"


def measure() -> Iterator[Figure]:
    try:
        labelled = accounts(FOLDER)
    except BrokenEnvironment as missing:
        raise Missing(str(missing)) from missing
    labels = labelled.labels
    repeats = [out_of_fold(labelled, number=_FOLDS, seed=seed) for seed in range(_REPEATS)]
    yield from _f1(labelled, repeats)
    yield from _parts("precision", labels, repeats, limit=0.92)
    yield from _parts("recall", labels, repeats, limit=0.92)
    shares = _two(repeats[0])
    yield Figure(
        f"{NAME}-calibration-error", NAME, _ISSUE, "expected calibration error, ten bins",
        [calibration_error(_two(one), labels) for one in repeats], Target("value", "<=", 0.05),
        is_cost=True, interval=calibration_interval(shares, labels),
    )  # fmt: skip
    yield from _in_use(labels, repeats)
    yield from _shipped(labelled)


def _f1(labelled: Labelled, repeats: list[Floats]) -> Iterator[Figure]:
    """The interval is that of the sample: of the first repeat, by a bootstrap over accounts."""
    labels = labelled.labels
    values = [f1(_judged(one), labels, (1,)).value for one in repeats]
    score = f1(_judged(repeats[0]), labels, (1,))
    for name, rule in RULES.items():
        by_name = np.array([int(rule(one)) for one in labelled.logins])
        baseline = Baseline(name, "names alone", f1(by_name, labels, (1,)).value)
        yield Figure(
            f"{NAME}-f1-against-{name.replace(' ', '-')}", NAME, _ISSUE,
            f"F1 of {len(labels):,} accounts, median of {_REPEATS} times {_OF}", values,
            Target("value", ">=", 0.95), is_cost=False, baseline=baseline,
            interval=(score.low, score.high),
        )  # fmt: skip


def _parts(name: str, labels: Integers, repeats: list[Floats], *, limit: float) -> Iterator[Figure]:
    def part(said_: Integers, labels_: Integers) -> float:
        of = said_ if name == "precision" else labels_
        return float((said_ & labels_).sum() / of.sum())

    yield Figure(
        f"{NAME}-{name}", NAME, _ISSUE, f"{name}, median of {_REPEATS} times {_OF}",
        [part(_judged(one), labels) for one in repeats], Target("value", ">=", limit),
        is_cost=False, interval=_drawn(part, _judged(repeats[0]), labels),
    )  # fmt: skip


def _in_use(labels: Integers, repeats: list[Floats]) -> Iterator[Figure]:
    """Where fewer accounts are programs it takes more to be called one."""
    share = float(labels.mean())
    strict = [(at_share(one, share, SHARE) >= BOT).astype(int) for one in repeats]

    def wronged(said_: Integers, labels_: Integers) -> float:
        return float((said_ & (1 - labels_)).sum() / (1 - labels_).sum())

    found = float(np.median([one[labels == 1].mean() for one in strict]))
    yield Figure(
        f"{NAME}-humans-called-bots", NAME, _ISSUE,
        f"of labelled humans, many of them named like bots, by the model in the pipeline, which"
        f" still finds {found:.2f} of the programs",
        [wronged(one, labels) for one in strict], Target("value", "<=", 0.02), is_cost=True,
        interval=_drawn(wronged, strict[0], labels),
    )  # fmt: skip


def _shipped(labelled: Labelled) -> Iterator[Figure]:
    _, held_out = split(labelled)
    score = f1(said(shipped(), held_out), held_out.labels, (1,))
    yield Figure(
        f"{NAME}-held-out", NAME, _ISSUE,
        f"F1 of {len(held_out.logins)} accounts that the weights in use have not seen",
        [score.value], Target("value", ">=", 0.93), is_cost=False,
        interval=(score.low, score.high),
    )  # fmt: skip


def _judged(shares: Floats) -> Integers:
    judged: Integers = (shares >= BOT).astype(int)
    return judged


def _two(shares: Floats) -> Floats:
    return np.stack([1 - shares, shares], axis=1)


def _drawn(
    of: Callable[[Integers, Integers], float], judged: Integers, labels: Integers
) -> tuple[float, float]:
    chance = np.random.default_rng(1)
    drawn = [chance.integers(0, len(labels), len(labels)) for _ in range(2_000)]
    low, high = np.percentile([of(judged[one], labels[one]) for one in drawn], [2.5, 97.5])
    return float(low), float(high)


def _is_machine_word(login: str) -> bool:
    signs = name_signs(login)
    return bool(signs[0] or signs[1] or signs[5])


RULES: dict[str, Callable[[str], bool]] = {
    "app suffix": lambda login: login.endswith("[bot]"),
    "bot anywhere": lambda login: "bot" in login,
    "rules of names": _is_machine_word,
    "bot at a word": lambda login: bool(
        re.search(r"(^|[-_.])(bot|ci|jenkins|automation)|bots?(\[bot\])?$", login)
    ),
}
"""What is done elsewhere: GitHub's own mark, OSS Insight's rule, ours without a model, and a word
that is bot or the like at either end.
"""
