"""Accounts are judged before dbt, by what they did in the repository."""

from collections.abc import Iterator

import pytest

from flows.steps.accounts import judge_accounts, of_repository
from gitinsight import clock
from gitinsight.cards.catalogue import card
from gitinsight.settings import Settings
from tests.support.analyses import attempting, rows
from warehouse import past
from warehouse.engine import Engine, make_engine

NAME = "synthetic-labs/borealis"
KEPT = "select login, bot_probability, model, xmin::text from ops.actor_scores order by login"


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def test_whoever_did_enough_is_judged_and_dbt_has_read_it(held: Engine) -> None:
    judged = rows(
        held,
        "select actor.login, actor.bot_model, scored.bot_probability, actor.evidence ->> -1"
        " from marts.dim_actor as actor join ops.actor_scores as scored"
        " using (repository_id, login) order by 1",
    )

    assert len(judged) > 3
    assert {model for _, model, _, _ in judged} == {card("actors").definition}
    for _, model, probability, evidence in judged:
        assert evidence.startswith(f"model: {model} says {probability:g} of ")
    assert rows(
        held,
        "select count(*) from marts.dim_actor where bot_source is null"
        " and actor_class = 'human' and bot_probability >= 0.5",
    ) == [(0,)]


def test_what_is_the_same_is_not_written_again(analysed: Settings, held: Engine) -> None:
    with attempting(analysed, held, NAME) as run:
        before = rows(held, KEPT)
        assert judge_accounts(run) == len(before) > 0
        assert rows(held, KEPT) == before
        with held.begin() as connection:
            connection.exec_driver_sql("update ops.actor_scores set model = 'actors@0'")
        judge_accounts(run)
        assert [row[:3] for row in rows(held, KEPT)] == [row[:3] for row in before]


def test_a_payload_that_cannot_be_read_leaves_verdicts_as_they_were(
    analysed: Settings, held: Engine
) -> None:
    with attempting(analysed, held, NAME) as run:
        before = rows(held, KEPT)
        with held.begin() as connection:
            connection.exec_driver_sql(
                "update raw.github_issues set payload = payload || '{\"created_at\": 1700000000}'"
            )

        assert judge_accounts(run) is None

    assert rows(held, KEPT) == before
    (told,) = rows(held, "select message from ops.job_events where message like 'accounts%'")
    assert "not judged" in told[0]
    assert "1700000000" in told[0]


def test_the_past_is_judged_by_what_was_held_then(analysed: Settings, held: Engine) -> None:
    with held.connect() as connection:
        for schema in ("past_raw", "past_ops"):
            connection.exec_driver_sql(f"create schema {schema}")
        for table in (
            "raw.github_issues", "raw.github_issue_events", "raw.github_issue_comments",
            "raw.github_reviews", "raw.github_review_comments", "raw.github_releases",
            "raw.git_commits", "raw.git_identities", "ops.completeness",
        ):  # fmt: skip
            shown = "where false" if table.startswith("raw.github_issue") else ""
            connection.exec_driver_sql(f"create view past_{table} as select * from {table} {shown}")
        connection.exec_driver_sql(
            "create table past_ops.actor_scores (like ops.actor_scores including indexes)"
        )
        (repository_id,) = rows(held, "select min(repository_id) from ops.actor_scores")[0]
        now = of_repository(connection, repository_id, at=clock.now())
        then = of_repository(connection, repository_id, at=clock.now(), schemas=past.SCHEMAS)
        assert 0 <= then < now
