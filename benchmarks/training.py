"""Trains the models that this package carries, from data that is named: `make train`.

New weights take the place of the old ones only where they are not worse on the texts that are held
out, and get a version of their own.
"""

import sys
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.gold import (
    Gold,
    calibration_error,
    calibration_interval,
    f1_interval,
    gold,
    lexicon,
    macro_f1,
)
from benchmarks.replay import Missing
from gitinsight import clock
from gitinsight.cards.catalogue import Card, DataSet, Measurement, cards
from models.sentiment import Weights, probabilities
from models.sentiment_training import train
from models.sentiment_weights import NAME, packed, unpacked

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
_WORDS = """Whether a comment sounds negative, neutral or positive, or that this cannot be told: a
linear model over words, pieces of words and the signals of a lexicon."""
_LIMITS = (
    "English alone; other languages and texts without words are not scored.",
    "The labelled texts are of 2010 to 2019, by people and not by programs that write.",
    "It was trained where 42 % of the texts are neutral; real streams are far more neutral.",
    "Irony and friendly words in anger are missed; a single text is judged without its thread.",
    "It judges texts, never people: no figure of it is kept by person.",
)


def main(folder: Path = FOLDER) -> int:
    """0 where the weights in the folder are the best that are known, 75 without the data."""
    try:
        sets = {name: gold(name) for name in _SETS}
    except Missing as missing:
        print(f"nothing is trained: {missing}")
        return 75
    labelled = sets["github"].train + sets["senti4sd"].train
    content = packed(train(labelled, lexicon()))
    weights, held = folder / "models" / "weights" / f"{NAME}.npz", cards().get(NAME)
    measured = measurements(unpacked(content), sets)
    if held is not None and (worse := is_worse(measured, held.metrics)):
        print(f"{held.definition} stays: the new weights are worse on {', '.join(worse)}")
        return 1
    weights.write_bytes(content)
    card = described(content, sets, measured, version=held.version + 1 if held else 1)
    text = card.model_dump_json(indent=2) + "\n"
    (folder / "gitinsight" / "cards" / f"{NAME}.json").write_text(text, "utf-8")
    for one in measured:
        print(f"{one.name} on {one.test}: {one.value} ({one.low} to {one.high})")
    return 0


def measurements(weights: Weights, sets: Mapping[str, Gold]) -> tuple[Measurement, ...]:
    """On the published test split of each set, which no training has seen."""
    found = []
    for name, texts in sets.items():
        shares, labels = probabilities(weights, texts.test.texts), texts.test.labels
        said = shares.argmax(axis=1)
        for metric, value, (low, high) in (
            ("macro-F1", macro_f1(said, labels), f1_interval(said, labels)),
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
    """The sets on which the classes are met less well than by what is held."""
    before = {one.test: one.value for one in held if one.name == "macro-F1"}
    return [
        one.test
        for one in new
        if one.name == "macro-F1" and one.value < before.get(one.test, 0.0) - _SLACK
    ]


def described(
    content: bytes, sets: Mapping[str, Gold], measured: tuple[Measurement, ...], *, version: int,
    on: date | None = None,
) -> Card:  # fmt: skip
    data = []
    for name, (title, source, licence) in _SETS.items():
        for use, texts in (("training", sets[name].train), ("test", sets[name].test)):
            data.append(
                DataSet.model_validate(
                    {
                        "name": title, "source": source, "licence": licence,
                        "texts_count": len(texts.texts), "use": use,
                    }
                )
            )  # fmt: skip
    return Card(
        id=NAME, version=version, title="Tone of what people write",
        words=" ".join(_WORDS.split()), trained_on=on or clock.now().date(),
        sha256=sha256(content).hexdigest(), size_bytes=len(content), data=tuple(data),
        metrics=measured, limits=_LIMITS, document=f"docs/models/{NAME}.md",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
