"""The way back through a layer, beside what small steps say."""

from dataclasses import asdict

import numpy as np
import pytest

from models.embeddings import DIMENSIONS, Layer, averaged, gathered, through
from models.layer_slopes import Dropout, Numbers, Pass
from tests.support.encoders import small_tensors

LAYER = Layer.of(small_tensors(), "encoder.layer.0.")
EXACT = {name: one.astype(np.float64) for name, one in asdict(LAYER).items()}
IS_READ = np.array([[True] * 4, [True, True, False, False], [True] * 3 + [False]])
FLAT = np.random.default_rng(2).normal(size=(IS_READ.size, DIMENSIONS))
WANTED = np.random.default_rng(3).normal(size=FLAT.shape) * IS_READ.reshape(-1, 1)
ASKS = np.random.default_rng(4).normal(size=(len(IS_READ), DIMENSIONS))
STEP = 1e-5


def dropout(share: float = 0.1) -> Dropout:
    return Dropout(np.random.default_rng(5), share)


def through_one(numbers: Numbers, went_in: Numbers, *, does_gather: bool) -> Pass:
    return Pass(
        numbers, went_in["flat"], IS_READ, dropout(), asks=went_in["asks"] if does_gather else None
    )


@pytest.mark.parametrize(
    ("name", "does_gather"),
    [(name, one) for one in (False, True) for name in (*EXACT, "flat")] + [("asks", True)],
)
def test_slopes_are_those_of_small_steps(name: str, *, does_gather: bool) -> None:
    went_in = {"flat": FLAT, "asks": ASKS}
    wanted = WANTED[: len(ASKS)] if does_gather else WANTED
    flat, asks, found = through_one(EXACT, went_in, does_gather=does_gather).back(wanted)
    # Where each piece asks for itself, it has both slopes.
    slope = {**found, "flat": flat if does_gather else flat + asks, "asks": asks}[name]
    direction = slope / np.linalg.norm(slope)
    values = []
    for step in (STEP, -STEP):
        moved = {**EXACT, **went_in}
        moved[name] = moved[name] + step * direction
        out = through_one(moved, moved, does_gather=does_gather).out
        values.append(float((out * wanted).sum()))

    ahead, behind = values
    assert (ahead - behind) / (2 * STEP) == pytest.approx(np.linalg.norm(slope), rel=1e-4)


def test_with_nothing_left_out_it_is_the_encoders_layer() -> None:
    flat = FLAT.astype(np.float32)
    expected = through([LAYER], flat.reshape(*IS_READ.shape, DIMENSIONS), IS_READ)

    found = Pass(asdict(LAYER), flat, IS_READ, dropout(0)).out.reshape(expected.shape)
    assert np.allclose(found[IS_READ], expected[IS_READ], atol=2e-4)


def test_and_what_gathers_is_the_encoders_too() -> None:
    hidden = FLAT.astype(np.float32).reshape(*IS_READ.shape, DIMENSIONS)
    asks = averaged(hidden, IS_READ)

    found = Pass(asdict(LAYER), FLAT.astype(np.float32), IS_READ, dropout(0), asks=asks).out
    assert np.allclose(found, gathered(LAYER, hidden, IS_READ), atol=2e-4)


def test_what_is_left_out_is_made_up_for() -> None:
    kept = dropout(0.25).like(np.ones((200, 200), dtype=np.float32))

    assert (kept == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert kept.mean() == pytest.approx(1, abs=0.01)
    assert kept.max() == pytest.approx(4 / 3)
