"""What is said about an account holds until something else is said; what was said is kept."""

from datetime import timedelta

import pytest

from gitinsight.errors import NotFound
from tests.support.rows import AT, fetch
from warehouse import actors
from warehouse.actors import Override
from warehouse.engine import Engine

LATER = AT + timedelta(hours=1)


def test_the_newest_word_holds_whatever_the_case(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        actors.override(connection, "Ann", "bot", reason="first", at=AT)
        actors.override(connection, "ANN", "human", reason="then", at=LATER)

        assert actors.overrides(connection) == [Override("ann", "human", "then", LATER)]
        kept = fetch(
            connection,
            "select actor_class, set_at, unset_at from ops.actor_overrides order by set_at",
        )
        assert kept == [("bot", AT, LATER), ("human", LATER, None)]


def test_what_is_taken_back_leaves_it_to_the_rules(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        actors.override(connection, "ann", "bot", reason="first", at=AT)
        actors.let_rules_decide(connection, "Ann", at=LATER)

        assert actors.overrides(connection) == []
        with pytest.raises(NotFound):
            actors.let_rules_decide(connection, "ann", at=LATER)
