"""The figures of an earlier day are those that were shown then, whatever has changed since."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows import past as earlier
from flows.project import manifest
from gitinsight import clock
from gitinsight.errors import BrokenEnvironment, NotFound
from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.support.analyses import analyse, rows
from tests.support.github import GitHub
from warehouse import export, past, publish
from warehouse.engine import Engine, make_engine
from warehouse.insights import ORDER

NAME = "synthetic-labs/borealis"
CHANGES = (
    "edit_issue", "close_issue", "delete_issue", "delete_comment", "new_comment", "new_review",
    "merge_pull_request", "new_release", "new_run", "new_deployment", "new_discussion",
    "rename_label", "new_commit", "force_push", "move_tag",
)  # fmt: skip


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def hashes(warehouse: Engine, schema: str) -> dict[str, str]:
    """Mart -> a hash of every row of it."""
    with warehouse.connect() as connection:
        every = publish.published(connection)
    return {mart: _hash(warehouse, f"{schema}.{mart}") for mart in every}


def insights(warehouse: Engine, schema: str) -> dict[str, str]:
    """The same of what Python makes of marts, but for the job that did."""
    return {one: _hash(warehouse, f"{schema}.{one}", "job_id") for one in ORDER}


def _hash(warehouse: Engine, table: str, *without: str) -> str:
    lines = rows(
        warehouse,
        f"select (to_jsonb(one) - '{{{','.join(without)}}}'::text[])::text"
        f" from {table} as one order by 1",
    )
    return hashlib.sha256("\n".join(line for (line,) in lines).encode()).hexdigest()


def test_every_mart_is_again_what_it_was(analysed: Settings, held: Engine, github: GitHub) -> None:
    shown, made = hashes(held, "marts"), insights(held, "insights")
    then = clock.now()
    for operation in CHANGES:
        github.change(NAME, operation)
    assert analyse(analysed, held, NAME, is_full=True).state in {"succeeded", "partial"}
    shown_now, made_now = hashes(held, "marts"), insights(held, "insights")
    assert made != made_now
    assert {mart for mart in shown if shown[mart] != shown_now[mart]} > {
        "repository_summary", "daily_activity", "issue_responsiveness", "code_quality",
    }  # fmt: skip

    with earlier.figures(analysed, held, then, with_insights=True) as [instant]:
        assert instant.held_at <= then
        assert hashes(held, past.MARTS) == shown
        assert insights(held, past.INSIGHTS) == made
    with earlier.figures(analysed, held, clock.now(), with_insights=True):
        assert hashes(held, past.MARTS) == shown_now
        assert insights(held, past.INSIGHTS) == made_now
    assert hashes(held, "marts") == shown_now


def test_before_the_first_publication_there_are_no_figures(
    analysed: Settings, held: Engine
) -> None:
    with (
        pytest.raises(NotFound, match="published by"),
        earlier.figures(analysed, held, clock.now() - timedelta(days=1)),
    ):
        pass


def test_analysts_ask_the_past_and_nothing_of_today(gitinsight: Gitinsight, held: Engine) -> None:
    question = "select issues_count from repository_summary"
    assert gitinsight("query", question, "--json")[0] == 0
    code, out, _ = gitinsight("query", question, "--as-of", "2999-01-01", "--of", NAME, "--json")
    assert (code, json.loads(out)) == (0, [{"issues_count": 24}])
    question = "select caf_50_count from insights.bus_factor where window_days = 0"
    code, out, _ = gitinsight("query", question, "--as-of", "2999-01-01", "--json")
    assert (code, json.loads(out)) == (0, [{"caf_50_count": 2}])

    with held.begin() as connection:
        connection.exec_driver_sql("update marts.repository_summary set issues_count = 0")
    for question in (
        "select issues_count from marts.repository_summary",
        "with shown as (select * from repository_summary) select issues_count from shown",
    ):
        code, out, told = gitinsight(
            "query", question, "--as-of", "2999-01-01", "--of", NAME, "--json"
        )
        assert (code, out and json.loads(out)) == (0, [{"issues_count": 24}]), told


@pytest.mark.parametrize("kind", export.FORMATS)
def test_a_mart_of_the_past_can_be_taken_away(
    gitinsight: Gitinsight, held: Engine, tmp_path: Path, kind: str
) -> None:
    file, now = tmp_path / "then", tmp_path / "now"
    assert gitinsight("export", "daily_activity", "--format", kind, "--output", str(now))[0] == 0
    with held.begin() as connection:
        connection.exec_driver_sql("delete from marts.daily_activity")

    code, _, err = gitinsight(
        "export", "daily_activity", "--format", kind, "--as-of", "2999-01-01", "--output", str(file)
    )

    assert (code, err) == (0, "")
    assert file.read_bytes() == now.read_bytes()
    assert gitinsight("export", "nothing", "--as-of", "2999-01-01")[0] == 1


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_what_is_no_time_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BrokenEnvironment, match="is no time"):
        earlier.instant(text)


def test_a_day_is_meant_to_its_end() -> None:
    assert earlier.instant("2026-01-31").isoformat() == "2026-01-31T23:59:59.999999+00:00"
    assert earlier.instant("2026-01-31T12:00:00").isoformat() == "2026-01-31T12:00:00+00:00"
    assert earlier.instant("2026-01-31T12:00:00+02:00").isoformat() == "2026-01-31T12:00:00+02:00"


def test_whatever_dbt_reads_has_a_past(held: Engine, tmp_path: Path) -> None:
    sources = manifest(tmp_path)["sources"].values()
    with held.begin() as connection:
        past.set_to(connection, clock.now())
    there = {
        (schema.removeprefix(past.PREFIX), name)
        for schema, name in rows(
            held, "select table_schema, table_name from information_schema.tables"
            f" where table_schema like '{past.PREFIX}%'"
        )
    }  # fmt: skip
    assert {(one["schema"], one["name"]) for one in sources} <= there
