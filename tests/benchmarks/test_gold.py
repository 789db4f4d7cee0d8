"""How well labels are met, on labels made up."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gold import calibration_error, gold, interval, macro_f1, vader_labels
from benchmarks.replay import Missing

LABELS = np.array([0, 0, 1, 1, 2, 2])
SAID = np.array([0, 1, 1, 1, 2, 0])


def test_macro_f1_is_the_mean_over_the_classes() -> None:
    assert macro_f1(LABELS, LABELS).value == 1
    assert macro_f1(SAID, LABELS).value == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)


def test_more_texts_make_a_narrower_interval() -> None:
    few = macro_f1(SAID, LABELS)
    many = macro_f1(np.tile(SAID, 100), np.tile(LABELS, 100))

    assert few.low < many.low < many.value < many.high < few.high
    assert interval(np.ones(10)) == (1, 1)


def test_what_is_said_too_surely_is_an_error() -> None:
    honest = np.array([[0.5, 0.5, 0.0]] * 4)
    sure = np.array([[1.0, 0.0, 0.0]] * 4)
    labels = np.array([0, 0, 1, 1])

    assert calibration_error(honest, labels) == 0
    assert calibration_error(sure, labels) == 0.5


def test_vader_is_asked_by_its_own_limits() -> None:
    assert vader_labels(("I hate it", "A list of numbers", "I love it")).tolist() == [0, 1, 2]


def test_a_set_is_split_as_it_was_published(tmp_path: Path) -> None:
    rows = [
        {"text": "Great `code`", "label": 1, "split": "train"},
        {"text": "Bad", "label": -1, "split": "test"},
    ]
    with gzip.open(tmp_path / "sentiment_github.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in rows)
    found = gold("github", folder=tmp_path)

    assert (found.train.texts, found.train.labels.tolist()) == (("Great",), [2])
    assert found.whole.labels.tolist() == [2, 0]
    assert found.written == ("Great `code`", "Bad")
    with pytest.raises(Missing, match="sentiment_senti4sd"):
        gold("senti4sd", folder=tmp_path)
