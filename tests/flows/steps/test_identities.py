"""Whose address an e-mail is: asked once each, believed on evidence alone."""

from flows.steps import commits, discover
from flows.steps.identities import identify
from flows.steps.run import StepResult
from gitinsight.settings import GitHubSettings, Settings
from tests.support.analyses import attempting, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

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
