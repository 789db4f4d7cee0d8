"""Repositories that an older version of a model has spoken about."""

import pytest

from gitinsight.cards.catalogue import card
from models.actors import Verdict
from models.sentiment import Tone
from tests.support.databases import empty
from tests.support.rows import AT, add_repository
from warehouse import activities, dirty, predictions, tones
from warehouse.engine import Engine

NOW, OLD = card("actors").definition, "actors@0"
SURE = Verdict("ann", 0.01, 20, "20 activities")
GLAD = Tone("positive", 0.0, 0.1, 0.9, None)


@pytest.fixture
def warehouse(library: Engine) -> Engine:
    empty(library, "ops.dirty", "ops.repositories", "ops.actor_scores", "insights.text_tone")
    return library


def score(warehouse: Engine, repository_id: int, model: str) -> None:
    with warehouse.begin() as connection:
        activities.store(connection, repository_id, [SURE], model=model, at=AT)


def feel(warehouse: Engine, repository_id: int, text: bytes, model: str) -> None:
    with warehouse.begin() as connection:
        tones.store(connection, repository_id, [(text, GLAD)], model=model, at=AT)


def marked(warehouse: Engine) -> list[int]:
    with warehouse.begin() as connection:
        return predictions.mark_outdated(connection, at=AT)


def test_what_an_older_version_has_said_is_to_be_said_anew(warehouse: Engine) -> None:
    old, current, silent, sad = (
        add_repository(warehouse, f"octo/{one}", github_id=one) for one in range(1, 5)
    )
    score(warehouse, old, OLD)
    score(warehouse, current, NOW)
    feel(warehouse, sad, b"x", "sentiment@0")

    assert marked(warehouse) == [old, sad]

    with warehouse.begin() as connection:
        (one,) = dirty.due(connection, old)
        assert dirty.due(connection, current) == dirty.due(connection, silent) == []
    assert (one.thing, one.reason) == (dirty.FIGURES, "a model has a new version")


def test_the_tone_of_a_text_that_is_gone_asks_for_nothing(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    feel(warehouse, repository_id, b"gone", "sentiment@0")
    feel(warehouse, repository_id, b"here", card("sentiment-cascade").definition)

    assert marked(warehouse) == []
