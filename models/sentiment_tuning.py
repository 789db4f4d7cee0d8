"""Teaches the upper layers of the encoder tone: what ``models.sentiment_cascade`` reads with.

Only what is above the lower layers is changed, so that what those make of a text is computed once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from models.embeddings import DIMENSIONS, Encoder, Layer, Singles, through
from models.layer_slopes import Dropout, Pass
from models.sentiment import CLASSES, Integers
from models.sentiment_cascade import PIECES, Tuned

LAYERS = 3
EPOCHS = 3
_BATCH = 16
_POOL = 16
"""Batches that are cut from texts of about the same length."""
_RATE = 1e-4
_WARM = 0.1
_DECAY = 0.01
_DROPPED = 0.1
_STEEPEST = 1.0
_MOMENTS = (0.9, 0.999)
_TINY = 1e-8
_SEED = 1

Parameters = dict[str, Singles]
"""Of every layer by its number and the field's name, ``0.inner``; and of the head."""


def lower(encoder: Encoder, texts: Sequence[str]) -> list[Singles]:
    """What the layers that stay make of each text: (piece, dimension)."""
    found: dict[int, Singles] = {}
    for batch in encoder.batches(texts, pieces=PIECES):
        hidden = through(encoder.layers[:-LAYERS], encoder.embedded(batch), batch.is_read)
        for row, place in enumerate(batch.places.tolist()):
            found[place] = hidden[row, batch.is_read[row]]
    return [found[place] for place in range(len(texts))]


def tune(
    layers: Sequence[Layer], hidden: Sequence[Singles], labels: Integers, *, epochs: int = EPOCHS
) -> Tuned:
    """Every class with the same say; AdamW, whose rate rises and falls in straight lines."""
    chance = np.random.default_rng(_SEED)
    parameters = beginning(layers, chance)
    first, second = ({name: np.zeros_like(one) for name, one in parameters.items()} for _ in "12")
    wanted = np.eye(len(CLASSES), dtype=np.float32)[labels] / np.bincount(labels).astype(np.float32)
    steps = epochs * (len(labels) // _BATCH)
    lengths = np.array([len(one) for one in hidden])
    for step, chosen in enumerate(_batches(lengths, epochs, chance), start=1):
        padded, is_read = together([hidden[one] for one in chosen])
        share = wanted[chosen] / wanted[chosen].sum()
        _, slopes = loss(parameters, padded, is_read, share, Dropout(chance, _DROPPED))
        rate = _RATE * min(step / (_WARM * steps), (steps - step) / ((1 - _WARM) * steps))
        _move(parameters, slopes, first, second, rate=rate, step=step)
    return tuned(parameters)


def beginning(layers: Sequence[Layer], chance: np.random.Generator) -> Parameters:
    """The layers as they are, and a head that knows nothing."""
    found = {
        f"{number}.{name}": one.astype(np.float32)
        for number, layer in enumerate(layers)
        for name, one in asdict(layer).items()
    }
    found["head"] = chance.normal(0, 0.02, (DIMENSIONS, len(CLASSES))).astype(np.float32)
    found["intercept"] = np.zeros(len(CLASSES), dtype=np.float32)
    return found


def tuned(parameters: Mapping[str, Singles]) -> Tuned:
    layers = [_of(parameters, number) for number in range(_count(parameters))]
    return Tuned(tuple(Layer(**one) for one in layers), parameters["head"], parameters["intercept"])


def together(hidden: Sequence[Singles]) -> tuple[Singles, NDArray[np.bool_]]:
    lengths = np.array([[len(one)] for one in hidden])
    padded = np.zeros((len(hidden), int(lengths.max()), DIMENSIONS), dtype=np.float32)
    for row, one in enumerate(hidden):
        padded[row, : len(one)] = one
    return padded, np.arange(padded.shape[1]) < lengths


def loss(
    parameters: Parameters, hidden: Singles, is_read: NDArray[np.bool_], wanted: Singles,
    dropout: Dropout,
) -> tuple[float, Parameters]:  # fmt: skip
    """How unlikely the wanted classes are held to be, and how that changes with each number. Each
    text has a row in ``wanted``, which says its class and how much say it has.
    """
    flat = hidden.reshape(-1, DIMENSIONS)
    passes = []
    for number in range(_count(parameters)):
        passes.append(Pass(_of(parameters, number), flat, is_read, dropout))
        flat = passes[-1].out
    share = is_read.astype(np.float32) / is_read.sum(axis=1, dtype=np.float32)[:, None]
    means = np.einsum("tpd,tp->td", flat.reshape(hidden.shape), share)
    kept = dropout.like(means)
    means *= kept
    logits = means @ parameters["head"] + parameters["intercept"]
    logits -= logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    wrong = np.exp(logs) * wanted.sum(axis=1, keepdims=True) - wanted
    slopes = {"head": means.T @ wrong, "intercept": wrong.sum(axis=0)}
    back = (wrong @ parameters["head"].T * kept)[:, None, :] * share[:, :, None]
    slope = back.reshape(-1, DIMENSIONS)
    for number in reversed(range(len(passes))):
        slope, found = passes[number].back(slope)
        slopes |= {f"{number}.{name}": one for name, one in found.items()}
    return -float((wanted * logs).sum()), slopes


def _of(parameters: Mapping[str, Singles], number: int) -> Parameters:
    first = f"{number}."
    return {
        name.removeprefix(first): one for name, one in parameters.items() if name.startswith(first)
    }


def _count(parameters: Mapping[str, Singles]) -> int:
    return sum(name.endswith(".inner") for name in parameters)


def _batches(lengths: Integers, epochs: int, chance: np.random.Generator) -> Iterator[Integers]:
    """Each text once an epoch, but for a remainder; beside others of about its length."""
    for _ in range(epochs):
        order = chance.permutation(len(lengths))
        order = order[: len(order) // _BATCH * _BATCH]
        batches = []
        for start in range(0, len(order), _BATCH * _POOL):
            pool = order[start : start + _BATCH * _POOL]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += np.split(pool, len(pool) // _BATCH)
        for place in chance.permutation(len(batches)):
            yield batches[place]


def _move(
    parameters: Parameters, slopes: Parameters, first: Parameters, second: Parameters, *,
    rate: float, step: int,
) -> None:  # fmt: skip
    """By AdamW; a slope that is too steep is taken to be as steep as the limit."""
    steep = np.sqrt(sum(float(np.vdot(one, one)) for one in slopes.values()))
    eased = np.float32(min(1.0, _STEEPEST / steep))
    one, two = _MOMENTS
    ahead, behind = rate / (1 - one**step), 1 / (1 - two**step)
    for name, value in parameters.items():
        slope = slopes[name] * eased
        first[name] += np.float32(1 - one) * (slope - first[name])
        slope *= slope
        second[name] += np.float32(1 - two) * (slope - second[name])
        kept = 1 - rate * _DECAY if value.ndim > 1 else 1.0  # what is added is not held back
        spread = np.sqrt(second[name] * np.float32(behind)) + np.float32(_TINY)
        parameters[name] = value * np.float32(kept) - np.float32(ahead) * first[name] / spread
