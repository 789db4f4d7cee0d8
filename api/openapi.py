"""The OpenAPI document: what FastAPI derives from the routes, and what holds for all of them."""

import threading
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.ai import Tone
from api.api_keys import ApiKey, MadeKey
from api.budgets import Budget
from api.envelope import as_json
from api.errors import Problem
from api.fast.routes import Hit
from api.figures import Count
from api.identities import Preview
from api.jobs import Event, Job
from api.organisations import Organisation
from api.overview import Glance
from api.reports import Report
from api.repositories import Repository
from api.search import Found
from api.users import Me

_DESCRIPTION = """\
GitHub repositories as figures that can be trusted. What comes from a mart or an insight says in
`meta` which instant it describes, how much of it is held, and how it was checked; what is not known
is null, never 0. Errors are problem documents of RFC 9457. Answers of some length come as zstd or
gzip to whoever takes that.

Live events of a repository come over a WebSocket, `/api/v1/stream/repository/{id}/updates?after=0`,
as the JSON of the schema `Event`; those of one job as server-sent events.
"""
_TAGS = [
    {"name": "repositories", "description": "What is followed."},
    {"name": "organisations", "description": "Whose repositories are discovered."},
    {"name": "figures", "description": "What is known about one repository."},
    {"name": "search", "description": "Everything that is known, by words or by meaning."},
    {"name": "fast", "description": "The same, kept ready: for whoever asks often."},
    {"name": "marts", "description": "The tables that the figures come from."},
    {"name": "metrics", "description": "What the figures mean."},
    {"name": "pictures", "description": "Figures as images, for other pages."},
    {"name": "reports", "description": "Figures that somebody thinks are wrong."},
    {"name": "identities", "description": "Which accounts and addresses are one person."},
    {"name": "ai", "description": "What trained models say, and how good they are."},
    {"name": "sql", "description": "Questions that no other address answers."},
    {"name": "jobs", "description": "Analyses, past and running."},
    {"name": "auth", "description": "Logging in with GitHub."},
    {"name": "budgets", "description": "What is left of the limits of GitHub."},
    {"name": "users", "description": "Who asks, and who may do what."},
    {"name": "api-keys", "description": "Keys for programs."},
    {"name": "webhooks", "description": "What GitHub delivers."},
    {"name": "health", "description": "For whoever runs the service."},
]
_AS_WRITTEN = (
    Problem, Event, Job, Repository, Organisation, Count, Found, ApiKey, MadeKey, Me, Tone,
    Report, Budget, Preview, Glance, Hit,
)  # fmt: skip
"""Those that no route answers by itself, and those with a null in their example: FastAPI leaves it
out, and what null stands for is worth showing.
"""
_PROBLEMS = {
    "401": "The key is missing or wrong.",
    "403": "The key is good, but not for this.",
    "429": "Asked too often; `Retry-After` says when again.",
    "404": "Nothing of this name is held here.",
    "400": "The body is no JSON, or nested too deeply.",
    "408": "The body did not come in time.",
    "413": "The body is too large.",
    "422": "The request is not valid; `errors` says where.",
    "503": "The warehouse or GitHub does not answer now; try again.",
    "default": "Something went wrong.",
}
_REFERENCE = "#/components/schemas/{model}"
_CONDITION = {
    "name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "`ETag` of an answer that is held; 304 while it stands.",
}  # fmt: skip


class Documented(FastAPI):
    def __init__(self, **options: Any) -> None:
        self._building = threading.Lock()
        self._written = b""
        super().__init__(
            title="GitInsight", version="1", description=_DESCRIPTION, openapi_tags=_TAGS,
            generate_unique_id_function=_operation_id,
            # Without one FastAPI describes a 422 that is not ours.
            responses={"default": {"description": _PROBLEMS["default"]}},
            **options,
        )  # fmt: skip

    def setup(self) -> None:
        """The first of two routes of one path is taken: FastAPI's own would stop everything else
        for the second that it takes to build the document, and write it anew for everybody.
        """
        self.add_route("/openapi.json", self._document, include_in_schema=False)
        super().setup()

    def _document(self, _: Request) -> Response:
        """In a thread, as every route that does not wait."""
        with self._building:
            self._written = self._written or as_json(self.openapi())
        return Response(self._written, media_type="application/json")

    def openapi(self) -> dict[str, Any]:
        is_known = self.openapi_schema is not None
        document: dict[str, Any] = super().openapi()
        if not is_known:
            for model in _AS_WRITTEN:
                document["components"]["schemas"] |= _schemas(model)
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    _complete(path, operation)
        return document


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}_{route.name}".replace("-", "_")


def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REFERENCE, mode="serialization")
    nested: dict[str, Any] = schema.pop("$defs", {})
    return nested | {model.__name__: schema}


def _complete(path: str, operation: dict[str, Any]) -> None:
    """What a route need not say, because it follows from what the route is."""
    responses: dict[str, Any] = operation["responses"]
    wanted = _expected(path, operation)
    for status, description in _PROBLEMS.items():
        if status in wanted:
            responses.setdefault(status, {"description": description})
    for status, response in responses.items():
        if (status == "default" or status >= "400") and "content" not in response:
            schema = {"$ref": "#/components/schemas/Problem"}
            response["content"] = {"application/problem+json": {"schema": schema}}
    if "304" in responses:
        operation.setdefault("parameters", []).append(_CONDITION)


def _expected(path: str, operation: dict[str, Any]) -> set[str]:
    wanted = {"default"}
    if "security" in operation:
        wanted |= {"401", "403", "429"}
    if "{" in path:
        wanted.add("404")
    if "parameters" in operation or "requestBody" in operation:
        wanted.add("422")
    if "requestBody" in operation:
        wanted |= {"400", "408", "413"}
    if path.startswith(("/api/", "/badge/", "/.well-known/")):
        wanted.add("503")
    return wanted
