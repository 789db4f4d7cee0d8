"""A ledger of merges: who said what when, nothing in a circle, and all of it can be taken back."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from gitinsight.errors import BrokenEnvironment, NotFound
from tests.support.marts import make
from tests.support.rows import AT
from warehouse import dirty, identities
from warehouse.engine import Connection, Engine, driver
from warehouse.identities import Merge

LATER = AT + timedelta(hours=1)
CASES = yaml.safe_load(
    (Path(__file__).parents[2] / "dbt/models/intermediate/_unit_tests.yml").read_text("utf-8")
)
ACTORS = "repository_id bigint, login text, actor_class text"


@pytest.fixture
def shown(warehouse: Engine) -> Engine:
    """Ann is an account in the first repository, her addresses are in the second and third."""
    with warehouse.begin() as connection:
        make(
            connection, "marts.dim_actor", ACTORS, (1, "Ann", "human"), (1, "Bea", "human"),
            (2, "ann@home", "human"), (3, "ann@work", "human"), (4, "eve", "human"),
        )  # fmt: skip
    return warehouse


def merged(connection: Connection, alias: str, person: str) -> list[int]:
    return identities.merge(connection, alias, person, reason="she said so", by="eve", at=AT)


def test_a_merge_is_kept_with_who_and_why_and_marks_what_it_concerns(shown: Engine) -> None:
    with shown.begin() as connection:
        assert merged(connection, "ANN@home", "ann") == [1, 2]

        assert identities.merges(connection) == [
            Merge("ann@home", "Ann", "she said so", "eve", AT)
        ]  # fmt: skip
        [mark] = dirty.due(connection, 2)
        assert (mark.thing, mark.reason) == ("figures", "ann@home is merged into Ann")
        assert dirty.due(connection, 4) == []


def test_a_merge_that_is_taken_back_stays_in_the_ledger(shown: Engine) -> None:
    with shown.begin() as connection:
        merged(connection, "ann@home", "Ann")
        assert identities.unmerge(connection, "Ann@Home", by="bob", at=LATER) == [1, 2]

        assert identities.merges(connection) == []
        [kept] = identities.merges(connection, ended=True)
        assert (kept.merged_by, kept.unmerged_by, kept.unmerged_at) == ("eve", "bob", LATER)
        with pytest.raises(NotFound):
            identities.unmerge(connection, "ann@home", by="bob", at=LATER)


def test_what_cannot_be_merged_is_refused(shown: Engine) -> None:
    with shown.begin() as connection:
        merged(connection, "ann@home", "ann@work")
        assert merged(connection, "ann@work", "Ann") == [1, 3]

        for alias, person, why in (
            ("ann@home", "Bea", "is merged into ann@work"),
            ("Ann", "ann@home", "is Ann already"),
            ("Bea", "Bea", "is Bea already"),
        ):
            with pytest.raises(BrokenEnvironment, match=why):
                merged(connection, alias, person)
        with pytest.raises(NotFound, match="nobody@x"):
            merged(connection, "nobody@x", "Ann")


def test_an_account_is_not_merged_into_an_address(shown: Engine) -> None:
    with shown.begin() as connection, pytest.raises(BrokenEnvironment, match="is an account"):
        merged(connection, "Bea", "ann@home")


def test_whose_a_commit_is_is_what_the_models_say(warehouse: Engine) -> None:
    """The cases are those of dbt's own test of the model int_commits."""
    [case] = [one for one in CASES["unit_tests"] if one["name"].startswith("whose_a_commit_is")]
    given = {one["input"]: one["rows"] for one in case["given"]}
    of = {one["sha"]: one["repository_id"] for one in given["ref('stg_git__commits')"]}
    expected = {(of[one["sha"]], one["sha"]): one["person"] for one in case["expect"]["rows"]}
    with warehouse.begin() as connection:
        raw = driver(connection)
        for one in given["ref('stg_git__commits')"]:
            raw.execute(
                "insert into raw.git_commits (repository_id, sha, parents, author_name,"
                " author_email, committer_name, committer_email, message, is_on_default_branch,"
                " source, sanitized, extracted_at, run_id, authored_at_raw, committed_at_raw)"
                " values (%(repository_id)s, %(sha)s, '{}', %(sha)s, upper(%(author_email)s), '',"
                " '', '', true, 'git', false, %(at)s, gen_random_uuid(), '', '')",
                one | {"at": AT},
            )
        for one in given["ref('stg_git__mailmap')"]:
            raw.execute(
                "insert into raw.git_mailmap (repository_id, email, proper_email, extracted_at,"
                " run_id) values (%(repository_id)s, %(email)s, %(proper_email)s, %(at)s,"
                " gen_random_uuid())",
                one | {"at": AT},
            )
        for one in given["ref('stg_git__identities')"]:
            raw.execute(
                "insert into raw.git_identities (repository_id, email, login, evidence,"
                " looked_up_at, run_id) values (%(repository_id)s, %(email)s, %(login)s, 'commit',"
                " %(at)s, gen_random_uuid())",
                one | {"at": AT},
            )
        for one in given["ref('int_aliases')"]:
            raw.execute(
                "insert into ops.identity_merges (alias, person, reason, merged_by, merged_at)"
                " values (%(alias)s, %(person)s, 'r', 'b', %(at)s)",
                one | {"at": AT},
            )
        persons = {(number, person, "human") for (number, _), person in expected.items()}
        make(connection, "marts.dim_actor", ACTORS, *sorted(persons))

        found = {
            (number, sha): one.login
            for number in set(of.values())
            for one in identities.in_repository(connection, number)
            for sha in one.names
        }
    assert found == expected


def test_before_anything_is_published_nobody_is_known(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        assert identities.concerned(connection, ["ann"]) == []
        with pytest.raises(NotFound):
            merged(connection, "ann@home", "ann")
