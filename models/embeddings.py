"""What texts mean, as vectors: near each other where the texts speak of the same.

The encoder is all-MiniLM-L6-v2: six layers of a transformer, computed here with NumPy alone; what
it is worth is in ``docs/models/embeddings.md``. Its parts can be had by themselves, so that a
classifier with upper layers of its own runs on the same lower ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.word_pieces import WordPieces

Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

DIMENSIONS = 384
PIECES = 192
"""Of a longer text the beginning is read: the cost grows with its length, what is found hardly."""
_HEADS = 12
_HEAD = DIMENSIONS // _HEADS
_EPSILON = np.float32(1e-12)
_PIECES_AT_ONCE = 256
"""Of a batch, padding and all: what is between two products stays near the processor, and is small
enough that its memory is not asked of the kernel anew each time.
"""
_FAR = np.float32(-1e9)
_HALF = np.float32(0.5)
_CURVE = tuple(
    map(np.float32, (0.79783018, 0.036464995, -0.00012297325, -3.0907682e-05, 1.1365176e-06))
)
"""A tangent's argument that makes an error function of it, to 4e-6: SciPy's takes three times as
long, and was a third of everything.
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the transformer's; matrices are (from, to). ``attention`` is query, key and value
    side by side.
    """

    attention: Singles
    attention_bias: Singles
    attended: Singles
    attended_bias: Singles
    attended_scale: Singles
    attended_shift: Singles
    inner: Singles
    inner_bias: Singles
    outer: Singles
    outer_bias: Singles
    outer_scale: Singles
    outer_shift: Singles

    @classmethod
    def of(cls, tensors: Mapping[str, Singles], prefix: str) -> "Layer":
        """As the model's own files name them, ``encoder.layer.0.`` and so on."""

        def matrix(name: str) -> Singles:
            return np.ascontiguousarray(tensors[f"{prefix}{name}.weight"].T, dtype=np.float32)

        def vector(name: str, kind: str = "bias") -> Singles:
            return np.array(tensors[f"{prefix}{name}.{kind}"], dtype=np.float32)

        three = [f"attention.self.{name}" for name in ("query", "key", "value")]
        return cls(
            attention=np.hstack([matrix(name) for name in three]),
            attention_bias=np.hstack([vector(name) for name in three]),
            attended=matrix("attention.output.dense"),
            attended_bias=vector("attention.output.dense"),
            attended_scale=vector("attention.output.LayerNorm", "weight"),
            attended_shift=vector("attention.output.LayerNorm"),
            inner=matrix("intermediate.dense"),
            inner_bias=vector("intermediate.dense"),
            outer=matrix("output.dense"),
            outer_bias=vector("output.dense"),
            outer_scale=vector("output.LayerNorm", "weight"),
            outer_shift=vector("output.LayerNorm"),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """``places`` say which of the texts these are; ``numbers`` are (text, piece), padded, and
    ``is_read`` is false where there is padding.
    """

    places: Integers
    numbers: Integers
    is_read: NDArray[np.bool_]


class Encoder:
    def __init__(self, tensors: Mapping[str, Singles], vocabulary: Sequence[str]) -> None:
        # Copies, so that the file they come from need not stay in memory.
        self._words = np.array(tensors["embeddings.word_embeddings.weight"])
        self._positions = (
            tensors["embeddings.position_embeddings.weight"]
            + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._scale = np.array(tensors["embeddings.LayerNorm.weight"])
        self._shift = np.array(tensors["embeddings.LayerNorm.bias"])
        self._pieces = WordPieces(vocabulary)
        count = 1 + max(
            int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer.")
        )
        self.layers = tuple(Layer.of(tensors, f"encoder.layer.{one}.") for one in range(count))

    def encode(self, texts: Sequence[str], *, pieces: int = PIECES) -> Singles:
        """A vector of length one for each text, whose product tells how near they are."""
        found = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for batch in self.batches(texts, pieces=pieces):
            hidden = through(self.layers, self.embedded(batch), batch.is_read)
            found[batch.places] = pooled(hidden, batch.is_read)
        return found

    def batches(self, texts: Sequence[str], *, pieces: int = PIECES) -> Iterator[Batch]:
        """Texts of about the same length together, so that little is padded."""
        read = [self._pieces.read(text, most=pieces) for text in texts]
        order = sorted(range(len(read)), key=lambda place: len(read[place]))
        while order:
            longest = len(read[order[-1]])
            count = max(1, _PIECES_AT_ONCE // longest)
            places, order = order[-count:], order[:-count]
            numbers = np.full((len(places), longest), self._pieces.padding)
            for row, place in enumerate(places):
                numbers[row, : len(read[place])] = read[place]
            lengths = np.array([[len(read[place])] for place in places])
            yield Batch(np.array(places), numbers, np.arange(longest) < lengths)

    def embedded(self, batch: Batch) -> Singles:
        """Before the first layer: (text, piece, dimension)."""
        hidden = self._words[batch.numbers] + self._positions[: batch.numbers.shape[1]]
        return _normed(hidden, self._scale, self._shift)


def through(layers: Sequence[Layer], hidden: Singles, is_read: NDArray[np.bool_]) -> Singles:
    """What comes out of the last of these layers, one after the other."""
    texts, pieces, _ = hidden.shape
    mask = _mask(is_read)
    flat = hidden.reshape(texts * pieces, DIMENSIONS)
    for layer in layers:
        three = flat @ layer.attention
        three += layer.attention_bias
        query, key, value = three.reshape(texts, pieces, 3, _HEADS, _HEAD).transpose(2, 0, 3, 1, 4)
        flat = _risen(layer, flat, _mixed(query, key, value, mask))
    return flat.reshape(texts, pieces, DIMENSIONS)


def gathered(layer: Layer, hidden: Singles, is_read: NDArray[np.bool_]) -> Singles:
    """Of each text one row: the layer as it is for a piece that stands for the mean of all. It
    costs a sixth of ``through``, since what each piece takes from the others is left out.
    """
    texts, pieces, _ = hidden.shape
    asks = averaged(hidden, is_read)
    query = asks @ layer.attention[:, :DIMENSIONS]
    query += layer.attention_bias[:DIMENSIONS]
    two = hidden.reshape(texts * pieces, DIMENSIONS) @ layer.attention[:, DIMENSIONS:]
    two += layer.attention_bias[DIMENSIONS:]
    key, value = two.reshape(texts, pieces, 2, _HEADS, _HEAD).transpose(2, 0, 3, 1, 4)
    query = query.reshape(texts, _HEADS, 1, _HEAD)
    return _risen(layer, asks, _mixed(query, key, value, _mask(is_read)))


def averaged(hidden: Singles, is_read: NDArray[np.bool_]) -> Singles:
    """Over the pieces that were read."""
    means: Singles = np.einsum("tpd,tp->td", hidden, is_read.astype(np.float32))
    means /= is_read.sum(axis=1, dtype=np.float32)[:, None]
    return means


def pooled(hidden: Singles, is_read: NDArray[np.bool_]) -> Singles:
    """The mean of what was read, of length one."""
    means = averaged(hidden, is_read)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return means


def _mask(is_read: NDArray[np.bool_]) -> Singles | None:
    """A batch without padding needs none."""
    return None if is_read.all() else np.where(is_read, np.float32(0), _FAR)[:, None, None, :]


def _mixed(query: Singles, key: Singles, value: Singles, mask: Singles | None) -> Singles:
    """Of what asks, what it takes from the pieces of its text: a row each."""
    scores = query @ key.transpose(0, 1, 3, 2)
    scores *= np.float32(_HEAD**-0.5)
    if mask is not None:
        scores += mask
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed: NDArray[Any] = scores @ value
    return mixed.transpose(0, 2, 1, 3).reshape(-1, DIMENSIONS)


def _risen(layer: Layer, flat: Singles, mixed: Singles) -> Singles:
    """What comes out where this went in and took that."""
    seen = mixed @ layer.attended
    seen += layer.attended_bias
    seen += flat
    middle = _normed(seen, layer.attended_scale, layer.attended_shift)
    inner = middle @ layer.inner
    inner += layer.inner_bias
    inner *= share_below(inner)
    out: NDArray[Any] = inner @ layer.outer
    out += layer.outer_bias
    out += middle
    return _normed(out, layer.outer_scale, layer.outer_shift)


def _normed(values: Singles, scale: Singles, shift: Singles) -> Singles:
    centred: Singles = values - values.mean(axis=-1, keepdims=True)
    spread = np.einsum("...d,...d->...", centred, centred)[..., None] / np.float32(DIMENSIONS)
    centred /= np.sqrt(spread + _EPSILON)
    centred *= scale
    centred += shift
    return centred


def share_below(values: Singles) -> Singles:
    """Of what is normally distributed, the share below each value."""
    squares = values * values
    curve: Singles = squares * _CURVE[-1]
    for factor in _CURVE[-2:0:-1]:
        curve += factor
        curve *= squares
    curve += _CURVE[0]
    curve *= values
    np.tanh(curve, out=curve)
    curve += 1
    curve *= _HALF
    return curve
