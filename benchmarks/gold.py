"""Texts whose tone people have judged, beside this repository, and how well they are met."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks.replay import Missing
from flows.steps.labelled import comments, plain_texts
from models.comparison import Score, f1
from models.sentiment import CLASSES, Floats, Integers
from models.sentiment_training import Labelled

FOLDER = Path(__file__).parents[2] / "shared" / "datasets"
_RESAMPLES = 2_000
_BINS = 10
_CHARGED = 0.05

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Gold:
    """The published split of a data set; ``written`` are all of its texts as they are, ``unseen``
    those of the test half.
    """

    train: Labelled
    test: Labelled
    written: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def whole(self) -> Labelled:
        return self.train + self.test


def gold(name: str, *, folder: Path = FOLDER) -> Gold:
    """``github`` or ``senti4sd``; Missing where it is not beside us."""
    path = folder / f"sentiment_{name}.jsonl.gz"
    if not path.is_file():
        raise Missing(f"no labelled texts in ../{folder.parent.name}/{folder.name}/{path.name}")
    rows = comments(folder, name)
    train, test = (plain_texts(rows, split) for split in ("train", "test"))
    unseen = tuple(one["text"] for one in rows if one["split"] == "test")
    return Gold(train, test, tuple(one["text"] for one in rows), unseen)


def lexicon() -> dict[str, float]:
    """VADER's: words and how charged people have found them."""
    found: dict[str, float] = SentimentIntensityAnalyzer().lexicon
    return found


def vader_labels(texts: tuple[str, ...]) -> Integers:
    """What VADER says, by the limits that its authors give."""
    analyzer = SentimentIntensityAnalyzer()
    compound = np.array([analyzer.polarity_scores(one)["compound"] for one in texts])
    return 1 + (compound >= _CHARGED).astype(int) - (compound <= -_CHARGED)


def macro_f1(said: Integers, labels: Integers) -> Score:
    return f1(said, labels, range(len(CLASSES)))


def interval(values: Floats, of: Callable[[Floats], float] = np.mean) -> Interval:
    """95 %, of a bootstrap over values of texts."""
    chance = np.random.default_rng(1)
    drawn = [of(chance.choice(values, len(values))) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def calibration_error(shares: Floats, labels: Integers) -> float:
    """Expected: by how much what is said differs from how often it is right, in ten bins."""
    said, is_right = shares.max(axis=1), shares.argmax(axis=1) == labels
    bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, said - is_right, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def calibration_interval(shares: Floats, labels: Integers) -> Interval:
    def error(chosen: Floats) -> float:
        places = chosen.astype(int)
        return calibration_error(shares[places], labels[places])

    return interval(np.arange(len(labels), dtype=float), error)
