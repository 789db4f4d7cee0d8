"""Who says how texts sound: the fast model, or the cascade that reads what is hard once more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from gitinsight.cards.catalogue import card
from models import sentiment, sentiment_cascade, sentiment_cascade_weights, sentiment_weights
from models.sentiment import Tone

Mode = Literal["fast", "cascade"]


@dataclass(frozen=True, slots=True)
class Judge:
    """``definition`` is what stands beside each of its tones."""

    definition: str
    score: Callable[[Sequence[str]], list[Tone]]


def judge(
    mode: Mode, state_dir: Path, *, fast: tuple[sentiment.Weights, str] | None = None
) -> Judge:
    """``fast``: weights that were trained here, with their version, in place of the package's.
    WeightsMissing where the state directory does not hold what the cascade needs.
    """
    if mode == "fast":
        weights, definition = fast or (
            sentiment_weights.shipped(), card(sentiment_weights.NAME).definition
        )  # fmt: skip
        return Judge(definition, partial(sentiment.score, weights))
    cascade = sentiment_cascade_weights.shipped(state_dir)
    return Judge(
        card(sentiment_cascade_weights.NAME).definition, partial(sentiment_cascade.score, cascade)
    )
