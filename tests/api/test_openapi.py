"""The OpenAPI document: whole, valid, and what really comes back."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.openapi.models import OpenAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from api.app import PARTS, create_app
from api.errors import Problem
from api.jobs import Event
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support import server_sent
from warehouse import insights

APP = create_app(Settings(), warehouse_url="postgresql://nobody@127.0.0.1:1/none", admin_key=None)
DOCUMENT = APP.openapi()
ROUTES = [
    (f"{prefix}{route.path}", route)
    for part, prefix in PARTS
    for route in part.router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
LOGIN = "GET /api/v1/auth/github/login"
CALLBACK = "GET /api/v1/auth/github/callback"
PUBLIC = {
    "GET /health", "GET /health/live", "GET /health/ready", "GET /.well-known/jwks.json",
    LOGIN, CALLBACK, "POST /api/v1/auth/refresh", "POST /api/v1/auth/logout",
    "GET /badge/{owner}/{name}.svg",
}  # fmt: skip
PROVEN_OTHERWISE = {CALLBACK, "POST /api/v1/auth/refresh"}
"""What is given in place of a key may be wrong, too."""
of_every_operation = pytest.mark.parametrize(
    ("name", "operation"), OPERATIONS.items(), ids=OPERATIONS
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def models() -> Iterator[type[BaseModel]]:
    """Those of ours that the document knows of."""
    waiting = list(BaseModel.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if (
            model.__module__.startswith("api.")
            and model.__name__ in DOCUMENT["components"]["schemas"]
        ):
            yield model


def is_success(status: str) -> bool:
    return status.startswith("2")


class TestDocument:
    def test_it_is_openapi_3_1(self) -> None:
        assert re.fullmatch(r"3\.1\.\d", DOCUMENT["openapi"])
        OpenAPI.model_validate(DOCUMENT)

    def test_every_reference_leads_somewhere(self) -> None:
        for reference in references(DOCUMENT):
            at: Any = DOCUMENT
            for part in reference.removeprefix("#/").split("/"):
                assert part in at, reference
                at = at[part]

    def test_every_schema_is_used(self) -> None:
        used = {reference.rsplit("/", 1)[-1] for reference in references(DOCUMENT)}

        assert set(DOCUMENT["components"]["schemas"]) == used

    def test_names_of_schemas_and_of_operations_are_plain(self) -> None:
        names = [*DOCUMENT["components"]["schemas"], *DOCUMENT["components"]["securitySchemes"]]

        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)

    def test_no_two_schemas_are_called_the_same(self) -> None:
        """FastAPI puts the module before the name where there are two, and clients take them for
        one.
        """
        assert [
            name for name in DOCUMENT["components"]["schemas"] if name.startswith("api__")
        ] == []

    def test_every_tag_is_explained_and_every_explained_tag_is_used(self) -> None:
        used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}

        assert {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]} == used

    def test_every_route_is_in_it(self) -> None:
        assert {name.partition(" ")[2] for name in OPERATIONS} == {path for path, _ in ROUTES}

    def test_asked_for_twice_it_is_the_same(self) -> None:
        assert APP.openapi() == DOCUMENT

    def test_the_key_is_a_bearer_token_but_for_what_github_signs(self) -> None:
        schemes = DOCUMENT["components"]["securitySchemes"]
        signed = {name for name, one in OPERATIONS.items() if "webhookSignature" in str(one)}

        assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
        assert schemes["webhookSignature"]["name"] == "X-Hub-Signature-256"
        assert signed == {"POST /api/v1/webhooks/github"}

    @pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
    def test_examples_are_what_they_are_examples_of(self, model: type[BaseModel]) -> None:
        schema = DOCUMENT["components"]["schemas"][model.__name__]
        for example in schema.get("examples", []):
            model.model_validate(example)
            assert example.keys() <= schema["properties"].keys()


class TestOperation:
    def test_no_two_are_called_the_same(self) -> None:
        names = [operation["operationId"] for operation in OPERATIONS.values()]

        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z_]+", name) for name in names)

    @of_every_operation
    def test_it_says_what_it_does(self, name: str, operation: dict[str, Any]) -> None:
        assert operation["summary"]
        assert len(operation.get("description", "")) > len("What it does."), name

    @of_every_operation
    def test_what_comes_back_has_a_schema_or_an_example(
        self, name: str, operation: dict[str, Any]
    ) -> None:
        found = {
            status: response
            for status, response in operation["responses"].items()
            if is_success(status)
        }
        assert found or name == LOGIN
        for status, response in found.items():
            assert response["description"]
            assert "content" in response or status == "204"
            for content in response.get("content", {}).values():
                assert content.get("example") or content["schema"].keys() - {"title"}, name

    @of_every_operation
    def test_what_goes_wrong_is_a_problem_document(
        self, name: str, operation: dict[str, Any]
    ) -> None:
        problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
        for status, response in operation["responses"].items():
            is_health = name.startswith("GET /health") and status == "503"
            if (status == "default" or status >= "400") and not is_health:
                assert response["content"] == {"application/problem+json": problem}, (name, status)
                assert response["description"]

    @of_every_operation
    def test_every_way_to_fail_is_told(self, name: str, operation: dict[str, Any]) -> None:
        told = set(operation["responses"])

        assert "default" in told
        assert ("401" in told) == (name not in PUBLIC or name in PROVEN_OTHERWISE)
        assert ("503" in told) or name == "GET /health/live"
        if "{" in name:
            assert {"404", "422"} <= told
        if operation.get("parameters") or "requestBody" in operation:
            assert "422" in told

    @of_every_operation
    def test_everything_needs_a_key_but_for_what_is_public(
        self, name: str, operation: dict[str, Any]
    ) -> None:
        assert ("security" in operation) == (name not in PUBLIC)

    @of_every_operation
    def test_its_path_and_its_parameters_agree(self, name: str, operation: dict[str, Any]) -> None:
        parameters = operation.get("parameters", [])
        in_path = {one["name"] for one in parameters if one["in"] == "path"}

        assert in_path == set(re.findall(r"{(\w+)}", name))
        keys = [(one["in"], one["name"]) for one in parameters]
        assert len(set(keys)) == len(keys)

    @of_every_operation
    def test_what_can_stand_says_how(self, name: str, operation: dict[str, Any]) -> None:
        if "304" in operation["responses"]:
            assert "ETag" in operation["responses"]["200"]["headers"], name
            assert "If-None-Match" in {one["name"] for one in operation["parameters"]}


def test_what_comes_back_is_what_the_document_says(analysed: Settings) -> None:
    """All of it, for a repository that was analysed: a field that the document does not know of is
    one too many.
    """
    reads = {
        path: TypeAdapter(route.response_model)
        for path, route in ROUTES
        if "GET" in route.methods and route.response_model and path not in CALLBACK
    }
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    with (
        serving_api(analysed) as url,
        httpx2.Client(base_url=url, timeout=30, headers=headers) as client,
    ):
        followed = client.post("/api/v1/organisations", json={"login": "synthetic-labs"})
        job = client.get("/api/v1/jobs").json()["data"][0]
        pair = {"alias": "Brook", "person": "ada"}
        preview = client.post("/api/v1/identities/previews", json=pair).raise_for_status().json()
        events = server_sent.whole(client, f"/api/v1/jobs/{job['job_id']}/events")
        for path, model in reads.items():
            for insight in insights.ORDER if "{insight}" in path else ("",):
                answer = client.get(
                    path.format(
                        repository_id=job["repository_id"], job_id=job["job_id"],
                        mart="daily_activity", owner="synthetic-labs", name="borealis",
                        metric="commits_count", insight=insight, metric_id="bus-factor",
                        organisation_id=followed.json()["organisation_id"],
                        preview_id=preview["preview_id"],
                    ),
                    params={"q": "borealis"} if path.endswith("/search") else None,
                )  # fmt: skip
                assert answer.status_code == 200, path
                read = model.validate_json(answer.content)
                told = model.dump_python(read, mode="json", exclude_unset=True)
                assert told == answer.json(), path

    asked = {name for name in OPERATIONS if name.startswith("GET ")} - {LOGIN, CALLBACK}
    no_json = {one for one in asked if one.endswith(("/events", ".svg", ".png"))}
    assert len(reads) == len(asked - no_json)
    event = TypeAdapter(Event)
    for one in events:
        assert event.dump_python(event.validate_python(one.data), mode="json") == one.data


def test_a_problem_is_what_the_document_says(reading: httpx2.Client) -> None:
    for answer in (reading.get("/api/v1/jobs?limit=0"), reading.get("/api/v1/repositories/7")):
        read = Problem.model_validate_json(answer.content)
        assert read.model_dump(mode="json", exclude_none=True) == answer.json()
