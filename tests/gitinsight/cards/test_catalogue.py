"""The cards of the models."""

from hashlib import sha256

import pytest

from gitinsight.cards.catalogue import card, cards
from gitinsight.errors import NotFound
from models.code_health import DEFINITION
from tests.support.checkout import ROOT


def test_every_card_says_what_it_must() -> None:
    assert list(cards()) == sorted(cards())
    for name, one in cards().items():
        assert one.definition == f"{name}@{one.version}"
        assert {data.use for data in one.data} in ({"training", "test"}, {"test"})
        assert one.limits
        assert all(figure.low <= figure.value <= figure.high for figure in one.metrics)
        assert (ROOT / one.document).is_file()


def test_the_formula_of_a_card_is_the_one_that_is_computed() -> None:
    source = (ROOT / "models" / "code_health.py").read_bytes()
    told = card("code-health")

    assert (told.sha256, told.size_bytes) == (sha256(source).hexdigest(), len(source))
    assert told.definition == DEFINITION


def test_one_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="model oracle"):
        card("oracle")
