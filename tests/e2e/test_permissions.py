"""Every route with everybody who may come: the table says what each of them may do.

It is written by hand, so that a route that declares too little differs from it.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from api import session
from api.app import PARTS, create_app
from api.auth import Needs, declared
from gitinsight.clock import now
from gitinsight.principal import KEY_SCOPES, Role
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.databases import copy_of
from tests.support.marts import publish_figures
from tests.support.people import client_of
from tests.support.permissions import (
    KEYS,
    LEAST,
    OF_A_REPOSITORY,
    PRIVATE,
    PUBLIC,
    PUBLISHED,
    READ,
    SCOPE,
    TABLE,
    UNKNOWN,
    V1,
    World,
    made_keys,
    settings_of,
)
from tests.support.rows import add_repository, claim, value
from tests.support.waiting import wait_for
from warehouse import api_keys, users
from warehouse.engine import make_engine


@pytest.fixture(scope="module")
def world(
    postgres_server: EmbeddedPostgres, _template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with copy_of(postgres_server, _template) as url:
        engine = make_engine(url, process="test")
        jobs = {UNKNOWN: str(uuid4())}
        for number in (PUBLISHED, PRIVATE):
            job = claim(engine, add_repository(engine, f"octo/r{number}", github_id=number))
            publish_figures(engine, job)
            jobs[number] = str(job.job_id)
        with engine.begin() as connection:
            connection.exec_driver_sql("update ops.jobs set state = 'succeeded'")  # streams end
            connection.exec_driver_sql(
                f"update ops.repositories set is_private = true where repository_id = {PRIVATE}"
            )
        keys = made_keys(engine)
        told = settings_of(tmp_path_factory.mktemp("permissions"), url)
        with serving_api(told) as served:
            yield World(served, engine, jobs, keys)
        engine.dispose()


def routes() -> Iterator[tuple[str, APIRoute | APIWebSocketRoute]]:
    for part, prefix in PARTS:
        for route in part.router.routes:
            if isinstance(route, APIRoute):
                for method in route.methods:
                    yield f"{method} {prefix}{route.path}", route
            else:
                assert isinstance(route, APIWebSocketRoute)
                yield f"WS {prefix}{route.path}", route


def test_the_table_has_every_route() -> None:
    assert {name for name, _ in routes()} == set(TABLE)


def test_every_route_that_is_served_is_one_of_the_parts() -> None:
    """A route that is added to the application itself would be in no table."""
    app = create_app(Settings(), warehouse_url="postgresql://nobody@127.0.0.1:1/none",
                     admin_key=None)  # fmt: skip
    own = {getattr(one, "path", "") for one in app.router.routes if type(one) is not APIRoute}

    assert {one for one in own if one} <= {
        "/mcp", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc",
        "/api/v1/stream/repository/{repository_id}/updates",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "route"), list(routes()), ids=str)
def test_every_route_declares_who_may_use_it(
    name: str, route: APIRoute | APIWebSocketRoute
) -> None:
    found = declared(route.dependant)

    assert len(found) == 1, name
    assert isinstance(found[0], Needs) == (TABLE[name] != PUBLIC)


@pytest.mark.parametrize(("name", "route"), list(routes()), ids=str)
def test_no_route_takes_a_place_before_it_is_known_who_asks(
    name: str, route: APIRoute | APIWebSocketRoute
) -> None:
    taking = session._transaction  # noqa: SLF001 - what takes one
    order = [
        one.call is taking
        for one in route.dependant.dependencies
        if one.call is taking or any(isinstance(said, Needs) for said in declared(one))
    ]

    assert order == sorted(order), name


def is_let_in(answer: httpx2.Response) -> bool:
    assert answer.status_code < 500 or answer.json()["type"].endswith("not-configured"), answer.text
    return answer.status_code not in {401, 403}


@pytest.mark.parametrize("name", TABLE)
def test_who_is_nobody_may_nothing_that_is_not_public(world: World, name: str) -> None:
    if TABLE[name] == PUBLIC:
        return
    for key in (None, "wrong", "gi_wrong", "a.b.c", world.keys["expired"], world.keys["revoked"]):
        answer = world.ask(name, key)

        assert answer.status_code == 401, (name, key)


@pytest.mark.parametrize("name", TABLE)
def test_a_role_may_what_the_table_says(world: World, name: str) -> None:
    kind = TABLE[name]
    if kind in {PUBLIC, KEYS}:
        return
    for role in Role:
        answer = world.ask(name, world.keys[role.word])

        assert is_let_in(answer) == (role >= LEAST[kind]), (name, role, answer.status_code)
        assert is_let_in(answer) or answer.status_code == 403


@pytest.mark.parametrize("name", TABLE)
def test_a_key_may_no_more_than_its_scopes(world: World, name: str) -> None:
    kind = TABLE[name]
    if kind == PUBLIC:
        return
    for scope in KEY_SCOPES:
        answer = world.ask(name, world.keys[f"only {scope}"])

        assert is_let_in(answer) == (SCOPE[kind] == scope), (name, scope, answer.status_code)


@pytest.mark.parametrize("name", OF_A_REPOSITORY)
def test_what_is_private_is_to_others_as_if_it_were_not_there(world: World, name: str) -> None:
    """Word for word, but for what was asked."""
    key = world.keys[Role.ADMIN.word]
    told = []
    for repository_id in (PRIVATE, UNKNOWN):
        answer = world.ask(name, key, repository_id)
        assert answer.status_code == 404, (name, answer.text)
        problem = answer.json() if answer.content else {}
        problem.pop("request_id", None)
        for asked in (world.jobs[repository_id], f"r{repository_id}"):
            problem = {name: str(one).replace(asked, "N") for name, one in problem.items()}
        told.append(
            {name: re.sub(rf"\b{repository_id}\b", "N", one) for name, one in problem.items()}
        )

    assert told[0] == told[1]


@pytest.mark.parametrize("name", [one for one in OF_A_REPOSITORY if TABLE[one] == READ])
def test_its_member_sees_what_is_private(world: World, name: str) -> None:
    if name.endswith(
        ("code-quality", "health-score", "sentiment", "{metric_id}")
    ):  # no mart of these
        return
    public = world.ask(name, world.keys["member"], PUBLISHED)
    private = world.ask(name, world.keys["member"], PRIVATE)

    assert private.status_code == public.status_code, private.text
    assert private.status_code in {200, 201, 101}


LISTS = {
    "repositories": "/repositories",
    "jobs": "/jobs",
    "rows": "/marts/contributor/rows",
    "csv": "/marts/contributor/rows?format=csv",
    "summaries": "/marts/repository_summary/rows",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_what_is_private_for_its_members_alone(world: World, name: str) -> None:
    seen = {}
    for who in (Role.ADMIN.word, "member"):
        with client_of(world.url, world.keys[who]) as client:
            answer = client.get(f"{V1}{LISTS[name]}").raise_for_status()
        if name == "csv":
            seen[who] = {int(line.split(",")[0]) for line in answer.text.splitlines()[1:]}
        else:
            seen[who] = {one["repository_id"] for one in answer.json()["data"]}

    assert seen == {Role.ADMIN.word: {PUBLISHED}, "member": {PUBLISHED, PRIVATE}}


def test_rows_of_what_is_private_are_not_there_for_others(world: World) -> None:
    for query in (f"?repository_id={PRIVATE}", f"?repository_id={UNKNOWN}"):
        with client_of(world.url, world.keys[Role.ADMIN.word]) as client:
            assert client.get(f"{V1}/marts/contributor/rows{query}").status_code == 404
    with client_of(world.url, world.keys["member"]) as client:
        found = client.get(f"{V1}/marts/contributor/rows?repository_id={PRIVATE}").json()
    assert len(found["data"]) == 3


def test_sql_sees_what_is_private_for_its_members_alone(world: World) -> None:
    sql = "select distinct repository_id from marts.contributor"
    seen = {}
    for who in (Role.ADMIN.word, "member"):
        with client_of(world.url, world.keys[who]) as client:
            answer = client.post(f"{V1}/sql", json={"sql": sql}).raise_for_status().json()
        seen[who] = {repository_id for (repository_id,) in answer["data"]}
        assert answer["meta"]["repositories_count"] == len(seen[who])

    assert seen == {Role.ADMIN.word: {PUBLISHED}, "member": {PUBLISHED, PRIVATE}}


def test_an_agent_sees_what_is_private_for_its_members_alone(world: World) -> None:
    seen = {}
    for who in (Role.ADMIN.word, "member"):
        rows = agent(world, who, "mart_rows", mart="contributor")["data"]
        asked = agent(
            world, who, "query", sql="select distinct repository_id from marts.contributor"
        )
        seen[who] = {one["repository_id"] for one in rows}
        assert {one for (one,) in asked["data"]} == seen[who]
        for tool, given in (
            ("mart_rows", {"mart": "contributor", "repository_id": PRIVATE}),
            ("repository_summary", {"repository": str(PRIVATE)}),
            ("repository_summary", {"repository": f"octo/r{PRIVATE}"}),
        ):
            assert ("data" in agent(world, who, tool, **given)) == (who == "member")

    assert seen == {Role.ADMIN.word: {PUBLISHED}, "member": {PUBLISHED, PRIVATE}}


def test_an_agent_needs_a_key_and_a_right_to_ask(world: World) -> None:
    for key, status in ((None, 401), (world.keys["only export"], 403)):
        with client_of(world.url, key) as client:
            assert client.post("/mcp", json=_call("list_marts", {})).status_code == status
    assert "scope sql" in agent(world, "only read", "query", sql="select 1")["error"]


def _call(tool: str, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": tool, "arguments": given},
    }  # fmt: skip


def agent(world: World, who: str, tool: str, **given: Any) -> dict[str, Any]:
    """What the tool found, or `error`."""
    headers = {"accept": "application/json, text/event-stream"}
    with client_of(world.url, world.keys[who]) as client:
        answer = client.post("/mcp", json=_call(tool, given), headers=headers).raise_for_status()
    result = answer.json()["result"]
    if result.get("isError"):
        return {"error": result["content"][0]["text"]}
    found: dict[str, Any] = json.loads(result["content"][0]["text"])
    return found


def test_a_file_needs_more_than_reading(world: World) -> None:
    path = f"{V1}/marts/contributor/rows?format=csv"
    found = {}
    for who in (Role.VIEWER.word, "only read", "only export", Role.ANALYST.word):
        with client_of(world.url, world.keys[who]) as client:
            found[who] = client.get(path).status_code

    assert found == {"viewer": 403, "only read": 403, "only export": 403, "analyst": 200}


def test_a_search_finds_what_is_private_for_its_members_alone(world: World) -> None:
    def seen(who: str) -> set[int]:
        with client_of(world.url, world.keys[who]) as client:
            found = client.get(f"{V1}/fast/search?q=octo").raise_for_status().json()["data"]
        return {one["repository_id"] for one in found}

    wait_for(lambda: seen("member") == {PUBLISHED, PRIVATE})
    for _ in range(3):  # from the index, from the shelf, by the lane
        assert seen(Role.VIEWER.word) == {PUBLISHED}
        assert seen("member") == {PUBLISHED, PRIVATE}


def test_the_lane_never_shows_what_is_private(world: World) -> None:
    path = f"{V1}/fast/repositories/{{}}/summary"
    with client_of(world.url, world.keys["member"]) as member:
        for _ in range(5):
            assert member.get(path.format(PRIVATE)).status_code == 200
    for who in (None, "wrong", world.keys[Role.ADMIN.word]):
        with client_of(world.url, who) as client:
            for _ in range(5):
                assert client.get(path.format(PRIVATE)).status_code in {401, 404}


def test_the_metrics_name_nothing_private(world: World) -> None:
    seen = {}
    for who in (Role.ADMIN.word, "member"):
        with client_of(world.url, world.keys[who]) as client:
            text = client.get("/metrics").raise_for_status().text
        seen[who] = f'repository_id="{PRIVATE}"' in text

    assert seen == {Role.ADMIN.word: False, "member": True}


def test_a_revoked_key_and_a_lost_role_count_within_a_second(world: World) -> None:
    with world.engine.begin() as connection:
        made, text = api_keys.create(
            connection, user_id=3, name="short", role=Role.MAINTAINER, scopes=["read", "write"],
            at=now(), expires_at=now() + timedelta(days=1),
        )  # fmt: skip
    with client_of(world.url, text) as client:
        for path in (f"{V1}/me", f"{V1}/fast/repositories/{PUBLISHED}/summary") * 3:
            assert client.get(path).status_code == 200
        with world.engine.begin() as connection:
            users.set_role(connection, 3, Role.VIEWER)
        wait_for(lambda: client.get(f"{V1}/me").json()["role"] == "viewer", seconds=1)
        with world.engine.begin() as connection:
            users.set_role(connection, 3, Role.MAINTAINER)
            api_keys.revoke(connection, made.key_id, user_id=3, of_all=False, at=now())
        path = f"{V1}/fast/repositories/{PUBLISHED}/summary"
        wait_for(lambda: client.get(path).status_code == 401, seconds=1)


def test_the_admin_of_the_machine_sees_everything(world: World) -> None:
    with client_of(world.url, ADMIN_KEY) as client:
        assert len(client.get(f"{V1}/repositories").json()["data"]) == 2
        assert client.get(f"{V1}/fast/repositories/{PRIVATE}/summary").status_code == 200


def test_what_was_written_or_refused_is_in_the_audit(world: World) -> None:
    key = world.keys[Role.VIEWER.word]
    with client_of(world.url, key) as client:
        answer = client.post(
            f"{V1}/repositories/{PUBLISHED}/analyze", headers={"x-request-id": "audit-me-0"}
        )
    assert answer.status_code == 403
    found = value(
        world.engine,
        "select array[principal, address, method, route, target, status::text]"
        " from auth.audit where request_id = 'audit-me-0'",
    )

    assert found == [
        "key:1", "127.0.0.1", "POST", f"{V1}/repositories/{{repository_id}}/analyze",
        f"{V1}/repositories/{PUBLISHED}/analyze", "403",
    ]  # fmt: skip
