"""The way back through a layer, beside what small steps say."""

from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from models.embeddings import DIMENSIONS, Layer, through
from models.layer_slopes import Dropout, Pass
from tests.support.encoders import small_tensors

LAYER = Layer.of(small_tensors(), "encoder.layer.0.")
EXACT = {name: one.astype(np.float64) for name, one in asdict(LAYER).items()}
IS_READ = np.array([[True] * 4, [True, True, False, False], [True] * 3 + [False]])
FLAT = np.random.default_rng(2).normal(size=(IS_READ.size, DIMENSIONS))
WANTED = np.random.default_rng(3).normal(size=FLAT.shape) * IS_READ.reshape(-1, 1)
STEP = 1e-5


def dropout(share: float = 0.1) -> Dropout:
    return Dropout(np.random.default_rng(5), share)


def value(numbers: dict[str, NDArray[np.float64]], flat: NDArray[np.float64]) -> float:
    return float((Pass(numbers, flat, IS_READ, dropout()).out * WANTED).sum())


@pytest.mark.parametrize("name", [*EXACT, "flat"])
def test_slopes_are_those_of_small_steps(name: str) -> None:
    given, found = Pass(EXACT, FLAT, IS_READ, dropout()).back(WANTED)
    slope = {**found, "flat": given}[name]
    direction = slope / np.linalg.norm(slope)
    ahead, behind = (
        value(
            {**EXACT, **({name: EXACT[name] + step * direction} if name in EXACT else {})},
            FLAT + step * direction if name == "flat" else FLAT,
        )
        for step in (STEP, -STEP)
    )

    assert (ahead - behind) / (2 * STEP) == pytest.approx(np.linalg.norm(slope), rel=1e-4)


def test_with_nothing_left_out_it_is_the_encoders_layer() -> None:
    flat = FLAT.astype(np.float32)
    expected = through([LAYER], flat.reshape(*IS_READ.shape, DIMENSIONS), IS_READ)

    found = Pass(asdict(LAYER), flat, IS_READ, dropout(0)).out.reshape(expected.shape)
    assert np.allclose(found[IS_READ], expected[IS_READ], atol=2e-4)


def test_what_is_left_out_is_made_up_for() -> None:
    kept = dropout(0.25).like(np.ones((200, 200), dtype=np.float32))

    assert (kept == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert kept.mean() == pytest.approx(1, abs=0.01)
    assert kept.max() == pytest.approx(4 / 3)
