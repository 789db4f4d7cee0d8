"""Trains a model anew from labelled data, and lets it be used only where it is no worse.

Both versions judge what is held out from every training, and are compared thing by thing: a paired
bootstrap, see ``models.comparison``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from hashlib import sha256
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.steps import labelled
from gitinsight.cards.catalogue import Card, Measurement
from gitinsight.errors import BrokenEnvironment, NotFound
from gitinsight.settings import Settings
from models import (
    actors_training,
    actors_weights,
    sentiment,
    sentiment_training,
    sentiment_weights,
)
from models.comparison import difference, f1, is_worse
from warehouse import predictions, registry
from warehouse.engine import Connection, Engine
from warehouse.registry import Version

Integers = NDArray[np.int64]
Judged = Mapping[str, tuple[Integers, Integers]]
"""What is said of each set that is held out, beside its labels."""


@dataclass(frozen=True, slots=True)
class Trainable:
    """``train`` makes the file of new weights of the labelled data in a folder and of the weights
    in use; ``judge`` says what weights make of what is held out there; F1 is that of ``classes``.
    """

    metric: str
    classes: Sequence[int]
    shipped: Callable[[], bytes]
    train: Callable[[Path, bytes], bytes]
    judge: Callable[[Path, bytes], Judged]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``definition`` is in use from now on where it is published; where training has given what was
    there before it is not new.
    """

    model: str
    definition: str
    is_new: bool
    is_published: bool
    verdict: str


def trainable(names: Sequence[str] | None) -> list[str]:
    """All without names; NotFound where one of them cannot be trained."""
    for name in names or ():
        if name not in MODELS:
            raise NotFound(f"a model {name} that can be trained; there are {', '.join(MODELS)}")
    return list(names or MODELS)


def folder_of(settings: Settings) -> Path:
    folder = settings.training.data_dir
    if folder is None:
        raise BrokenEnvironment(
            "no labelled data to train with",
            "set GITINSIGHT_TRAINING__DATA_DIR to a folder with the files that docs/models/ names",
        )
    return folder


def retrain(warehouse: Engine, model: str, folder: Path, *, at: datetime) -> Outcome:
    """Train one of ``MODELS``; what it was worth is kept, whether or not it is published. Where it
    is, repositories that an older version has spoken about are analysed again.
    """
    one = MODELS[model]
    with warehouse.begin() as connection:
        held = registry.in_use(connection, model)
    present = one.shipped() if held.content is None else held.content
    content = one.train(folder, present)
    if sha256(content).hexdigest() == held.card.sha256:
        told = "training gives what is in use"
        return Outcome(model, held.card.definition, is_new=False, is_published=True, verdict=told)
    new = one.judge(folder, content)
    is_good, verdict = compared(one, new, one.judge(folder, present))
    with warehouse.begin() as connection:
        card = _card(connection, held, content, new, one, at=at)
        registry.record(connection, card, content, is_published=is_good, verdict=verdict, at=at)
        if is_good:
            predictions.mark_outdated(connection, at=at)
    return Outcome(model, card.definition, is_new=True, is_published=is_good, verdict=verdict)


def compared(one: Trainable, new: Judged, old: Judged) -> tuple[bool, str]:
    """Whether the new weights may be used, which are worse on no set, and why."""
    changes = {
        test: difference(said, old[test][0], labels, one.classes)
        for test, (said, labels) in new.items()
    }
    worse = [test for test, change in changes.items() if is_worse(change)]
    told = "; ".join(f"{one.metric} on {test} {change}" for test, change in changes.items())
    return not worse, f"worse on {', '.join(worse)}: {told}" if worse else f"not worse: {told}"


def _card(
    connection: Connection, held: Version, content: bytes, judged: Judged, one: Trainable, *,
    at: datetime,
) -> Card:  # fmt: skip
    scores = {test: f1(said, labels, one.classes) for test, (said, labels) in judged.items()}
    return held.card.model_copy(
        update={
            "version": registry.next_version(connection, held.card.id),
            "trained_on": at.date(),
            "sha256": sha256(content).hexdigest(),
            "size_bytes": len(content),
            "metrics": tuple(
                Measurement(
                    name=one.metric, test=test, value=round(score.value, 4),
                    low=round(score.low, 4), high=round(score.high, 4),
                )
                for test, score in scores.items()
            ),
        }
    )  # fmt: skip


def _train_actors(folder: Path, _: bytes) -> bytes:
    learnt, _held_out = actors_training.split(labelled.accounts(folder))
    return actors_weights.packed(actors_training.train(learnt))


def _judge_actors(folder: Path, content: bytes) -> Judged:
    _, held_out = actors_training.split(labelled.accounts(folder))
    said = actors_training.said(actors_weights.unpacked(content), held_out)
    return {"held out": (said, held_out.labels)}


def _train_sentiment(folder: Path, present: bytes) -> bytes:
    """With the lexicon that the weights in use were made with."""
    learnt = reduce(add, labelled.texts(folder, "train").values())
    lexicon = sentiment_weights.unpacked(present).lexicon
    return sentiment_weights.packed(sentiment_training.train(learnt, lexicon))


def _judge_sentiment(folder: Path, content: bytes) -> Judged:
    weights = sentiment_weights.unpacked(content)
    return {
        name: (sentiment.probabilities(weights, one.texts).argmax(axis=1), one.labels)
        for name, one in labelled.texts(folder, "test").items()
    }


MODELS: Mapping[str, Trainable] = {
    actors_weights.NAME: Trainable(
        "F1", (1,), actors_weights.FILE.read_bytes, _train_actors, _judge_actors
    ),
    sentiment_weights.NAME: Trainable(
        "macro-F1", range(len(sentiment.CLASSES)), sentiment_weights.FILE.read_bytes,
        _train_sentiment, _judge_sentiment,
    ),
}  # fmt: skip
