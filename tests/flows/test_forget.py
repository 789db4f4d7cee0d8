"""Whoever is forgotten is in no table, no file and no later analysis, and every figure stays."""

import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from flows import forget
from gitinsight import clock
from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.support.analyses import analyse, count, rows
from tests.support.github import GitHub
from warehouse import erasure, forgotten, publish, webhooks
from warehouse.engine import Engine, driver, make_engine

NAME = "synthetic-labs/borealis"


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    [(repository_id,)] = rows(engine, "select repository_id from ops.repositories")
    (analysed.state_dir / "mirrors" / f"{repository_id}.git").mkdir(parents=True)
    yield engine
    engine.dispose()


def dump(warehouse: Engine) -> Iterator[tuple[str, str]]:
    """Every row of every table of every schema as text, as a dump has it; bytes as text, too."""
    with warehouse.connect() as connection:
        raw = driver(connection)
        tables = raw.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables"
            " where table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 100
        for (table,) in tables:
            for (line,) in raw.execute(f"select to_jsonb(one)::text from {table} as one".encode()):
                decoded = [
                    bytes.fromhex(found).decode("utf-8", "replace")
                    for found in re.findall(r'"\\\\x([0-9a-f]+)"', line)
                ]
                yield table, "\n".join([line, *decoded])


def naming(warehouse: Engine, login: str) -> set[str]:
    word = re.compile(rf"\b{login}\b", re.IGNORECASE)
    return {table for table, line in dump(warehouse) if word.search(line)}


def marts(warehouse: Engine, *, without: str) -> dict[str, list[str]]:
    """Every row of every mart; of the one person only that there is somebody."""
    found = {}
    with warehouse.connect() as connection:
        for mart in publish.published(connection):
            lines = driver(connection).execute(
                f"select to_jsonb(one)::text from marts.{mart} as one".encode()
            )
            found[mart] = sorted(
                re.sub(rf'"({without}|ghost\.1)"', '"?"', line) for (line,) in lines
            )
    return found


def test_nothing_names_a_forgotten_person_and_every_figure_stays(
    gitinsight: Gitinsight, analysed: Settings, held: Engine
) -> None:
    with held.begin() as connection:
        webhooks.store(
            connection, delivery_id=uuid4(), event="issues", action="opened", github_id=1,
            headers={}, body=b'{"sender": {"login": "brook", "id": 7, "url": "u"}}', at=clock.now(),
        )  # fmt: skip
    gitinsight("actors", "set", "Brook", "--class", "human", "--reason", "Brook told me so")
    (number,) = rows(held, "select id from raw.github_users where payload ->> 'login' = 'brook'")[0]
    before, other_ids = marts(held, without="brook"), count(held, "raw.github_users")
    named = naming(held, "brook")
    assert named >= {
        "raw.git_commits", "raw.github_issues", "raw.git_identities", "marts.dim_actor",
        "insights.bus_factor", "ops.webhook_deliveries", "ops.actor_overrides",
    }  # fmt: skip

    code, out, _ = gitinsight("forget", "Brook", "--dry-run", "--json")
    told = {one["where"]: one["rows"] for one in json.loads(out)}
    assert (code, naming(held, "brook")) == (0, named)

    code, out, err = gitinsight("forget", "Brook", "--json")
    assert (code, err) == (0, "")
    assert {one["where"]: one["rows"] for one in json.loads(out)} == told
    assert told["raw.git_commits.author_email"] > 0

    assert naming(held, "brook") == set()
    assert not any(re.search(rf"\b{number}\b", line) for _, line in dump(held))
    assert marts(held, without="brook") == before
    assert count(held, "raw.github_users") == other_ids
    [proof] = rows(held, "select changed, remains, ended_at is null from ops.erasures")
    assert proof == (told, {}, False)
    assert not list((analysed.state_dir / "mirrors").glob("*.git"))


def test_a_forgotten_person_stays_away_and_the_past_is_asked_as_before(
    gitinsight: Gitinsight, analysed: Settings, held: Engine, github: GitHub
) -> None:
    assert gitinsight("forget", "ada")[0] == 0
    for operation in ("new_commit", "new_comment", "edit_issue", "new_review"):
        github.change(NAME, operation)
    assert analyse(analysed, held, NAME, is_full=True).state == "succeeded"
    assert naming(held, "ada") == set()
    [(actors,)] = rows(held, "select count(*) from marts.dim_actor where login = 'ghost.1'")
    assert actors == 1
    code, out, _ = gitinsight(
        "query", "select login from dim_actor where login in ('ada', 'ghost.1')",
        "--as-of", "2999-01-01", "--json",
    )  # fmt: skip
    assert (code, json.loads(out)) == (0, [{"login": "ghost.1"}])


def test_a_forgetting_that_ended_in_the_middle_is_brought_to_its_end_with_one_proof(
    analysed: Settings, held: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held.begin() as connection:
        person = forgotten.find(connection, "brook")
    told = forget.preview(held, analysed.state_dir, person).changes.rows
    for home, work in ((forget, "_drop_mirrors"), (erasure, "wipe")):
        with monkeypatch.context() as patched:
            patched.setattr(home, work, broken)
            with pytest.raises(OSError, match="disk"):
                forget.forget(held, analysed.state_dir, person)
        [(ended,)] = rows(held, "select ended_at is not null from ops.erasures")
        assert not ended
        with held.begin() as connection:
            again = forgotten.find(connection, "brook")
        assert (again == person) == (work == "_drop_mirrors")

    done = forget.forget(held, analysed.state_dir, again)

    [proof] = rows(
        held, "select changed, remains, jsonb_array_length(mirrors), ended_at is null"
        " from ops.erasures",
    )  # fmt: skip
    assert proof == (dict(told), {}, 1, False)
    assert (done.changes.rows, done.remains) == (told, {})
    assert naming(held, "brook") == set()


def broken(*_: object) -> Iterator[str]:
    raise OSError("disk")
