"""Who was forgotten is known by digests, under one ghost however often."""

import pytest

from gitinsight.errors import BrokenEnvironment
from gitinsight.veil import NOTHING, Kind
from tests.support.rows import AT
from warehouse import forgotten, jobs, repositories
from warehouse.engine import Connection, Engine, driver
from warehouse.forgotten import Busy, Person

JANE = Person(("jane",), (77,), ("jane@x.org", "j@y.org"), ("Jane Doe",))


def follow(connection: Connection, full_name: str) -> int:
    return repositories.add(
        connection, host="https://api.github.com", full_name=full_name, clone_url="u", at=AT
    )[0].repository_id


def test_nobody_is_forgotten_at_first(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        assert forgotten.load(connection) is NOTHING


def test_a_person_who_is_forgotten_again_keeps_the_ghost(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        first = forgotten.remember(connection, JANE, at=AT)
        other = forgotten.remember(connection, Person(("ann",), (), (), ()), at=AT)
        again = forgotten.remember(connection, Person(("new",), (77,), ("z@z",), ()), at=AT)
        veil = forgotten.load(connection)

    assert first == again != other
    assert veil.text("@new @jane @ann z@z") == (
        f"@{first.login} @{first.login} @{other.login} {first.email(3)}"
    )
    assert {veil.text(one, "email") for one in JANE.emails} == {first.email(1), first.email(2)}


def test_nothing_of_the_person_is_held_in_plain_text(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        forgotten.remember(connection, JANE, at=AT)
        lines = (
            driver(connection)
            .execute(
                "select to_jsonb(one)::text from ops.ghost_terms as one"
                " union all select to_jsonb(one)::text from ops.ghosts as one"
            )
            .fetchall()
        )

    assert len(lines) == len(list(JANE.terms())) + 1
    assert not any(text in line for (line,) in lines for _, text in JANE.terms() if text != "77")


def test_nobody_is_forgotten_while_an_analysis_runs(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        job, _ = jobs.enqueue(connection, follow(connection, "o/r"), is_full=False, at=AT)
        jobs.claim(connection, job.job_id, worker="w", at=AT, lease_seconds=60)

    with pytest.raises(Busy, match="1 analyses are running"), warehouse.begin() as connection:
        forgotten.remember(connection, JANE, at=AT)


def test_who_gives_a_repository_its_name_is_not_forgotten(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        follow(connection, "Jane/r")

        with pytest.raises(BrokenEnvironment, match="Jane/r is followed"):
            forgotten.remember(connection, JANE, at=AT)
        with pytest.raises(BrokenEnvironment, match="ghost is nobody"):
            forgotten.find(connection, "Ghost")


def test_earlier_logins_addresses_and_names_are_found(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.git_identities (repository_id, email, login, user_id, evidence,"
            f" looked_up_at, run_id) values (1, 'j@x', 'jane', 77, 'commit', '{AT}',"
            f" gen_random_uuid()), (2, 'k@x', 'jane-before', 77, 'commit', '{AT}',"
            " gen_random_uuid())"
        )

        found = forgotten.find(connection, "JANE", emails=["More@x"], names=["Jane Doe"])

    assert found == Person(("jane", "jane-before"), (77,), ("j@x", "k@x", "more@x"), ("Jane Doe",))
    assert (Kind.ID, "77") in list(found.terms())


def test_addresses_that_mailmap_and_merges_say_are_the_persons_are_found(
    warehouse: Engine,
) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.git_identities (repository_id, email, login, user_id, evidence,"
            f" looked_up_at, run_id) values (1, 'j@x', 'jane', 77, 'commit', '{AT}',"
            " gen_random_uuid())"
        )
        connection.exec_driver_sql(
            "insert into raw.git_mailmap (repository_id, email, proper_email, extracted_at,"
            f" replaced_at, run_id) values (1, 'old@x', 'j@x', '{AT}', null, gen_random_uuid()),"
            f" (1, 'other@x', 'j@x', '{AT}', '{AT}', gen_random_uuid())"
        )
        connection.exec_driver_sql(
            "insert into ops.identity_merges (alias, person, reason, merged_by, merged_at,"
            f" unmerged_at) values ('home@x', 'Jane', 'r', 'b', '{AT}', null),"
            f" ('attic@x', 'old@x', 'r', 'b', '{AT}', null), ('no@x', 'jane', 'r', 'b', '{AT}',"
            f" '{AT}')"
        )

        found = forgotten.find(connection, "jane")

    assert found.emails == ("attic@x", "home@x", "j@x", "old@x")


def test_an_address_that_is_meant_by_the_persons_is_the_persons_too(warehouse: Engine) -> None:
    """And so whatever is said of that one; but none that GitHub says is somebody else's."""
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.git_identities (repository_id, email, login, user_id, evidence,"
            f" looked_up_at, run_id) values (1, 'j@x', 'jane', 77, 'commit', '{AT}',"
            f" gen_random_uuid()), (2, 'ann@x', 'ann', 80, 'commit', '{AT}', gen_random_uuid()),"
            f" (1, 'proper@x', null, null, 'commit', '{AT}', gen_random_uuid())"
        )
        connection.exec_driver_sql(
            "insert into raw.git_mailmap (repository_id, email, proper_email, extracted_at, run_id)"
            f" select 1, email, proper, '{AT}', gen_random_uuid() from (values"
            " ('j@x', 'proper@x'), ('older@x', 'proper@x'), ('laptop@x', 'later@x'),"
            " ('ann@x', 'proper@x')) as said (email, proper)"
        )
        connection.exec_driver_sql(
            "insert into ops.identity_merges (alias, person, reason, merged_by, merged_at)"
            f" values ('older@x', 'later@x', 'r', 'b', '{AT}')"
        )

        found = forgotten.find(connection, "jane")

    assert found.emails == ("j@x", "laptop@x", "later@x", "older@x", "proper@x")
    assert found.logins == ("jane",)


@pytest.mark.parametrize("login", ["jane", "Jane-Work", "jane-old"])
def test_accounts_that_are_merged_are_one_person(warehouse: Engine, login: str) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.git_identities (repository_id, email, login, user_id, evidence,"
            " looked_up_at, run_id) select 1, email, login, id, 'commit',"
            f" '{AT}', gen_random_uuid() from (values ('j@x', 'jane', 77),"
            " ('w@x', 'jane-work', 78), ('o@x', 'jane-old', 79),"
            " ('a@x', 'ann', 80)) as told (email, login, id)"
        )
        connection.exec_driver_sql(
            "insert into ops.identity_merges (alias, person, reason, merged_by, merged_at,"
            f" unmerged_at) values ('jane-work', 'Jane', 'r', 'b', '{AT}', null),"
            f" ('jane-old', 'jane-work', 'r', 'b', '{AT}', null), ('ann', 'jane', 'r', 'b', '{AT}',"
            f" '{AT}')"
        )

        found = forgotten.find(connection, login)

    assert found.logins == ("jane", "jane-old", "jane-work")
    assert found.ids == (77, 78, 79)
    assert found.emails == ("j@x", "o@x", "w@x")
