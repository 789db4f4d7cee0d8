"""Whose address an e-mail is: asked once each, believed on evidence alone."""

from uuid import UUID

import msgspec
import pytest

from flows.steps import commits, discover
from flows.steps.identities import identify
from flows.steps.run import StepResult
from gitinsight.settings import GitHubSettings, Settings
from tests.support.analyses import attempting, rows
from tests.support.github import GitHub
from tests.support.rows import AT, payload_row
from tests.support.upstream import Reply, Upstream
from warehouse import addresses, raw
from warehouse.addresses import Identity
from warehouse.engine import Engine
from warehouse.raw import Origin

NAME = "synthetic-labs/borealis"


def read(settings: Settings, warehouse: Engine) -> StepResult:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        commits.read_commits(run)
        return identify(run)


def test_every_address_is_asked_about_once(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    first = read(settings, warehouse)
    github.start_counting()
    again = read(settings, warehouse)

    assert first.touched == first.rows > 0
    assert again.rows == 0
    assert github.counted()["charged"] == 0


def test_an_address_that_nobody_claims_stays_nobodys(settings: Settings, warehouse: Engine) -> None:
    read(settings, warehouse)

    known = dict(rows(warehouse, "select email, login from raw.git_identities"))
    assert known["1000+ada@users.noreply.github.com"] == "ada"
    assert known["brook@example.invalid"] == "brook"
    assert known.get("unclaimed@example.invalid") is None


def test_without_a_token_only_what_the_address_itself_says_is_believed(
    settings: Settings, warehouse: Engine
) -> None:
    told = settings.github.model_dump() | {"tokens": ""}
    settings = settings.model_copy(update={"github": GitHubSettings.model_validate(told)})

    read(settings, warehouse)

    found = rows(warehouse, "select email, login, evidence from raw.git_identities")
    assert found
    assert all(email.endswith("@users.noreply.github.com") for email, _, _ in found)
    assert {evidence for _, _, evidence in found} == {"noreply"}


def test_whom_github_names_nobody_a_number_in_a_noreply_address_names_for_one_point(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        commits.read_commits(run)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "create temporary table strange as select * from raw.git_commits limit 1;"
                "update strange set sha = repeat('0', 40),"
                " author_email = '7+ann@users.noreply.github.com';"
                "insert into raw.git_commits select * from strange; drop table strange"
            )
        github.start_counting()
        identify(run)

    assert github.counted()["charged"] == 1
    found = rows(
        warehouse, "select login, user_id, evidence from raw.git_identities where login = 'ann'"
    )
    assert found == [("ann", 7, "noreply")]
    by_commit = "select count(*) from raw.git_identities where evidence = 'commit'"
    assert rows(warehouse, by_commit) != [(0,)]


@pytest.mark.parametrize(
    ("email", "identity"),
    [
        ("7+ann@users.noreply.github.com", ("ann", 7, "User", "noreply")),
        ("7+ann_acme@users.noreply.github.com", ("ann_acme", 7, "User", "noreply")),
        ("49699333+dependabot[bot]@users.noreply.github.com",
         ("dependabot[bot]", 49699333, "Bot", "noreply")),
        ("ann@users.noreply.github.com", ("ann", None, "User", "noreply_login")),
        ("ann@users.noreply.github.com.evil.example", None),
        ("ann@example.org", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_an_address_says_by_itself(
    settings: Settings, warehouse: Engine, email: str,
    identity: tuple[str, int | None, str, str] | None,
) -> None:  # fmt: skip
    told = settings.github.model_dump() | {"tokens": ""}
    settings = settings.model_copy(update={"github": GitHubSettings.model_validate(told)})
    with attempting(settings, warehouse, NAME) as run:
        commits.read_commits(run)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update raw.git_commits set author_email = %s, author_name = 'ann'", (email,)
            )

        identify(run)

    found = rows(warehouse, "select login, user_id, actor_type, evidence from raw.git_identities")
    assert found == ([identity] if identity else [])


def test_a_login_of_an_address_is_spelt_as_github_shows_it(
    settings: Settings, warehouse: Engine
) -> None:
    told = settings.github.model_dump() | {"tokens": ""}
    settings = settings.model_copy(update={"github": GitHubSettings.model_validate(told)})
    with attempting(settings, warehouse, NAME) as run:
        commits.read_commits(run)
        before = identify(run)
        with warehouse.begin() as connection:
            raw.upsert(
                connection, "users", [payload_row(1_000, login="Ada", type="User")],
                origin=Origin(run.repository.repository_id, "rest", "1", AT, UUID(int=1)),
            )  # fmt: skip
        shown = identify(run)
        again = identify(run)

    known = dict(rows(warehouse, "select email, login from raw.git_identities"))
    assert (known["1000+ada@users.noreply.github.com"], before.touched > 0) == ("Ada", True)
    assert (shown.touched, again.touched) == (1, 0)


def _answer(*accounts: str | None) -> Reply:
    """Of one commit each: whose it is, or nothing where GitHub does not show it."""
    nodes = {
        f"commit_{index}": login and {"author": {"user": {"__typename": "User", "databaseId": 5,
                                                          "login": login}}}
        for index, login in enumerate(accounts)
    }  # fmt: skip
    return Reply(body=msgspec.json.encode({"data": {"repository": nodes}}))


_REFUSED = Reply(
    body=b'{"data": {"repository": {"commit_0": null}}, "errors": [{"type": "FORBIDDEN"}]}'
)


def _ask(settings: Settings, warehouse: Engine, *replies: Reply) -> int:
    """Questions asked about two addresses that nothing is known of, a@x.org before b@x.org."""
    with Upstream(*replies) as upstream:
        told = settings.github.model_dump() | {"graphql_url": upstream.url}
        settings = settings.model_copy(update={"github": GitHubSettings.model_validate(told)})
        with attempting(settings, warehouse, NAME) as run:
            commits.read_commits(run)
            with warehouse.begin() as connection:
                connection.exec_driver_sql(
                    "update raw.git_commits set author_email ="
                    " case when sha < '8' then 'a@x.org' else 'b@x.org' end"
                )
            identify(run)
        return len(upstream.asked)


def test_a_commit_that_github_refuses_does_not_lose_the_others(
    settings: Settings, warehouse: Engine
) -> None:
    asked = _ask(settings, warehouse, _REFUSED, _REFUSED, _answer("bea"))

    assert asked == 3
    assert rows(warehouse, "select email, login from raw.git_identities") == [("b@x.org", "bea")]


def test_a_commit_that_github_does_not_show_makes_its_address_nobodys_by_no_means(
    settings: Settings, warehouse: Engine
) -> None:
    _ask(settings, warehouse, _answer(None, "bea"))

    assert rows(warehouse, "select email, login from raw.git_identities") == [("b@x.org", "bea")]


def test_nobody_is_asked_about_again_after_half_a_year(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        commits.read_commits(run)
        with warehouse.begin() as connection:
            nobody = Identity("brook@example.invalid", None, None, None, "commit")
            addresses.record_identities(connection, [nobody], run=run.git_run)
            connection.exec_driver_sql(
                "update raw.git_identities set looked_up_at = now() - interval '181 days'"
            )
        identify(run)

    found = rows(warehouse, "select login from raw.git_identities where email like 'brook@%'")
    assert found == [("brook",)]
