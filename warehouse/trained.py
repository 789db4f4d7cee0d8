"""The weights of the models that are in use, with what predictions carry of them."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from models import actors, actors_weights, sentiment, sentiment_weights
from warehouse import registry
from warehouse.engine import Connection

T = TypeVar("T")


def tone(connection: Connection) -> tuple[sentiment.Weights, str]:
    """The model of tones, and its version."""
    name = sentiment_weights.NAME
    return _in_use(connection, name, sentiment_weights.shipped, _tone)


def accounts(connection: Connection) -> tuple[actors.Weights, str]:
    """The model of accounts, and its version."""
    name = actors_weights.NAME
    return _in_use(connection, name, actors_weights.shipped, _accounts)


_tone = lru_cache(maxsize=1)(sentiment_weights.unpacked)
_accounts = lru_cache(maxsize=1)(actors_weights.unpacked)


def _in_use(
    connection: Connection, name: str, shipped: Callable[[], T], unpacked: Callable[[bytes], T]
) -> tuple[T, str]:
    found = registry.in_use(connection, name)
    if found.content is None:
        return shipped(), found.card.definition
    return unpacked(found.card.genuine(found.content)), found.card.definition
