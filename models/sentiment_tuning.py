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

LAYERS = 4
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
_AT_ONCE = 2**14
"""Numbers that are moved together: few enough to stay near the processor."""

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
    layers: Sequence[Layer], hidden: Sequence[Singles], labels: Integers,
    is_hard: NDArray[np.bool_], *, epochs: int = EPOCHS,
) -> Tuned:  # fmt: skip
    """Every class with the same say; AdamW, whose rate rises and falls in straight lines. All
    texts are read once, and then those that the fast model does not tell: it is asked of no other.
    """
    chance = np.random.default_rng(_SEED)
    parameters = beginning(layers, chance)
    first, second = ({name: np.zeros_like(one) for name, one in parameters.items()} for _ in "12")
    wanted = np.eye(len(CLASSES), dtype=np.float32)[labels] / np.bincount(labels).astype(np.float32)
    lengths = np.array([len(one) for one in hidden])
    texts = [np.arange(len(labels)), *[np.flatnonzero(is_hard)] * (epochs - 1)]
    for step, (done, chosen) in enumerate(_batches(texts, lengths, chance), start=1):
        padded, is_read = together([hidden[one] for one in chosen])
        share = wanted[chosen] / wanted[chosen].sum()
        _, slopes = loss(parameters, padded, is_read, share, Dropout(chance, _DROPPED))
        rate = _RATE * min(done / _WARM, (1 - done) / (1 - _WARM))
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
    flat, passes = hidden.reshape(-1, DIMENSIONS), list[Pass]()
    for number in range(_count(parameters) - 1):
        passes.append(Pass(_of(parameters, number), flat, is_read, dropout))
        flat = passes[-1].out
    share = is_read.astype(np.float32) / is_read.sum(axis=1, dtype=np.float32)[:, None]
    means = np.einsum("tpd,tp->td", flat.reshape(hidden.shape), share)
    gather = Pass(_of(parameters, len(passes)), flat, is_read, dropout, asks=means)
    kept = dropout.like(gather.out)
    whole = gather.out * kept
    logits = whole @ parameters["head"] + parameters["intercept"]
    logits -= logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    wrong = np.exp(logs) * wanted.sum(axis=1, keepdims=True) - wanted
    slopes = {"head": whole.T @ wrong, "intercept": wrong.sum(axis=0)}
    slope, of_means, found = gather.back(wrong @ parameters["head"].T * kept)
    slope += (of_means[:, None, :] * share[:, :, None]).reshape(slope.shape)
    slopes |= _named(found, len(passes))
    for number in reversed(range(len(passes))):
        slope, of_asks, found = passes[number].back(slope)
        slope += of_asks
        slopes |= _named(found, number)
    return -float((wanted * logs).sum()), slopes


def _named(found: Parameters, number: int) -> Parameters:
    return {f"{number}.{name}": one for name, one in found.items()}


def _of(parameters: Mapping[str, Singles], number: int) -> Parameters:
    first = f"{number}."
    return {
        name.removeprefix(first): one for name, one in parameters.items() if name.startswith(first)
    }


def _count(parameters: Mapping[str, Singles]) -> int:
    return sum(name.endswith(".inner") for name in parameters)


def _batches(
    epochs: Sequence[Integers], lengths: Integers, chance: np.random.Generator
) -> Iterator[tuple[float, Integers]]:
    """Each text once an epoch, but for a remainder; beside others of about its length, and with
    the share of all epochs that is done by the middle of the batch.
    """
    for number, texts in enumerate(epochs):
        order = chance.permutation(texts)
        order = order[: len(order) // _BATCH * _BATCH]
        batches = []
        for start in range(0, len(order), _BATCH * _POOL):
            pool = order[start : start + _BATCH * _POOL]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += np.split(pool, len(pool) // _BATCH)
        for done, place in enumerate(chance.permutation(len(batches)).tolist()):
            yield (number + (done + 0.5) / len(batches)) / len(epochs), batches[place]


def _move(
    parameters: Parameters, slopes: Parameters, first: Parameters, second: Parameters, *,
    rate: float, step: int,
) -> None:  # fmt: skip
    """By AdamW; a slope that is too steep is taken to be as steep as the limit."""
    steep = np.sqrt(sum(float(np.vdot(one, one)) for one in slopes.values()))
    eased = np.float32(min(1.0, _STEEPEST / steep))
    one, two = _MOMENTS
    ahead, behind = np.float32(rate / (1 - one**step)), np.float32(1 / (1 - two**step))
    for name, parameter in parameters.items():
        # What is added is not held back.
        kept = np.float32(1 - rate * _DECAY if parameter.ndim > 1 else 1.0)
        whole = [part.reshape(-1) for part in (parameter, slopes[name], first[name], second[name])]
        for start in range(0, parameter.size, _AT_ONCE):
            value, slope, mean, square = (part[start : start + _AT_ONCE] for part in whole)
            slope *= eased
            mean += np.float32(1 - one) * (slope - mean)
            slope *= slope
            square += np.float32(1 - two) * (slope - square)
            spread = np.sqrt(square * behind)
            spread += np.float32(_TINY)
            value *= kept
            value -= ahead * mean / spread
