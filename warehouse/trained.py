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
    return _tone(found.content, found.card.sha256), found.card.definition


def accounts(connection: Connection) -> tuple[actors.Weights, str]:
    """The model of accounts, and its version."""
    found = registry.in_use(connection, actors_weights.NAME)
    if found.content is None:
        return actors_weights.shipped(), found.card.definition
    return _accounts(found.content, found.card.sha256), found.card.definition


@lru_cache(maxsize=1)
def _tone(content: bytes, digest: str) -> sentiment.Weights:
    return sentiment_weights.verified(content, digest)


@lru_cache(maxsize=1)
def _accounts(content: bytes, digest: str) -> actors.Weights:
    return actors_weights.verified(content, digest)
