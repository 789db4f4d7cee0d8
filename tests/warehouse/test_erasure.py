"""Tables that nobody has told the erasure of are emptied of a person, and looked through."""

import json

import pytest

from tests.support.rows import AT
from warehouse import erasure, forgotten
from warehouse.engine import Connection, Engine, driver
from warehouse.erasure import Changes
from warehouse.forgotten import Person

JANE = Person(("jane",), (77,), ("jane@x.org", "j@y.org"), ("Jane Doe",))


def erase(connection: Connection, person: Person = JANE) -> Changes:
    changes = Changes()
    ghost = forgotten.remember(connection, person, at=AT)
    veil = forgotten.load(connection)
    for columns in erasure.tables(connection):
        erasure.erase(connection, columns, {person: ghost}, changes, veil=veil)
    return changes


def test_a_table_that_is_new_is_found_with_every_kind_of_column(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("create schema new")
        raw.execute(
            "create table new.one (body text, payload jsonb, raw bytea, names text[],"
            " actor_id bigint, repository_id bigint, state text)"
        )
        raw.execute(
            "insert into new.one values ('by Jane  Doe', %s, %s, '{jane,ann}', 77, 5, 'open'),"
            " ('janet', '{\"id\": 77}', 'jan', '{ann}', 78, 6, 'jane-smith')",
            (json.dumps({"user": {"id": 77, "login": "x"}}), b'{"email": "JANE@x.org"}'),
        )
        before = erasure.remains(connection, JANE)
        changes = erase(connection)
        lines = raw.execute("select one::text from new.one order by repository_id").fetchall()

        assert erasure.remains(connection, JANE) == {}
    assert before == dict(changes.rows)
    assert set(before) == {
        f"new.one.{name}" for name in ("body", "payload", "raw", "names", "actor_id")
    }
    assert changes.of("new.one") == {5}
    assert lines[1] == ('(janet,"{""id"": 77}","\\\\x6a616e",{ann},78,6,jane-smith)',)


@pytest.mark.parametrize("name", ["Jürgen Groß", "Łukasz 王", "Ann 😀 Lee"])
def test_a_name_is_found_however_its_letters_are_written(warehouse: Engine, name: str) -> None:
    person = Person((), (), (), (name,))
    told = {"name": f"by {name.upper()}" if "ß" not in name else f"by {name}"}
    written = [json.dumps(told, ensure_ascii=is_ascii).encode() for is_ascii in (True, False)]
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("create table public.spelt (body bytea, held json, note text)")
        for body in written:
            raw.execute(
                "insert into public.spelt values (%s, %s, %s)", (body, body.decode(), told["name"])
            )
        found = {"public.spelt.body": 2, "public.spelt.held": 2, "public.spelt.note": 2}
        assert erasure.remains(connection, person) == found
        assert erase(connection, person).rows == found
        assert erasure.remains(connection, person) == {}


def test_a_row_that_another_one_stands_for_is_removed(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("create table public.keyed (login text primary key)")
        raw.execute("insert into public.keyed values ('jane'), ('JANE'), ('ann')")
        changes = erase(connection)
        held = raw.execute("select login from public.keyed order by login").fetchall()

    assert held == [("ann",), ("ghost.1",)]
    assert changes.removed == {"public.keyed": 1}


def test_what_cannot_be_erased_is_told(warehouse: Engine) -> None:
    """A word that stands alone where none of ours names a person may be GitHub's own."""
    with warehouse.begin() as connection:
        driver(connection).execute("create table public.odd (state text)")
        driver(connection).execute("insert into public.odd values ('jane')")
        erase(connection)

        assert erasure.remains(connection, JANE) == {"public.odd.state": 1}
        word = Person(("jane",), (), (), (), is_common_word=True)
        assert erasure.remains(connection, word) == {}


def test_figures_that_changed_are_another_publication(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.publications (repository_id, publication, job_id, as_of, published_at,"
            f" quality_status, coverage) select n, 3, gen_random_uuid(), '{AT}', '{AT}', 'passed',"
            " '{}' from generate_series(1, 2) as n"
        )
        changes = Changes(repositories={"marts.dim_actor": {2}, "raw.git_commits": {1}})
        erasure.show_change(connection, changes)
        held = (
            driver(connection)
            .execute("select publication from ops.publications order by repository_id")
            .fetchall()
        )

    assert held == [(3,), (4,)]


def test_an_address_that_is_learnt_goes_and_stays_away(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        ghost = forgotten.remember(connection, JANE, at=AT)
        connection.exec_driver_sql(
            "insert into raw.git_commits (repository_id, sha, parents, author_name, author_email,"
            " authored_at_raw, committer_name, committer_email, committed_at_raw, message,"
            " is_on_default_branch, source, sanitized, extracted_at, run_id) values (1, 'c', '{}',"
            " 'J. Dee', 'New@x.org', '', 'J. Dee', 'new@x.org', '', 'By: J. Dee <new@x.org>', true,"
            f" 'git', false, '{AT}', gen_random_uuid())"
        )
    erasure.learn(warehouse, "new@x.org", ghost)

    with warehouse.begin() as connection:
        [held] = (
            driver(connection)
            .execute(
                "select author_name, author_email, committer_email, message from raw.git_commits"
            )
            .fetchall()
        )
        assert forgotten.load(connection).text("NEW@x.org") == ghost.email(3)
    assert held == (
        ghost.login, ghost.email(3), ghost.email(3), f"By: {ghost.login} <{ghost.email(3)}>"
    )  # fmt: skip
