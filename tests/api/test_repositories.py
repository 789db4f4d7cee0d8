"""Repositories over HTTP: add one, find it, have it analysed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from gitinsight.clock import now
from gitinsight.settings import Settings
from tests.support.github import GitHub
from tests.support.rows import AT, add_repository, claim, payload_row, value
from warehouse import jobs, publish, raw, repositories
from warehouse.engine import Engine
from warehouse.raw import Origin

REPOSITORIES = "/api/v1/repositories"
AURORA = "synthetic-labs/aurora"
BAD_NAMES = (
    "", "aurora", "a/b/c", "/etc/passwd", "../aurora", ".", "~/code/app", "./app", "file:///etc",
    "owner/na me", "owner/name\n", "owner/näme", "-owner/name", "owner/" + "x" * 101,
    "https://gitlab.com/owner/name", "git@bitbucket.org:owner/name.git",
    "https://example.org/owner/name.git", "owner/name; drop table ops.jobs", "owner/\u0000",
)  # fmt: skip


def rename(warehouse: Engine, repository_id: int, full_name: str) -> None:
    with warehouse.begin() as connection:
        repositories.record_check(
            connection, repository_id, checked_at=AT, default_branch="main", full_name=full_name,
            is_private=False, is_synthetic=False, state="active", state_reason=None,
        )  # fmt: skip


class TestAdd:
    def test_a_new_one_is_created_as_github_shows_it(
        self, api: httpx2.Client, github: GitHub
    ) -> None:
        answer = api.post(REPOSITORIES, json={"full_name": AURORA})

        assert answer.status_code == 201
        found = answer.json()
        assert (found["full_name"], found["host"], found["state"]) == (AURORA, github.url, "active")
        assert found["github_id"] > 0
        assert found["checked_at"] is None
        assert api.get(f"{REPOSITORIES}/{found['repository_id']}").json() == found

    @pytest.mark.parametrize("again", [AURORA, "Synthetic-Labs/AURORA"])
    @pytest.mark.usefixtures("github")
    def test_one_that_is_followed_already_is_found(self, api: httpx2.Client, again: str) -> None:
        first = api.post(REPOSITORIES, json={"full_name": AURORA}).json()

        answer = api.post(REPOSITORIES, json={"full_name": again})

        assert (answer.status_code, answer.json()) == (200, first)

    def test_the_url_of_its_page_is_its_name_too(self, api: httpx2.Client, github: GitHub) -> None:
        answer = api.post(REPOSITORIES, json={"full_name": f"{github.url}/{AURORA}"})

        assert (answer.status_code, answer.json()["full_name"]) == (201, AURORA)

    @pytest.mark.usefixtures("github")
    def test_one_that_github_does_not_show_is_not_found(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        answer = api.post(REPOSITORIES, json={"full_name": "nobody/nothing"})

        assert (answer.status_code, answer.json()["type"]) == (
            404, "urn:gitinsight:problem:not-visible",
        )  # fmt: skip
        assert value(warehouse, "select count(*) from ops.repositories") == 0

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_what_is_no_name_on_this_github_is_refused(
        self, reading: httpx2.Client, library: Engine, name: str
    ) -> None:
        answer = reading.post(REPOSITORIES, json={"full_name": name})

        assert (answer.status_code, answer.json()["type"]) == (
            422, "urn:gitinsight:problem:invalid-name",
        )  # fmt: skip
        assert value(library, "select count(*) from ops.repositories") == 0

    def test_a_path_on_this_machine_is_refused_even_if_it_is_a_repository(
        self, api: httpx2.Client, settings: Settings
    ) -> None:
        path = settings.state_dir / "a-repository"
        (path / ".git").mkdir(parents=True)

        assert api.post(REPOSITORIES, json={"full_name": str(path)}).status_code == 422

    @pytest.mark.parametrize(
        "body", [{}, {"full_name": None}, {"full_name": 7}, {"full_name": AURORA, "token": "x"}]
    )
    def test_a_body_that_says_something_else_is_not_valid(
        self, reading: httpx2.Client, body: dict[str, Any]
    ) -> None:
        answer = reading.post(REPOSITORIES, json=body)

        assert (answer.status_code, answer.json()["type"]) == (
            422, "urn:gitinsight:problem:invalid-request",
        )  # fmt: skip

    def test_a_used_up_limit_says_when_to_come_back(
        self, api: httpx2.Client, github: GitHub
    ) -> None:
        github.control(limits={"with token": 0})

        answer = api.post(REPOSITORIES, json={"full_name": AURORA})

        assert (answer.status_code, answer.json()["type"]) == (
            503, "urn:gitinsight:problem:rate-limited",
        )  # fmt: skip
        assert 0 < int(answer.headers["retry-after"]) <= 3_606  # some seconds after the window

    def test_a_name_that_somebody_else_took_is_a_conflict(
        self, api: httpx2.Client, warehouse: Engine, github: GitHub
    ) -> None:
        known = api.post(REPOSITORIES, json={"full_name": AURORA}).json()
        github.control(rename={AURORA: "synthetic-labs/dawn"})
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update ops.repositories set github_id = 1, full_name = 'synthetic-labs/dawn'"
            )

        answer = api.post(REPOSITORIES, json={"full_name": AURORA})

        assert (answer.status_code, answer.json()["type"]) == (
            409, "urn:gitinsight:problem:identity-changed",
        )  # fmt: skip
        assert known["repository_id"] == 1


class TestFind:
    def test_by_its_id(self, api: httpx2.Client, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)

        assert api.get(f"{REPOSITORIES}/{repository_id}").json()["full_name"] == "octo/app"

    @pytest.mark.parametrize(
        ("path", "status"),
        [("7", 404), ("-1", 404), ("99999999999999999999", 404), ("x", 422), ("1.5", 422),
         ("by-name/nobody/nothing", 404)],
    )  # fmt: skip
    def test_one_that_is_not_there_is_not_found(
        self, reading: httpx2.Client, path: str, status: int
    ) -> None:
        assert reading.get(f"{REPOSITORIES}/{path}").status_code == status

    def test_by_its_name_however_it_is_written(self, api: httpx2.Client, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)

        answer = api.get(f"{REPOSITORIES}/by-name/OCTO/App")

        assert (answer.status_code, answer.json()["repository_id"]) == (200, repository_id)

    def test_a_former_name_leads_to_the_one_it_has_now(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        repository_id = add_repository(warehouse)
        rename(warehouse, repository_id, "new/home")

        answer = api.get(f"{REPOSITORIES}/by-name/octo/app")

        assert answer.status_code == 308
        assert answer.headers["location"] == f"{REPOSITORIES}/by-name/new/home"
        assert api.get(answer.headers["location"]).json()["repository_id"] == repository_id

    def test_a_name_is_never_an_address_elsewhere(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        repository_id = add_repository(warehouse)
        rename(warehouse, repository_id, "//evil.test/app")

        location = api.get(f"{REPOSITORIES}/by-name/octo/app").headers["location"]

        assert location.startswith(f"{REPOSITORIES}/by-name/")


class TestFreshness:
    def test_how_old_figures_may_be_is_told_and_can_be_set(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        repository_id = add_repository(warehouse)
        address = f"{REPOSITORIES}/{repository_id}"
        asked = api.get(address).json()
        assert (asked["as_of"], asked["is_fresh"], asked["fresh_hours"]) == (None, None, 50)
        with warehouse.begin() as connection:
            publish.publish(
                connection, repository_id, job_id=UUID(int=1), quality_status="passed", rows={},
                as_of=now() - timedelta(hours=5), at=now(),
            )  # fmt: skip

        told = [api.patch(address, json={"fresh_hours": hours}).json() for hours in (6, 4.5, None)]

        assert [(one["fresh_hours"], one["is_fresh"]) for one in told] == [
            (6, True), (4.5, False), (50, True),
        ]  # fmt: skip
        assert api.get(REPOSITORIES).json()["data"] == told[-1:]

    @pytest.mark.parametrize("hours", [0, -1, "soon", "inf", 1e300])
    def test_what_is_no_target_is_refused(
        self, api: httpx2.Client, warehouse: Engine, hours: object
    ) -> None:
        repository_id = add_repository(warehouse)

        answer = api.patch(f"{REPOSITORIES}/{repository_id}", json={"fresh_hours": hours})

        assert answer.status_code == 422

    def test_one_that_is_not_there_has_no_target(self, api: httpx2.Client) -> None:
        assert api.patch(f"{REPOSITORIES}/7", json={"fresh_hours": 6}).status_code == 404


class TestList:
    def test_pages_show_every_one_once_in_the_order_they_came(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        made = [add_repository(warehouse, f"octo/app-{n}", github_id=n) for n in range(1, 6)]
        found: list[int] = []
        query: dict[str, str | int] = {"limit": 2}
        while True:
            page = api.get(REPOSITORIES, params=query).json()
            found += [one["repository_id"] for one in page["data"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]

        assert found == made

    def test_those_whose_name_contains_a_word(self, api: httpx2.Client, warehouse: Engine) -> None:
        add_repository(warehouse, "octo/app", github_id=1)
        add_repository(warehouse, "octo/site", github_id=2)

        found = api.get(REPOSITORIES, params={"q": "SIT"}).json()["data"]

        assert [one["full_name"] for one in found] == ["octo/site"]
        assert api.get(REPOSITORIES, params={"q": "%"}).json()["data"] == []

    def test_those_of_a_language_the_most_liked_first(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        for number, stars in enumerate((5, 9, None), 1):
            repository_id = add_repository(warehouse, f"octo/app-{number}", github_id=number)
            origin = Origin(repository_id, "rest", "2022-11-28", AT, UUID(int=1))
            row = payload_row(number, language="Rust", stargazers_count=stars)
            with warehouse.begin() as connection:
                raw.upsert(connection, "repositories", [row], origin=origin)
        add_repository(warehouse, "octo/site", github_id=4)
        query = {"language": "rust", "sort": "-stars", "limit": 2}

        first = api.get(REPOSITORIES, params=query).json()
        last = api.get(REPOSITORIES, params=query | {"cursor": first["next_cursor"]}).json()

        found = [one["repository_id"] for one in first["data"] + last["data"]]
        assert (found, last["next_cursor"]) == ([2, 1, 3], None)

    def test_a_cursor_is_one_of_its_order(self, api: httpx2.Client, warehouse: Engine) -> None:
        for number in (1, 2):
            add_repository(warehouse, f"octo/app-{number}", github_id=number)
        cursor = api.get(REPOSITORIES, params={"limit": 1, "sort": "name"}).json()["next_cursor"]

        answers = {
            sort: api.get(REPOSITORIES, params={"sort": sort, "cursor": cursor})
            for sort in ("name", "-name", "added", "stars")
        }
        assert {sort: one.status_code for sort, one in answers.items()} == {
            "name": 200, "-name": 422, "added": 422, "stars": 422,
        }  # fmt: skip
        assert answers["added"].json()["errors"][0]["where"] == ["query", "cursor"]

    @pytest.mark.parametrize(
        "query",
        [{"limit": 0}, {"limit": 501}, {"cursor": "x"}, {"cursor": "WyJ4Il0="}, {"sort": "size"},
         {"sort": ""}, {"sort": "--name"}, {"language": "x" * 101}],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_not_valid(
        self, reading: httpx2.Client, query: dict[str, str | int]
    ) -> None:
        assert reading.get(REPOSITORIES, params=query).status_code == 422


class TestAnalyze:
    def test_it_is_queued(self, api: httpx2.Client, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)

        answer = api.post(f"{REPOSITORIES}/{repository_id}/analyze")

        assert answer.status_code == 202
        assert (answer.json()["state"], answer.json()["is_new"]) == ("queued", True)
        job = api.get(f"/api/v1/jobs/{answer.json()['job_id']}").json()
        assert (job["repository_id"], job["is_full"]) == (repository_id, False)

    @pytest.mark.parametrize(
        ("body", "is_full"), [({}, False), ({"full": False}, False), ({"full": True}, True)]
    )
    def test_it_can_be_full(
        self, api: httpx2.Client, warehouse: Engine, body: dict[str, bool], *, is_full: bool
    ) -> None:
        repository_id = add_repository(warehouse)

        api.post(f"{REPOSITORIES}/{repository_id}/analyze", json=body)

        assert value(warehouse, "select is_full from ops.jobs") is is_full

    def test_a_second_call_answers_the_job_that_runs(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        repository_id = add_repository(warehouse)
        running = claim(warehouse, repository_id)

        answer = api.post(f"{REPOSITORIES}/{repository_id}/analyze", json={"full": True})

        assert (answer.status_code, answer.json()) == (
            202, {"job_id": str(running.job_id), "state": "running", "is_new": False},
        )  # fmt: skip

    def test_after_its_end_the_next_one_is_new(self, api: httpx2.Client, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        running = claim(warehouse, repository_id)
        with warehouse.begin() as connection:
            jobs.finish(connection, running, state="succeeded", at=AT, outcome={})

        assert api.post(f"{REPOSITORIES}/{repository_id}/analyze").json()["is_new"]

    @pytest.mark.parametrize("body", [{"full": "maybe"}, {"fully": True}, []])
    def test_a_body_that_says_something_else_is_not_valid(
        self, api: httpx2.Client, warehouse: Engine, body: object
    ) -> None:
        repository_id = add_repository(warehouse)

        answer = api.post(f"{REPOSITORIES}/{repository_id}/analyze", json=body)

        assert answer.status_code == 422
        assert value(warehouse, "select count(*) from ops.jobs") == 0

    def test_one_that_is_not_followed_is_not_found(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        assert api.post(f"{REPOSITORIES}/7/analyze").status_code == 404
        assert value(warehouse, "select count(*) from ops.jobs") == 0
