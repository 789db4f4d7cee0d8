"""Which version of a trained model is in use: the package's, or one that was trained here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from gitinsight.cards.catalogue import Card, card, cards
from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Version:
    """``content`` is null of the one that the package carries."""

    card: Card
    content: bytes | None


def in_use(connection: Connection, model: str) -> Version:
    """The highest version that is published. The package's is, and one that comes with a later
    package takes the place of what was trained here before.
    """
    shipped = card(model)
    found = (
        driver(connection)
        .execute(
            "select card, content from ops.model_versions"
            " where model = %s and is_published and version > %s order by version desc limit 1",
            (model, shipped.version),
        )
        .fetchone()
    )
    return Version(Card.model_validate(found[0]), found[1]) if found else Version(shipped, None)


def cards_in_use(connection: Connection) -> Iterator[Card]:
    """Of every model, by id; the weights stay where they are."""
    told = driver(connection).execute(
        "select distinct on (model) model, version, card from ops.model_versions"
        " where is_published order by model, version desc"
    )
    trained = {model: (version, held) for model, version, held in told}
    for model, shipped in cards().items():
        version, held = trained.get(model, (0, None))
        yield Card.model_validate(held) if version > shipped.version else shipped


def next_version(connection: Connection, model: str) -> int:
    found = (
        driver(connection)
        .execute("select max(version) from ops.model_versions where model = %s", (model,))
        .fetchone()
    )
    return max(card(model).version, (found and found[0]) or 0) + 1


def record(
    connection: Connection, told: Card, content: bytes, *, is_published: bool, verdict: str,
    at: datetime,
) -> None:  # fmt: skip
    """Of one that is not published nobody needs the weights."""
    driver(connection).execute(
        "insert into ops.model_versions"
        " (model, version, is_published, verdict, card, content, trained_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (
            told.id, told.version, is_published, verdict, Jsonb(told.model_dump(mode="json")),
            content if is_published else None, at,
        ),
    )  # fmt: skip
