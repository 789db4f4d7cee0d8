"""The way back through a layer of the encoder: how what comes out changes with each number in it.

The slopes are those of calculus, written out; a test holds them against differences.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.embeddings import DIMENSIONS, share_below

_HEADS = 12
_HEAD = DIMENSIONS // _HEADS
_EPSILON = np.float32(1e-12)
_FAR = np.float32(-1e9)

Values = NDArray[Any]
"""Of 32 bits; a test takes 64, to be exact."""
Numbers = Mapping[str, Values]
"""Of a layer, by the names of the fields of ``models.embeddings.Layer``."""


class Dropout:
    """Leaves out a share of the numbers, so that none is relied upon alone."""

    def __init__(self, chance: np.random.Generator, share: float) -> None:
        self._chance, self._share = chance, np.float32(share)

    def like(self, values: Values) -> Values:
        """What to multiply by: nought, or what makes up for those that are left out."""
        kept = self._chance.random(values.shape, dtype=np.float32) >= self._share
        return kept / (1 - self._share)


class Pass:
    """Through one layer, with what the way back needs; the same as ``models.embeddings.through``
    but for what is left out. With ``asks``, a row a text, it is that of ``gathered``: they alone
    take from the pieces, and come out.
    """

    def __init__(
        self, layer: Numbers, flat: Values, is_read: NDArray[np.bool_], dropout: Dropout, *,
        asks: Values | None = None,
    ) -> None:  # fmt: skip
        self._layer, self._flat, self._texts = layer, flat, len(is_read)
        self._asks = flat if asks is None else asks
        asked, given = np.split(layer["attention"], [DIMENSIONS], axis=1)
        asked_bias, given_bias = np.split(layer["attention_bias"], [DIMENSIONS])
        (self._query,) = self._by_head(self._asks @ asked + asked_bias, 1)
        self._key, self._value = self._by_head(flat @ given + given_bias, 2)
        scores = self._query @ self._key.transpose(0, 1, 3, 2)
        scores *= np.float32(_HEAD**-0.5)
        scores += np.where(is_read, np.float32(0), _FAR)[:, None, None, :]
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        self._shares, self._kept_shares = scores, dropout.like(scores)
        mixed = (scores * self._kept_shares) @ self._value
        self._mixed = mixed.transpose(0, 2, 1, 3).reshape(self._asks.shape)
        seen = self._mixed @ layer["attended"] + layer["attended_bias"]
        self._kept_seen = dropout.like(seen)
        self._normed, self._spread = _normed(self._asks + seen * self._kept_seen)
        self._middle = self._normed * layer["attended_scale"] + layer["attended_shift"]
        self._inner = self._middle @ layer["inner"] + layer["inner_bias"]
        self._below = share_below(self._inner)
        self._active = self._inner * self._below
        outer = self._active @ layer["outer"] + layer["outer_bias"]
        self._kept_outer = dropout.like(outer)
        self._normed_out, self._spread_out = _normed(self._middle + outer * self._kept_outer)
        self.out: Values = self._normed_out * layer["outer_scale"] + layer["outer_shift"]

    def back(self, slope: Values) -> tuple[Values, Values, dict[str, Values]]:
        """From the slope of what came out, those of the pieces that went in, of what asks (which
        are the same, unless they were given), and of the layer's numbers.
        """
        layer, found = self._layer, dict[str, Values]()
        found["outer_scale"] = (slope * self._normed_out).sum(axis=0)
        found["outer_shift"] = slope.sum(axis=0)
        summed = _unnormed(slope * layer["outer_scale"], self._normed_out, self._spread_out)
        outer = summed * self._kept_outer
        found["outer"], found["outer_bias"] = self._active.T @ outer, outer.sum(axis=0)
        bell = np.exp(self._inner * self._inner * np.float32(-0.5)) * np.float32(0.3989422804)
        inner = outer @ layer["outer"].T
        inner *= self._below + self._inner * bell
        found["inner"], found["inner_bias"] = self._middle.T @ inner, inner.sum(axis=0)
        middle = inner @ layer["inner"].T
        middle += summed
        found["attended_scale"] = (middle * self._normed).sum(axis=0)
        found["attended_shift"] = middle.sum(axis=0)
        summed = _unnormed(middle * layer["attended_scale"], self._normed, self._spread)
        seen = summed * self._kept_seen
        found["attended"], found["attended_bias"] = self._mixed.T @ seen, seen.sum(axis=0)
        asks, given = self._back_to_heads(seen @ layer["attended"].T)
        found["attention"] = np.hstack([self._asks.T @ asks, self._flat.T @ given])
        found["attention_bias"] = np.hstack([asks.sum(axis=0), given.sum(axis=0)])
        before, after = np.split(layer["attention"], [DIMENSIONS], axis=1)
        return given @ after.T, summed + asks @ before.T, found

    def _back_to_heads(self, mixed: Values) -> tuple[Values, Values]:
        """To query, and to key and value side by side."""
        (heads,) = self._by_head(mixed, 1)
        value = (self._shares * self._kept_shares).transpose(0, 1, 3, 2) @ heads
        scores = heads @ self._value.transpose(0, 1, 3, 2)
        scores *= self._kept_shares
        scores -= (scores * self._shares).sum(axis=-1, keepdims=True)
        scores *= self._shares
        scores *= np.float32(_HEAD**-0.5)
        query, key = scores @ self._key, scores.transpose(0, 1, 3, 2) @ self._query
        return _side_by_side(query), _side_by_side(key, value)

    def _by_head(self, rows: Values, parts: int) -> Values:
        """As (part, text, head, row, dimension)."""
        split = rows.reshape(self._texts, -1, parts, _HEADS, _HEAD)
        return np.ascontiguousarray(split.transpose(2, 0, 3, 1, 4))


def _side_by_side(*parts: Values) -> Values:
    """The way back of ``_by_head``."""
    rows = np.stack(parts).transpose(1, 3, 0, 2, 4)
    return rows.reshape(rows.shape[0] * rows.shape[1], -1)


def _normed(values: Values) -> tuple[Values, Values]:
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
    return centred / spread, spread


def _unnormed(slope: Values, normed: Values, spread: Values) -> Values:
    along = (slope * normed).mean(axis=-1, keepdims=True)
    back: Values = (slope - slope.mean(axis=-1, keepdims=True) - normed * along) / spread
    return back
