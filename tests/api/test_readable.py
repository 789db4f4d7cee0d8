"""Which private repositories somebody may see: GitHub is asked, and believed for a while."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api.logins import client_of
from api.readable import ReadableRepositories
from gitinsight.clock import now
from gitinsight.principal import ADMIN, Principal, Role
from gitinsight.settings import Settings
from gitinsight.vault import Vault, new_key
from tests.support.github import GitHub
from tests.support.people import back_from_github, where_people_log_in
from tests.support.rows import value
from warehouse import repositories, users
from warehouse.engine import Engine


class World:
    def __init__(self, engine: Engine, github: GitHub, settings: Settings) -> None:
        self.engine, self.github = engine, github
        self.vault = Vault([new_key()])
        self.client = client_of(where_people_log_in(settings, github))
        self.readable = ReadableRepositories(engine, lambda: self.vault, self.client)

    def log_in(self, login: str) -> Principal:
        assert self.client is not None
        self.github.control(login=login)
        back = back_from_github(self.client.authorize_url(state="s", verifier="v" * 43))
        token = self.client.token(parse_qs(urlsplit(back).query)["code"][0], verifier="v" * 43)
        account = self.client.account(token)
        with self.engine.begin() as connection:
            user = users.log_in(
                connection, host=self.github.url, github_id=account.id, login=login, admins=(),
                sealed_token=self.vault.seal(token.encode()), at=now(),
            )  # fmt: skip
        return Principal(f"user:{user.user_id}", Role.VIEWER, frozenset({"read"}),
                         user_id=user.user_id)  # fmt: skip

    def ours(self, name: str = "borealis") -> tuple[int, int]:
        """A repository of the simulated GitHub that is private here: our id, and GitHub's."""
        github_id = httpx2.get(f"{self.github.url}/repos/synthetic-labs/{name}").json()["id"]
        with self.engine.begin() as connection:
            added, _ = repositories.add(
                connection, host=self.github.url, full_name=f"synthetic-labs/{name}",
                clone_url=f"{self.github.url}/synthetic-labs/{name}.git", github_id=github_id,
                is_private=True, at=now(),
            )  # fmt: skip
        return added.repository_id, github_id

    def age(self) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                "update auth.users set readable_until = now() - interval '1 second'"
            )


@pytest.fixture
def world(warehouse: Engine, github: GitHub, settings: Settings) -> World:
    return World(warehouse, github, settings)


def of(world: World, principal: Principal) -> frozenset[int]:
    assert principal.user_id is not None
    return world.readable.of(principal.user_id)


def test_members_see_it_and_nobody_else(world: World) -> None:
    repository_id, _ = world.ours()
    world.github.control(members={"borealis": ["chen"]})

    assert of(world, world.log_in("ada")) == frozenset()
    assert of(world, world.log_in("chen")) == {repository_id}


def test_where_nothing_is_private_github_is_not_asked(world: World) -> None:
    ada = world.log_in("ada")
    world.github.start_counting()

    assert of(world, ada) == frozenset()
    assert world.github.counted()["requests"] == 0


def test_it_is_believed_for_a_while_and_then_asked_again(world: World) -> None:
    repository_id, _ = world.ours()
    world.github.control(members={"borealis": ["ada"]})
    ada = world.log_in("ada")
    assert of(world, ada) == {repository_id}

    world.github.control(members={"borealis": []})
    assert of(world, ada) == {repository_id}
    world.age()
    assert of(world, ada) == frozenset()


@pytest.mark.parametrize("fault", [{"error_rate": 1.0}, {"html_rate": 1.0}, {"empty_rate": 1.0}])
def test_while_github_does_not_answer_nothing_private_is_seen(
    world: World, fault: dict[str, float]
) -> None:
    repository_id, _ = world.ours()
    world.github.control(members={"borealis": ["ada"]})
    ada = world.log_in("ada")
    assert of(world, ada) == {repository_id}
    world.age()
    world.github.control(**fault)

    assert of(world, ada) == frozenset()
    world.github.control(calm=True)
    world.age()
    assert of(world, ada) == {repository_id}


def test_a_token_that_github_takes_no_more_is_forgotten(world: World) -> None:
    world.ours()
    ada = world.log_in("ada")
    world.github.control(revoke_after=1)
    httpx2.get(f"{world.github.url}/user", headers=authorization(world))

    assert of(world, ada) == frozenset()
    assert value(world.engine, "select sealed_token from auth.users") is None


def authorization(world: World) -> dict[str, str]:
    sealed = value(world.engine, "select sealed_token from auth.users")
    return {"authorization": f"Bearer {world.vault.open(bytes(sealed)).decode()}"}


def test_sealed_with_a_key_that_is_gone_it_is_no_token(world: World) -> None:
    world.ours()
    ada = world.log_in("ada")
    world.vault = Vault([new_key()])

    assert of(world, ada) == frozenset()


def test_what_is_not_known_here_is_asked_for_by_its_id(world: World) -> None:
    _, github_id = world.ours()
    world.github.control(members={"borealis": ["chen"]})
    key_of_nobody = Principal("key:1", Role.ADMIN, frozenset({"read"}))

    found = [world.readable.shows(one, github_id) for one in
             (world.log_in("ada"), world.log_in("chen"), ADMIN, key_of_nobody)]  # fmt: skip

    assert found == [False, True, True, False]
    assert not world.readable.shows(world.log_in("chen"), None)
