"""Who says how texts sound."""

from pathlib import Path

import pytest

from gitinsight.cards.catalogue import card
from gitinsight.errors import WeightsMissing
from models import sentiment_weights
from models.judges import judge
from models.sentiment import score


def test_the_fast_one_needs_nothing_that_is_not_here(tmp_path: Path) -> None:
    found = judge("fast", tmp_path)

    assert found.definition == card("sentiment").definition
    assert found.score(["Nice"]) == score(sentiment_weights.shipped(), ["Nice"])


def test_the_cascade_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        judge("cascade", tmp_path)
