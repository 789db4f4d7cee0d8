"""Discovery: every repository of an account is followed once, and goes on being so."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from flows.organisations import discover, discover_all, discover_new
from gitinsight import clock, targets
from gitinsight.errors import IdentityChanged, NotVisible, UnexpectedPayload
from gitinsight.settings import Settings
from tests.support.analyses import count, rows
from tests.support.upstream import Reply, Upstream
from warehouse import organisations, removal, repositories, tombstones
from warehouse.engine import Engine
from warehouse.organisations import Organisation
from warehouse.repositories import Repository
from warehouse.tombstones import Tombstone

OWNER = 77


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(Reply()) as served:
        yield served


@pytest.fixture
def local(upstream: Upstream) -> Settings:
    """Without a token: nothing is probed, and all that is asked for is the listing."""
    return Settings.model_validate({"github": {"api_url": upstream.url, "wait_seconds": 0}})


def add(warehouse: Engine, host: str, **fields: Any) -> Organisation:
    with warehouse.begin() as connection:
        return organisations.add(
            connection, host=host, at=clock.now(),
            **{"github_id": OWNER, "login": "octo", "kind": "Organization", **fields},
        )[0]  # fmt: skip


def known(warehouse: Engine) -> Organisation:
    with warehouse.begin() as connection:
        return organisations.by_id(connection, 1)


def followed(warehouse: Engine) -> list[Repository]:
    with warehouse.begin() as connection:
        return repositories.search(connection, limit=1_000)


def listed(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    """As GitHub lists them."""
    return [
        {"id": one, "full_name": f"octo/app-{one}", "owner": {"id": OWNER}, **fields}
        for one in numbers
    ]


def page(records: list[dict[str, Any]], *, etag: str = "e", following: str | None = None) -> Reply:
    headers = {"etag": etag, "date": "Fri, 02 Jan 2026 03:04:05 GMT"}
    if following is not None:
        headers["link"] = f'<{following}>; rel="next"'
    return Reply(body=json.dumps(records).encode(), headers=headers)


def asked(upstream: Upstream) -> list[tuple[str, str | None]]:
    """(path, ETag) of each request."""
    return [(one.path, one.headers.get("if-none-match")) for one in upstream.asked]


class TestListing:
    def test_every_page_is_followed_and_everything_queued(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        following = f"{upstream.url}/organizations/77/repos?page=2"
        upstream.replies = [page(listed(1, 2), following=following), page(listed(3))]

        found = discover(local, warehouse, add(warehouse, upstream.url))

        assert (found.listed, len(found.added)) == (3, 3)
        assert [one.github_id for one in followed(warehouse)] == [1, 2, 3]
        assert count(warehouse, "ops.jobs where state = 'queued'") == 3
        assert count(warehouse, "ops.requests where bucket = 'core'") == 2
        assert asked(upstream)[0][0].startswith("/orgs/octo/repos?type=all&sort=created")
        held = known(warehouse)
        assert held.repositories_count == 3
        assert held.discovered_at is not None
        assert held.discovered_at.isoformat() == "2026-01-02T03:04:05+00:00"

    def test_what_became_private_is_hidden_at_once_and_shown_by_an_analysis_alone(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [
            page([*listed(1), *listed(2, private=hidden)]) for hidden in (False, True, False)
        ]
        organisation = add(warehouse, upstream.url)
        found = []
        for _ in range(3):
            discover(local, warehouse, organisation)
            found.append([one.is_private for one in followed(warehouse)])

        assert found == [[False, False], [False, True], [False, True]]

    def test_of_a_user_the_own_repositories_are_listed(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        discover(local, warehouse, add(warehouse, upstream.url, kind="User"))

        assert asked(upstream)[0][0].startswith("/users/octo/repos?type=owner&")

    def test_a_page_that_is_held_costs_nothing(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        following = f"{upstream.url}/organizations/77/repos?page=2"
        upstream.replies = [
            page(listed(1), etag="first", following=following), page(listed(2), etag="second"),
            Reply(304), page(listed(2, 3), etag="third"),
        ]  # fmt: skip
        discover(local, warehouse, add(warehouse, upstream.url))

        found = discover(local, warehouse, known(warehouse))

        assert [one.full_name for one in found.added] == ["octo/app-3"]
        assert [etag for _, etag in asked(upstream)] == [None, None, "first", "second"]
        assert [one.get("etag") for one in known(warehouse).pages] == ["first", "third"]

    def test_a_last_page_that_is_full_is_read_anew(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(*range(1, 101)))]
        discover(local, warehouse, add(warehouse, upstream.url))

        discover(local, warehouse, known(warehouse))

        assert [etag for _, etag in asked(upstream)] == [None, None]

    def test_etags_of_another_principal_are_not_used(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1))]
        discover(local, warehouse, add(warehouse, upstream.url))
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.organisations set principal = 'other'")

        discover(local, warehouse, known(warehouse))

        assert [etag for _, etag in asked(upstream)] == [None, None]

    @pytest.mark.parametrize(
        ("wanted", "names"),
        [({}, [1, 3]), ({"include_forks": True}, [1, 2, 3]), ({"include_archived": False}, [1])],
    )
    def test_forks_and_archived_ones_are_followed_as_is_wanted(
        self, upstream: Upstream, local: Settings, warehouse: Engine, wanted: dict[str, bool],
        names: list[int],
    ) -> None:  # fmt: skip
        upstream.replies = [page([*listed(1), *listed(2, fork=True), *listed(3, archived=True)])]

        discover(local, warehouse, add(warehouse, upstream.url, **wanted))

        assert [one.github_id for one in followed(warehouse)] == names

    def test_its_size_is_known_before_the_first_job(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [
            page([*listed(1, size=70_000), *listed(2, open_issues_count=100, size=5)])
        ]

        discover(local, warehouse, add(warehouse, upstream.url))

        assert rows(
            warehouse, "select records_estimate from ops.repositories order by github_id"
        ) == [(70_000,), (800,)]


class TestIdentity:
    def test_a_known_id_under_a_new_name_is_a_rename(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1)), page(listed(1, full_name="octo/renamed"))]
        discover(local, warehouse, add(warehouse, upstream.url))

        found = discover(local, warehouse, known(warehouse))

        assert found.added == []
        (one,) = followed(warehouse)
        assert (one.repository_id, one.full_name) == (1, "octo/renamed")
        assert count(warehouse, "ops.repository_names") == 2

    def test_a_known_name_with_a_new_id_is_left_to_the_job_of_the_one_that_is_followed(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [
            page(listed(1)), page([*listed(9, full_name="octo/app-1"), *listed(2)])
        ]  # fmt: skip
        discover(local, warehouse, add(warehouse, upstream.url))
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.jobs set state = 'succeeded'")

        found = discover(local, warehouse, known(warehouse))

        assert found.conflicts == ["octo/app-1"]
        assert [one.github_id for one in followed(warehouse)] == [1, 2]
        assert count(warehouse, "ops.jobs where state = 'queued'") == 2

    def test_it_is_followed_once_the_name_is_free(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        taken = listed(9, full_name="octo/app-1")
        upstream.replies = [page(listed(1)), page(taken, etag="f")]
        discover(local, warehouse, add(warehouse, upstream.url))
        discover(local, warehouse, known(warehouse))
        removal.begin(warehouse, 1, by="admin", at=clock.now())

        found = discover(local, warehouse, known(warehouse))

        assert [one.github_id for one in found.added] == [9]
        assert [etag for _, etag in asked(upstream)] == [None, "e", None]

    def test_what_has_vanished_from_the_listing_is_followed_on(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1, 2)), page(listed(2), etag="f")]
        discover(local, warehouse, add(warehouse, upstream.url))

        discover(local, warehouse, known(warehouse))

        assert [(one.github_id, one.state) for one in followed(warehouse)] == [
            (1, "active"), (2, "active"),
        ]  # fmt: skip

    def test_a_login_that_somebody_else_took_over_brings_in_nothing(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1, owner={"id": 666}))]

        with pytest.raises(IdentityChanged):
            discover(local, warehouse, add(warehouse, upstream.url))

        assert followed(warehouse) == []

    def test_an_account_that_is_gone_leaves_its_repositories_as_they_are(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1)), Reply(404, b"{}")]
        discover(local, warehouse, add(warehouse, upstream.url))

        with pytest.raises(NotVisible):
            discover(local, warehouse, known(warehouse))

        assert known(warehouse).state == "unreadable"
        assert [one.state for one in followed(warehouse)] == ["active"]

    def test_a_listing_that_is_none_is_told(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [Reply(body=b'[{"id": "x"}]')]

        with pytest.raises(UnexpectedPayload):
            discover(local, warehouse, add(warehouse, upstream.url))

        assert known(warehouse).discovered_at is None


class TestRemoved:
    def test_what_somebody_removed_is_not_followed_again(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1, 2)), page(listed(1, 2, 3), etag="f")]
        discover(local, warehouse, add(warehouse, upstream.url))
        removal.begin(warehouse, 1, by="admin", at=clock.now())

        found = discover(local, warehouse, known(warehouse))

        assert [one.github_id for one in found.added] == [3]
        assert [one.github_id for one in followed(warehouse)] == [2, 3]

    def test_nor_is_it_when_it_is_removed_at_that_moment(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1)), page(listed(1), etag="f")]
        discover(local, warehouse, add(warehouse, upstream.url))
        discovering = threading.Thread(target=discover, args=(local, warehouse, known(warehouse)))
        with warehouse.begin() as connection:
            connection.exec_driver_sql("delete from ops.repositories")
            tombstones.put(
                connection,
                Tombstone(1, upstream.url, 1, "octo/app-1", "x", clock.now(), "admin"),
            )
            discovering.start()
            discovering.join(0.5)
            assert discovering.is_alive(), "it waits to see what becomes of it"
        discovering.join(20)

        assert followed(warehouse) == []
        assert known(warehouse).discovered_at is not None

    def test_when_somebody_adds_it_by_name_it_is_one_of_them_again(
        self, upstream: Upstream, local: Settings, warehouse: Engine
    ) -> None:
        upstream.replies = [page(listed(1)), page(listed(1), etag="f")]
        discover(local, warehouse, add(warehouse, upstream.url))
        removal.begin(warehouse, 1, by="admin", at=clock.now())
        target = targets.on_host(upstream.url, "octo/app-1", local)

        added, is_new = repositories.follow(
            warehouse, target, lambda _: targets.Found(id=1, full_name="octo/app-1"),
            at=clock.now(),
        )  # fmt: skip
        discover(local, warehouse, known(warehouse))

        assert (is_new, added.repository_id > 1) == (True, True)
        with warehouse.begin() as connection:
            [removed] = tombstones.recent(connection)
        assert removed.lifted_at is not None
        assert known(warehouse).repositories_count == 1
        assert [one.repository_id for one in followed(warehouse)] == [added.repository_id]


def test_one_that_cannot_be_read_delays_no_other(
    upstream: Upstream, local: Settings, warehouse: Engine
) -> None:
    add(warehouse, upstream.url)
    add(warehouse, upstream.url, github_id=78, login="other")
    upstream.replies = [Reply(404, b"{}"), page(listed(1, owner={"id": 78}))]

    assert discover_all(local, warehouse) == 1


def test_what_was_added_is_discovered_once_and_not_asked_about_all_the_time(
    upstream: Upstream, local: Settings, warehouse: Engine
) -> None:
    add(warehouse, upstream.url)
    upstream.replies = [Reply(422, b"{}"), page(listed(1))]

    assert [discover_new(local, warehouse) for _ in range(2)] == [0, 0]
    assert len(upstream.asked) == 1
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.organisations set asked_at = now() - interval '2 minutes'"
        )

    assert [discover_new(local, warehouse) for _ in range(2)] == [1, 0]
    assert len(upstream.asked) == 2
