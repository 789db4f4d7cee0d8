"""The weights that are in use are those of the version that is."""

from hashlib import sha256

import pytest

from gitinsight.cards.catalogue import card
from gitinsight.errors import BrokenEnvironment
from models import actors_weights, sentiment_weights
from tests.support.rows import AT
from warehouse import registry, trained
from warehouse.engine import Engine


def publish(warehouse: Engine, model: str, content: bytes, digest: str) -> None:
    told = card(model)
    with warehouse.begin() as connection:
        registry.record(
            connection,
            told.model_copy(update={"version": told.version + 1, "sha256": digest}),
            content, is_published=True, verdict="so", at=AT,
        )  # fmt: skip


def test_without_others_the_packages_are_used(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        assert trained.tone(connection) == (
            sentiment_weights.shipped(),
            card("sentiment").definition,
        )
        assert trained.accounts(connection) == (actors_weights.shipped(), card("actors").definition)


@pytest.mark.parametrize("model", ["actors", "sentiment"])
def test_a_version_that_was_trained_here_is_used(warehouse: Engine, model: str) -> None:
    file = actors_weights.FILE if model == "actors" else sentiment_weights.FILE
    content = file.read_bytes()
    publish(warehouse, model, content, sha256(content).hexdigest())

    with warehouse.begin() as connection:
        read = trained.accounts if model == "actors" else trained.tone
        weights, definition = read(connection)
    assert definition == f"{model}@{card(model).version + 1}"
    assert weights.intercept == pytest.approx(weights.intercept)


def test_weights_that_are_not_those_of_their_card_are_not_used(warehouse: Engine) -> None:
    publish(warehouse, "actors", actors_weights.FILE.read_bytes(), "0" * 64)

    with warehouse.begin() as connection, pytest.raises(BrokenEnvironment, match="not those"):
        trained.accounts(connection)
