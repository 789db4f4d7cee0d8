"""Trains the models that this package carries, from data that is named: `make train`.

New weights take the place of the old ones only where they are not worse on the texts that are held
out, in the mean of the sets, and get a version of their own. It takes about a quarter of an hour.
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.gold import (
    Gold,
    calibration_error,
    calibration_interval,
    gold,
    lexicon,
    macro_f1,
)
from benchmarks.replay import Missing
from gitinsight import clock
from gitinsight.cards.catalogue import Card, DataSet, Measurement, cards
from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights as fetched
from gitinsight.settings import Settings
from models import sentiment, sentiment_cascade, sentiment_cascade_weights, sentiment_weights
from models.embeddings_weights import encoder
from models.sentiment import Floats
from models.sentiment_cascade import EASY, Cascade
from models.sentiment_training import out_of_fold, tempered, train
from models.sentiment_tuning import LAYERS, lower, tune

FOLDER = ROOT
_SLACK = 0.001
"""A different processor adds up in another order."""
_SETS = {
    "github": (
        "GitHub gold standard: comments of pull requests and commits",
        "Novielli et al., MSR 2020; split of Zhang et al., ICSME 2020 (soarsmu/SA4SE)",
        "published for research; see docs/models/sentiment.md",
    ),
    "senti4sd": (
        "Senti4SD: questions, answers and comments of Stack Overflow",
        "Calefato et al., EMSE 2018 (collab-uniba/Senti4SD)",
        "MIT",
    ),
}
_WORDS = {
    sentiment_weights.NAME: """Whether a comment sounds negative, neutral or positive, or that this
    cannot be told: a linear model over words, pieces of words and the signals of a lexicon.""",
    sentiment_cascade_weights.NAME: """The same, where the linear model is not sure by the mean of
    it and of all-MiniLM-L6-v2 (Apache-2.0), whose upper four layers were taught tone.""",
}
_LIMITS = (
    "English alone; other languages and texts without words are not scored.",
    "The labelled texts are of 2010 to 2019, by people and not by programs that write.",
    "It was trained where 42 % of the texts are neutral; real streams are far more neutral.",
    "Irony and friendly words in anger are missed; a single text is judged without its thread.",
    "It judges texts, never people: no figure of it is kept by person.",
)


Trained = Mapping[str, tuple[bytes, Callable[[Sequence[str]], Floats]]]
"""Of each model the file of its weights, and what it says of plain texts."""


def main(folder: Path = FOLDER) -> int:
    """0 where the weights in the folder are the best that are known, 75 without the data. Both
    models are taken or neither: one judges what the other leaves to it.
    """
    try:
        sets = {name: gold(name) for name in _SETS}
        fetched.fetch(Settings().state_dir)
        read = encoder(Settings().state_dir)
    except (Missing, WeightsMissing) as missing:
        print(f"nothing is trained: {missing}")
        return 75
    labelled = sets["github"].train + sets["senti4sd"].train
    unseen = out_of_fold(labelled, lexicon())
    content = sentiment_weights.packed(train(labelled, lexicon(), unseen=unseen))
    fast = sentiment_weights.unpacked(content)
    is_hard = tempered(unseen, fast.temperature).max(axis=1) < EASY
    taught = tune(read.layers[-LAYERS:], lower(read, labelled.texts), labelled.labels, is_hard)
    upper = sentiment_cascade_weights.packed(taught, read.layers)
    tuned = sentiment_cascade_weights.unpacked(upper, read.layers)
    cascade = Cascade(fast, tuned, read)
    return taken(
        folder, sets,
        {
            sentiment_weights.NAME: (content, partial(sentiment.probabilities, fast)),
            sentiment_cascade_weights.NAME: (
                upper, partial(sentiment_cascade.probabilities, cascade),
            ),
        },
    )  # fmt: skip


def taken(folder: Path, sets: Mapping[str, Gold], trained: Trained) -> int:
    """Put them and their cards in place, where none is worse than what is held."""
    measured = {name: measurements(judge, sets) for name, (_, judge) in trained.items()}
    for name, found in measured.items():
        for one in found:
            print(f"{name}: {one.name} on {one.test}: {one.value} ({one.low} to {one.high})")
    held = cards()
    for name in measured.keys() & held.keys():
        if worse := is_worse(measured[name], held[name].metrics):
            print(f"{held[name].definition} stays: the new weights are worse on {', '.join(worse)}")
            return 1
    version = 1 + max((held[name].version for name in trained.keys() & held.keys()), default=0)
    for name, (content, _) in trained.items():
        (folder / "models" / "weights" / f"{name}.npz").write_bytes(content)
        card = described(name, content, sets, measured[name], version=version)
        text = card.model_dump_json(indent=2) + "\n"
        (folder / "gitinsight" / "cards" / f"{name}.json").write_text(text, "utf-8")
    return 0


def measurements(
    judge: Callable[[Sequence[str]], Floats], sets: Mapping[str, Gold]
) -> tuple[Measurement, ...]:
    """On the published test split of each set, which no training has seen."""
    found = []
    for name, texts in sets.items():
        shares, labels = judge(texts.test.texts), texts.test.labels
        said = shares.argmax(axis=1)
        score = macro_f1(said, labels)
        for metric, value, (low, high) in (
            ("macro-F1", score.value, (score.low, score.high)),
            (
                "calibration error", calibration_error(shares, labels),
                calibration_interval(shares, labels),
            ),
        ):  # fmt: skip
            found.append(
                Measurement(
                    name=metric, test=name, value=round(value, 4), low=round(low, 4),
                    high=round(high, 4),
                )
            )  # fmt: skip
    return tuple(found)


def is_worse(new: tuple[Measurement, ...], held: tuple[Measurement, ...]) -> list[str]:
    """On what the classes are met less well than by what is held: in the mean of the sets, or on
    one of them by more than chance, which is below its interval.
    """
    after, before = _by_test(new), _by_test(held)
    if not before:
        return []
    found = [test for test, one in after.items() if one.value < before[test].low]
    means = (statistics.fmean(one.value for one in sets.values()) for sets in (after, before))
    return [*found, "average"] if next(means) < next(means) - _SLACK else found


def _by_test(measured: tuple[Measurement, ...]) -> Mapping[str, Measurement]:
    return {one.test: one for one in measured if one.name == "macro-F1"}


def described(
    name: str, content: bytes, sets: Mapping[str, Gold], measured: tuple[Measurement, ...], *,
    version: int, on: date | None = None,
) -> Card:  # fmt: skip
    data = []
    for key, (title, source, licence) in _SETS.items():
        for use, texts in (("training", sets[key].train), ("test", sets[key].test)):
            data.append(
                DataSet.model_validate(
                    {
                        "name": title, "source": source, "licence": licence,
                        "texts_count": len(texts.texts), "use": use,
                    }
                )
            )  # fmt: skip
    return Card(
        id=name, version=version, title="Tone of what people write",
        words=" ".join(_WORDS[name].split()), trained_on=on or clock.now().date(),
        sha256=sha256(content).hexdigest(), size_bytes=len(content), data=tuple(data),
        metrics=measured, limits=_LIMITS, document="docs/models/sentiment.md",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
