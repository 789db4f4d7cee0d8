"""The weights of the models that are in use, with what predictions carry of them."""

from functools import lru_cache

from models import actors, actors_weights, sentiment, sentiment_weights
from warehouse import registry
from warehouse.engine import Connection


def tone(connection: Connection) -> tuple[sentiment.Weights, str]:
    """The model of tones, and its version."""
    found = registry.in_use(connection, sentiment_weights.NAME)
    if found.content is None:
        return sentiment_weights.shipped(), found.card.definition
    return _tone(found.card.genuine(found.content)), found.card.definition


def accounts(connection: Connection) -> tuple[actors.Weights, str]:
    """The model of accounts, and its version."""
    found = registry.in_use(connection, actors_weights.NAME)
    if found.content is None:
        return actors_weights.shipped(), found.card.definition
    return _accounts(found.card.genuine(found.content)), found.card.definition


_tone = lru_cache(maxsize=1)(sentiment_weights.unpacked)
_accounts = lru_cache(maxsize=1)(actors_weights.unpacked)
