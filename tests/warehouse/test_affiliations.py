"""Whom persons worked for: for one at a time, all of a list or none, and what was said is kept."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from gitinsight.errors import BrokenEnvironment, NotFound
from tests.support.rows import AT, fetch
from warehouse import affiliations, dirty
from warehouse.affiliations import Affiliation
from warehouse.engine import Engine, driver

LATER = AT + timedelta(hours=1)
ACME = Affiliation("ann", "Acme", None, date(2026, 1, 31), "she said so")
BELL = Affiliation("ann", "Bell", date(2026, 2, 1), None, "she said so")


def test_days_that_follow_each_other_are_two_organisations(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        affiliations.add(connection, [BELL, ACME, ACME], at=AT)
        affiliations.add(connection, [ACME], at=LATER)

        assert affiliations.held(connection) == [ACME, BELL]


def test_nobody_works_for_two_on_one_day_and_a_list_with_that_is_refused(
    warehouse: Engine,
) -> None:
    until_february = Affiliation("Ann", "Acme", None, date(2026, 2, 1), "she said so")
    with pytest.raises(BrokenEnvironment, match="at Bell and at Acme"), warehouse.begin() as one:
        affiliations.add(one, [BELL, until_february], at=AT)
    with warehouse.begin() as connection:
        assert affiliations.held(connection) == []


def test_what_ends_before_it_begins_is_refused(warehouse: Engine) -> None:
    never = Affiliation("ann", "Acme", date(2026, 2, 1), date(2026, 1, 1), "she said so")
    with warehouse.begin() as connection, pytest.raises(BrokenEnvironment, match="before it beg"):
        affiliations.add(connection, [never], at=AT)


def test_what_is_forgotten_is_kept_with_its_time(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        affiliations.add(connection, [ACME], at=AT)
        affiliations.unset(connection, "ANN", at=LATER)

        assert affiliations.held(connection) == []
        assert fetch(connection, "select organisation, unset_at from ops.affiliations") == [
            ("Acme", LATER)
        ]
        with pytest.raises(NotFound):
            affiliations.unset(connection, "ann", at=LATER)


def test_repositories_with_commits_of_such_authors_are_marked(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        for repository_id, email in (
            (1, "Ann@Acme.test"), (2, "a@home"), (3, "eve@other.test"), (4, "old@x"), (5, "a@lap"),
        ):  # fmt: skip
            fetch(
                connection,
                "insert into raw.git_commits (repository_id, sha, parents, author_name,"
                " author_email, committer_name, committer_email, message, is_on_default_branch,"
                " source, sanitized, extracted_at, run_id, authored_at_raw, committed_at_raw)"
                " values (%s, 'a', '{}', 'x', %s, 'x', 'x', '', true, 'git', false, %s, %s, '', '')"
                " returning 1",
                repository_id, email, AT, uuid4(),
            )  # fmt: skip
        driver(connection).execute(
            "insert into raw.git_identities (repository_id, email, login, evidence, looked_up_at,"
            " run_id) values (2, 'a@home', 'Ann', 'commit', %s, %s)",
            (AT, uuid4()),
        )

        assert affiliations.add(connection, [ACME], at=AT) == [2]
        acme = Affiliation("@acme.test", "Acme", None, None, "their site")
        assert affiliations.add(connection, [acme], at=AT) == [1]
        assert affiliations.unset(connection, "@ACME.test", at=AT) == [1]
        assert [one.thing for one in dirty.due(connection, 1)] == ["figures"]

        # Through .mailmap, and through merges of merges, in whatever direction.
        driver(connection).execute(
            "insert into raw.git_mailmap (repository_id, email, proper_email, extracted_at, run_id)"
            " values (5, 'a@lap', 'a@home', %s, %s)",
            (AT, uuid4()),
        )
        for alias, person in (("old@x", "ann-old"), ("ann-old", "Ann"), ("a@home", "Ann")):
            driver(connection).execute(
                "insert into ops.identity_merges (alias, person, reason, merged_by, merged_at)"
                " values (%s, %s, 'r', 'b', %s)",
                (alias, person, AT),
            )
        for subject in ("ann", "ann-old"):
            said = Affiliation(subject, "Acme", date(2027, 1, 1), None, "she said so")
            assert affiliations.add(connection, [said], at=AT) == [2, 4, 5]
