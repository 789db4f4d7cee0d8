"""The cards of the models."""

import pytest

from gitinsight.cards.catalogue import card, cards
from gitinsight.errors import NotFound
from tests.support.checkout import ROOT


def test_every_card_says_what_it_must() -> None:
    assert list(cards()) == sorted(cards())
    for name, one in cards().items():
        assert one.definition == f"{name}@{one.version}"
        assert {data.use for data in one.data} == {"training", "test"}
        assert one.limits
        assert all(figure.low <= figure.value <= figure.high for figure in one.metrics)
        assert (ROOT / one.document).is_file()


def test_one_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="model oracle"):
        card("oracle")
