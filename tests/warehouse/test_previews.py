"""Previews that were asked for: each is answered once, in their order."""

from datetime import timedelta

import pytest

from gitinsight.errors import NotFound
from tests.support.rows import AT
from warehouse import previews
from warehouse.engine import Engine

MOVE = {"metric": "bus-factor@1", "repository_id": 1, "before": 2.0, "after": None}


def test_who_asks_again_waits_for_the_same_one(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        first = previews.ask(connection, "Bea", "ann", by="user:1", at=AT)
        same = previews.ask(connection, "bea", "Ann", by="user:2", at=AT + timedelta(1))
        other = previews.ask(connection, "ann", "Bea", by="user:2", at=AT)

        assert first == same
        assert other.preview_id != first.preview_id
        assert previews.waiting(connection) == first


def test_an_answer_is_kept_and_the_next_one_waits(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        first = previews.ask(connection, "Bea", "ann", by="user:1", at=AT)
        second = previews.ask(connection, "Eve", "ann", by="user:1", at=AT)
        previews.finish(connection, first.preview_id, moves=[MOVE], reason=None, at=AT)
        assert previews.waiting(connection) == second
        previews.finish(connection, second.preview_id, moves=None, reason="no figures", at=AT)

        assert previews.waiting(connection) is None
        assert previews.by_id(connection, first.preview_id).moves == [MOVE]
        told = previews.by_id(connection, second.preview_id)
        assert (told.moves, told.reason, told.done_at) == (None, "no figures", AT)
        again = previews.ask(connection, "Bea", "ann", by="user:1", at=AT)
        assert again.preview_id not in {first.preview_id, second.preview_id}
        with pytest.raises(NotFound, match="preview 9"):
            previews.by_id(connection, 9)
