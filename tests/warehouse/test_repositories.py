"""Repositories: one identity each, whatever they are called and whoever asks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from gitinsight.errors import IdentityChanged, NotFound, NotVisible
from gitinsight.targets import GIT, Found, Target
from tests.support.rows import AT, HOST, add_repository, fetch, value
from warehouse import dirty, removal, repositories
from warehouse.engine import Engine
from warehouse.repositories import Repository

LATER = AT + timedelta(days=1)
TARGET = Target(HOST, "octo/app", "https://github.test/octo/app.git")
Ask = Callable[[Target], Found | None]


def shows(github_id: int, full_name: str = "octo/app") -> Ask:
    return lambda _target: Found(github_id, full_name)


SHOWS_1 = shows(1)


def follow(warehouse: Engine, target: Target = TARGET, ask: Ask = SHOWS_1) -> tuple[int, bool]:
    repository, is_new = repositories.follow(warehouse, target, ask, at=AT)
    return repository.repository_id, is_new


def by_name(warehouse: Engine, full_name: str) -> Repository:
    with warehouse.begin() as connection:
        return repositories.by_name(connection, full_name)


def check(warehouse: Engine, repository_id: int, full_name: str) -> Repository:
    with warehouse.begin() as connection:
        return repositories.record_check(
            connection, repository_id, checked_at=LATER, default_branch="main",
            full_name=full_name, is_private=False, is_synthetic=False, state="active",
            state_reason=None,
        )  # fmt: skip


def names(warehouse: Engine, repository_id: int) -> list[tuple[str, bool]]:
    """Each name it has had, and whether it still has it."""
    with warehouse.begin() as connection:
        return [
            (name, is_current)
            for name, is_current in fetch(
                connection,
                "select full_name, valid_to is null from ops.repository_names"
                " where repository_id = %s order by valid_from",
                repository_id,
            )
        ]


class TestFollow:
    def test_a_new_repository_is_what_github_says_it_is(self, warehouse: Engine) -> None:
        repository, is_new = repositories.follow(
            warehouse, TARGET, lambda _: Found(7, "octo/app", private=True), at=AT
        )

        assert is_new
        assert (repository.github_id, repository.full_name) == (7, "octo/app")
        assert (repository.is_private, repository.state, repository.added_at) == (
            True, "active", AT,
        )  # fmt: skip

    def test_a_known_one_is_found_without_asking(self, warehouse: Engine) -> None:
        first, _ = follow(warehouse)

        def fail(_target: Target) -> Found:
            raise AssertionError("GitHub was asked")

        assert follow(warehouse, ask=fail) == (first, False)
        loud = Target(HOST, "Octo/APP", "https://github.test/Octo/APP.git")
        assert follow(warehouse, loud, fail) == (first, False)

    def test_what_github_does_not_show_is_not_added(self, warehouse: Engine) -> None:
        def refuse(target: Target) -> Found:
            raise NotVisible(target.full_name, 404, "Not Found")

        with pytest.raises(NotVisible):
            follow(warehouse, ask=refuse)

        assert value(warehouse, "select count(*) from ops.repositories") == 0

    def test_a_former_name_leads_to_the_one_that_is_known(self, warehouse: Engine) -> None:
        first, _ = follow(warehouse)
        former = Target(HOST, "old/app", "https://github.test/old/app.git")

        assert follow(warehouse, former) == (first, False)

    def test_one_found_by_a_former_name_is_cloned_by_the_new_one(self, warehouse: Engine) -> None:
        former = Target(HOST, "old/app", "https://github.test/old/app.git")
        repository, _ = repositories.follow(warehouse, former, shows(1, "new/app"), at=AT)

        assert repository.full_name == "new/app"
        assert repository.clone_url == "https://github.test/new/app.git"

    def test_of_many_that_ask_at_once_one_adds_it(self, warehouse: Engine) -> None:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: follow(warehouse), range(16)))

        assert len({identity for identity, _ in found}) == 1
        assert sum(is_new for _, is_new in found) == 1


class TestLocalPaths:
    """There is nobody to ask: the path says which is which."""

    @staticmethod
    def target(path: str) -> Target:
        return Target(GIT, f"local/{path.rsplit('/', 1)[-1]}", path)

    def test_a_path_is_itself_however_often_it_is_followed(self, warehouse: Engine) -> None:
        first = follow(warehouse, self.target("/a/app"), lambda _: None)
        again = follow(warehouse, self.target("/a/app"), lambda _: None)

        assert first == (again[0], True)
        assert not again[1]

    @pytest.mark.parametrize("second", ["/b/app", "/b/App"])
    def test_two_directories_of_one_name_are_two_repositories(
        self, warehouse: Engine, second: str
    ) -> None:
        one, _ = follow(warehouse, self.target("/a/app"), lambda _: None)
        other, is_new = follow(warehouse, self.target(second), lambda _: None)

        assert is_new
        with warehouse.begin() as connection:
            found = [repositories.by_id(connection, known) for known in (one, other)]
        assert [known.clone_url for known in found] == ["/a/app", second]
        assert found[0].full_name == "local/app"
        assert found[1].full_name.startswith(f"{self.target(second).full_name}-")

    def test_followed_at_once_they_stay_two(self, warehouse: Engine) -> None:
        paths = ["/a/app", "/b/app"] * 6
        ask = partial(follow, warehouse, ask=lambda _: None)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda path: (path, ask(self.target(path))), paths))

        identities = {(path, identity) for path, (identity, _) in found}
        assert len(identities) == 2
        assert sum(is_new for _, (_, is_new) in found) == 2

    def test_it_has_no_api(self, warehouse: Engine) -> None:
        repository, _ = repositories.follow(warehouse, self.target("/a/app"), lambda _: None, at=AT)

        assert not repository.has_api


class TestRename:
    def test_a_renamed_repository_stays_itself(self, warehouse: Engine) -> None:
        identity = add_repository(warehouse, "octo/app")

        renamed = check(warehouse, identity, "new/home")

        assert (renamed.repository_id, renamed.full_name) == (identity, "new/home")
        assert names(warehouse, identity) == [("octo/app", False), ("new/home", True)]

    def test_its_clone_url_moves_with_it(self, warehouse: Engine) -> None:
        """The old address may be somebody else's tomorrow."""
        identity = add_repository(warehouse, "octo/app")

        assert check(warehouse, identity, "new/home").clone_url == (
            "https://github.test/new/home.git"
        )

    def test_the_old_name_still_finds_it(self, warehouse: Engine) -> None:
        identity = add_repository(warehouse, "octo/app")
        check(warehouse, identity, "new/home")

        assert by_name(warehouse, "OCTO/app").repository_id == identity

    def test_whoever_has_a_name_now_comes_before_who_had_it(self, warehouse: Engine) -> None:
        former = add_repository(warehouse, "octo/app", github_id=1)
        check(warehouse, former, "new/home")
        heir = add_repository(warehouse, "octo/app", github_id=2)

        assert by_name(warehouse, "octo/app").repository_id == heir

    def test_of_those_who_had_a_name_the_last_one_is_meant(self, warehouse: Engine) -> None:
        first = add_repository(warehouse, "octo/app", github_id=1)
        check(warehouse, first, "new/home")
        with warehouse.begin() as connection:
            second, _ = repositories.add(
                connection, host=HOST, full_name="octo/app", github_id=2, clone_url="", at=LATER
            )
        check(warehouse, second.repository_id, "new/house")

        assert by_name(warehouse, "octo/app").repository_id == second.repository_id

    def test_back_to_an_earlier_name_is_a_rename_too(self, warehouse: Engine) -> None:
        identity = add_repository(warehouse, "octo/app")
        check(warehouse, identity, "new/home")
        with warehouse.begin() as connection:
            repositories.add(
                connection, host=HOST, full_name="octo/app", github_id=1, clone_url="",
                at=LATER + timedelta(days=1),
            )  # fmt: skip

        assert names(warehouse, identity) == [
            ("octo/app", False), ("new/home", False), ("octo/app", True),
        ]  # fmt: skip

    def test_a_known_github_id_under_a_new_name_is_a_rename(self, warehouse: Engine) -> None:
        identity = add_repository(warehouse, "octo/app", github_id=1)

        assert add_repository(warehouse, "new/home", github_id=1) == identity

    def test_a_name_that_belongs_to_another_repository_now_is_refused(
        self, warehouse: Engine
    ) -> None:
        identity = add_repository(warehouse, "octo/app", github_id=1)

        with pytest.raises(IdentityChanged, match="GitHub id 2, not 1"):
            add_repository(warehouse, "octo/app", github_id=2)

        assert by_name(warehouse, "octo/app").github_id == 1
        assert names(warehouse, identity) == [("octo/app", True)]

    def test_a_rename_to_a_name_that_another_still_has_here_is_refused(
        self, warehouse: Engine
    ) -> None:
        mover = add_repository(warehouse, "octo/app", github_id=1)
        add_repository(warehouse, "octo/site", github_id=2)

        with pytest.raises(IdentityChanged, match="octo/site"):
            check(warehouse, mover, "octo/site")

        assert names(warehouse, mover) == [("octo/app", True)]


class TestCheck:
    def test_what_upstream_said_is_kept(self, warehouse: Engine) -> None:
        identity = add_repository(warehouse)
        with warehouse.begin() as connection:
            found = repositories.record_check(
                connection, identity, checked_at=LATER, default_branch="trunk",
                full_name="octo/app", is_private=True, is_synthetic=True, state="blocked",
                state_reason="DMCA",
            )  # fmt: skip

        assert (found.checked_at, found.default_branch) == (LATER, "trunk")
        assert (found.is_private, found.is_synthetic) == (True, True)
        assert (found.state, found.state_reason) == ("blocked", "DMCA")

    def test_a_branch_that_upstream_does_not_name_stays_known(self, warehouse: Engine) -> None:
        identity = add_repository(warehouse)
        check(warehouse, identity, "octo/app")
        with warehouse.begin() as connection:
            found = repositories.record_check(
                connection, identity, checked_at=LATER, default_branch=None,
                full_name="octo/app", is_private=False, is_synthetic=False, state="unreadable",
                state_reason="404",
            )  # fmt: skip

        assert found.default_branch == "main"

    def test_the_github_id_is_written_once(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            added, _ = repositories.add(
                connection, host=HOST, full_name="octo/app", clone_url="", at=AT
            )
            for github_id in (5, 6):
                repositories.record_github_id(connection, added.repository_id, github_id)
            assert repositories.by_id(connection, added.repository_id).github_id == 5


class TestSearch:
    def test_it_finds_by_a_part_of_the_name_in_the_order_they_came(self, warehouse: Engine) -> None:
        made = [
            add_repository(warehouse, name, github_id=number)
            for number, name in enumerate(("octo/app", "acme/App-2", "acme/site"), 1)
        ]
        with warehouse.begin() as connection:
            every = repositories.search(connection)
            apps = repositories.search(connection, "aPP")
            after = repositories.search(connection, "app", after=made[0])
            one = repositories.search(connection, limit=1)

        assert [found.repository_id for found in every] == made
        assert [found.repository_id for found in apps] == made[:2]
        assert [found.repository_id for found in after] == made[1:2]
        assert [found.repository_id for found in one] == made[:1]

    @pytest.mark.parametrize("q", ["%", "_", "' or true --"])
    def test_what_looks_like_a_pattern_is_text(self, warehouse: Engine, q: str) -> None:
        add_repository(warehouse)
        with warehouse.begin() as connection:
            assert repositories.search(connection, q) == []


class TestById:
    def test_it_is_found_by_githubs_number_on_its_host(self, warehouse: Engine) -> None:
        added = add_repository(warehouse, github_id=7)
        with warehouse.begin() as connection:
            found = repositories.by_github_id(connection, HOST, 7)
            elsewhere = repositories.by_github_id(connection, "https://another.test", 7)
            another = repositories.by_github_id(connection, HOST, 8)

        assert found is not None
        assert found.repository_id == added
        assert (elsewhere, another) == (None, None)

    def test_nobody_removes_it_while_somebody_writes_of_it(self, warehouse: Engine) -> None:
        added = add_repository(warehouse, github_id=7)
        with ThreadPoolExecutor(1) as pool:
            with warehouse.begin() as connection:
                repositories.by_github_id(connection, HOST, 7)
                removing = pool.submit(removal.begin, warehouse, added, by="admin", at=LATER)
                with pytest.raises(TimeoutError):
                    removing.result(0.3)
                dirty.mark(connection, added, [("issues", "1")], reason="webhook", at=LATER)
            removal.erase(warehouse, removing.result(10))

        assert value(warehouse, "select count(*) from ops.dirty") == 0

    def test_a_former_name_is_one_that_it_has_no_more(self, warehouse: Engine) -> None:
        added = add_repository(warehouse)
        with warehouse.begin() as connection:
            repositories.rename(connection, added, "octo/tool", at=LATER)
            repositories.rename(connection, added, "octo/tool", at=LATER + timedelta(days=1))
            former = [
                repositories.was_called(connection, added, name)
                for name in ("OCTO/app", "octo/tool", "octo/kit")
            ]

        assert former == [True, False, False]
        assert value(warehouse, "select count(*) from ops.repository_names") == 2

    def test_one_that_github_shows_no_more_is_unreadable(self, warehouse: Engine) -> None:
        added = add_repository(warehouse)
        with warehouse.begin() as connection:
            repositories.record_loss(connection, added, reason="deleted")
            found = repositories.by_id(connection, added)

        assert (found.state, found.state_reason) == ("unreadable", "deleted")


def test_what_is_not_there_is_not_found(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        with pytest.raises(NotFound, match="nobody/nothing"):
            repositories.by_name(connection, "nobody/nothing")
        with pytest.raises(NotFound, match="repository 7"):
            repositories.by_id(connection, 7)
