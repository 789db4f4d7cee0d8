"""What a merge would change is answered by the worker, or why it cannot be told."""

from flows import previews as answering
from gitinsight.settings import Settings
from tests.support.marts import make
from tests.support.rows import AT
from warehouse import previews
from warehouse.engine import Engine, make_engine

ACTORS = "repository_id bigint, login text, actor_class text"


def test_why_there_is_no_answer_is_one(settings: Settings, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(connection, "marts.dim_actor", ACTORS, (1, "ada", "human"))
        previews.ask(connection, "nobody@x", "ada", by="admin", at=AT)

    answered = [answering.answer_next(settings, warehouse) for _ in range(2)]

    with warehouse.begin() as connection:
        told = previews.by_id(connection, 1)
    assert answered == [True, False]
    assert (told.moves, told.done_at is None) == (None, False)
    assert "nobody@x in the mart dim_actor" in str(told.reason)


def test_what_would_move_is_told(analysed: Settings) -> None:
    """That it does move is a test of ``merge_preview``."""
    engine = make_engine(analysed.warehouse_url, process="test")
    with engine.begin() as connection:
        previews.ask(connection, "Brook", "ada", by="admin", at=AT)

    answering.answer_next(analysed, engine)

    with engine.begin() as connection:
        told = previews.by_id(connection, 1)
    engine.dispose()
    moved = {one["metric"]: one for one in told.moves or ()}
    assert (moved["bus-factor@1"]["before"], moved["bus-factor@1"]["after"]) == (2, 1)
    assert moved["bus-factor@1"]["repository_id"] == 1
