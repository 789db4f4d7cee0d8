"""Which version of a model is in use."""

from gitinsight.cards.catalogue import Card, card, cards
from tests.support.rows import AT, value
from warehouse import registry
from warehouse.engine import Engine

SHIPPED = card("actors")


def version(number: int) -> Card:
    return SHIPPED.model_copy(update={"version": number})


def record(warehouse: Engine, number: int, *, is_published: bool) -> None:
    with warehouse.begin() as connection:
        registry.record(
            connection, version(number), b"weights %d" % number, is_published=is_published,
            verdict="so", at=AT,
        )  # fmt: skip


def used(warehouse: Engine) -> tuple[str, bytes | None]:
    with warehouse.begin() as connection:
        found = registry.in_use(connection, "actors")
    return found.card.definition, found.content


def test_the_package_has_one_until_another_is_published(warehouse: Engine) -> None:
    number = SHIPPED.version
    assert used(warehouse) == (SHIPPED.definition, None)

    record(warehouse, number + 1, is_published=False)
    assert used(warehouse) == (SHIPPED.definition, None)
    record(warehouse, number + 2, is_published=True)

    assert used(warehouse) == (f"actors@{number + 2}", b"weights %d" % (number + 2))
    with warehouse.begin() as connection:
        assert registry.next_version(connection, "actors") == number + 3
        assert registry.next_version(connection, "sentiment") == card("sentiment").version + 1
        told = [one.definition for one in registry.cards_in_use(connection)]
    assert told == [
        f"actors@{number + 2}" if one == "actors" else cards()[one].definition for one in cards()
    ]


def test_a_later_package_takes_the_place_of_what_was_trained_here(warehouse: Engine) -> None:
    record(warehouse, SHIPPED.version, is_published=True)

    assert used(warehouse) == (SHIPPED.definition, None)


def test_of_one_that_is_not_published_nobody_keeps_the_weights(warehouse: Engine) -> None:
    record(warehouse, SHIPPED.version + 1, is_published=False)

    assert value(warehouse, "select content from ops.model_versions") is None
