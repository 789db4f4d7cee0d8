"""Texts are judged once, and again when they change."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from flows.steps.tones import read_tones
from gitinsight.ai_settings import SentimentSettings
from gitinsight.cards.catalogue import card
from gitinsight.settings import Settings
from tests.support.analyses import attempting, rows
from warehouse.engine import Engine, make_engine

NAME = "synthetic-labs/borealis"
BODIES = """
    select 'github_issue_comments', id, payload ->> 'body' from raw.github_issue_comments
    where payload -> 'user' ->> 'type' <> 'Bot' and payload ->> 'body' <> ''
"""


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def test_every_text_of_a_human_has_a_tone_when_its_job_is_done(held: Engine) -> None:
    found = rows(
        held,
        "select count(*) filter (where tone.text_digest is null), count(*)"
        f" from ({BODIES}) as said (source, id, body) left join insights.text_tone as tone"
        " on tone.text_digest = sha256(convert_to(body, 'UTF8'))",
    )
    ((without, every),) = found

    assert every > 0
    assert without == 0
    assert rows(held, "select distinct model from insights.text_tone") == [
        (card("sentiment").definition,)
    ]
    ((texts, unjudged),) = rows(
        held,
        "select count(*), count(*) filter (where label is null) from intermediate.int_texts",
    )
    assert texts >= every
    assert unjudged < texts
    ((told, said),) = rows(
        held,
        "select sum(texts_count) filter (where every = 'day'),"
        " sum(texts_count) filter (where every = 'week') from marts.sentiment_daily",
    )
    assert told == said == texts
    ((by_thread, of_few),) = rows(
        held,
        "select sum(texts_count), count(*) filter (where sentiment_index is not null and"
        " (scored_count < 5 or persons_count < 3)) from marts.sentiment_thread",
    )
    assert (by_thread, of_few) == (texts, 0)


@pytest.mark.parametrize("limit", [7, 2_000])
def test_only_what_changed_is_judged_again(analysed: Settings, held: Engine, limit: int) -> None:
    with attempting(analysed, held, NAME) as run:
        assert read_tones(run, limit=limit) == 0
        with held.begin() as connection:
            connection.exec_driver_sql(
                "update raw.github_issue_comments set payload = payload ||"
                " jsonb_build_object('body', 'I hate this ' || id) where id in"
                " (select id from raw.github_issue_comments"
                " where payload -> 'user' ->> 'type' <> 'Bot' order by id limit 3)"
            )
        assert read_tones(run, limit=limit) == 3
        with held.begin() as connection:
            connection.exec_driver_sql("update insights.text_tone set model = 'sentiment@0'")
        assert read_tones(run, limit=limit) > 3
        assert read_tones(run, limit=limit) == 0
    said = rows(
        held,
        "select label from insights.text_tone where text_digest in (select"
        " sha256(convert_to(payload ->> 'body', 'UTF8')) from raw.github_issue_comments"
        " where payload ->> 'body' like 'I hate this%')",
    )
    assert said == [("negative",)] * 3


def test_without_the_weights_of_the_cascade_the_fast_model_judges_and_that_is_said(
    analysed: Settings, held: Engine
) -> None:
    with capture_logs() as said, attempting(analysed, held, NAME) as run:
        run.sentiment = SentimentSettings(mode="cascade")
        assert read_tones(run) == 0  # the fast model has judged all of it

    assert [one["event"] for one in said] == ["tones_by_the_fast_model"]
