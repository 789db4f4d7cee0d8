"""Everybody who may come to the API, and what the contract lets each of them do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.dashboard import PAGES
from gitinsight.clock import now
from gitinsight.principal import KEY_SCOPES, KeyScope, Role
from gitinsight.settings import Settings
from tests.support.people import client_of
from warehouse import api_keys, users
from warehouse.engine import Engine

V1 = "/api/v1"
PUBLIC, READ, ASK, KEYS, WRITE, ADMIN = (
    "public", "viewer", "analyst", "keeper", "maintainer", "admin",
)  # fmt: skip
TABLE = {
    "GET /health": PUBLIC, "GET /health/live": PUBLIC, "GET /health/ready": PUBLIC,
    "GET /": PUBLIC, "GET /_app/{rest:path}": PUBLIC, "GET /favicon.svg": PUBLIC,
    **{f"GET /{one}{rest}": PUBLIC for one in PAGES for rest in ("", "/{rest:path}")},
    "GET /.well-known/jwks.json": PUBLIC, "GET /metrics": READ,
    f"POST {V1}/webhooks/github": PUBLIC, f"GET {V1}/auth/github/login": PUBLIC,
    f"GET {V1}/auth/github/callback": PUBLIC, f"POST {V1}/auth/refresh": PUBLIC,
    f"POST {V1}/auth/logout": PUBLIC, f"GET {V1}/me": READ,
    f"GET {V1}/repositories": READ, f"POST {V1}/repositories": WRITE,
    f"GET {V1}/repositories/{{repository_id}}": READ,
    f"PATCH {V1}/repositories/{{repository_id}}": WRITE,
    f"DELETE {V1}/repositories/{{repository_id}}": WRITE,
    f"GET {V1}/repositories/by-name/{{owner}}/{{name}}": READ,
    f"POST {V1}/repositories/{{repository_id}}/analyze": WRITE,
    f"GET {V1}/repositories/{{repository_id}}/completeness": READ,
    f"GET {V1}/repositories/{{repository_id}}/anomalies": READ,
    f"GET {V1}/repositories/{{repository_id}}/forecasts": READ,
    f"GET {V1}/repositories/{{repository_id}}/insights": READ,
    f"GET {V1}/repositories/{{repository_id}}/insights/{{insight}}": READ,
    f"GET {V1}/repositories/{{repository_id}}/sentiment": READ,
    f"GET {V1}/repositories/{{repository_id}}/code-quality": READ,
    f"GET {V1}/repositories/{{repository_id}}/summary": READ,
    f"GET {V1}/repositories/{{repository_id}}/contributors": READ,
    f"GET {V1}/repositories/{{repository_id}}/health-score": READ,
    f"GET {V1}/repositories/{{repository_id}}/metrics/{{metric}}": READ,
    f"GET {V1}/overview": READ, f"GET {V1}/organisations": READ, f"POST {V1}/organisations": WRITE,
    f"GET {V1}/organisations/{{organisation_id}}": READ,
    f"GET {V1}/fast/repositories/{{repository_id}}/summary": READ,
    f"GET {V1}/fast/search": READ, f"GET {V1}/search": READ, f"GET {V1}/search/modes": READ,
    f"GET {V1}/marts": READ, f"GET {V1}/marts/{{mart}}": READ,
    f"GET {V1}/marts/{{mart}}/rows": READ,
    f"POST {V1}/sql": ASK, f"GET {V1}/models": READ, f"POST {V1}/ai/sentiment": READ,
    f"POST {V1}/ai/analyze-code": READ,
    f"POST {V1}/ai/duplicates": READ, f"POST {V1}/ai/ask": ASK,
    f"GET {V1}/metrics": READ, f"GET {V1}/metrics/{{metric_id}}": READ,
    f"GET {V1}/jobs": READ, f"GET {V1}/jobs/{{job_id}}": READ,
    f"GET {V1}/jobs/{{job_id}}/events": READ,
    f"POST {V1}/jobs/{{job_id}}/cancel": WRITE, f"POST {V1}/jobs/{{job_id}}/retry": WRITE,
    f"WS {V1}/stream/repository/{{repository_id}}/updates": READ,
    f"GET {V1}/users": ADMIN, f"PUT {V1}/users/{{user_id}}/role": ADMIN,
    f"GET {V1}/api-keys": KEYS, f"POST {V1}/api-keys": KEYS,
    f"DELETE {V1}/api-keys/{{key_id}}": KEYS,
    f"POST {V1}/auth/ticket": READ, f"GET {V1}/audit": ADMIN,
    "GET /badge/{owner}/{name}.svg": PUBLIC,
    f"GET {V1}/repositories/{{repository_id}}/charts/{{metric}}.svg": READ,
    f"GET {V1}/repositories/{{repository_id}}/charts/{{metric}}.png": READ,
    f"GET {V1}/repositories/{{repository_id}}/values/{{metric_id}}": READ,
    f"POST {V1}/repositories/{{repository_id}}/reports": READ,
    f"GET {V1}/reports": WRITE, f"PUT {V1}/reports/{{report_id}}/answer": WRITE,
    f"GET {V1}/repositories/{{repository_id}}/identity-suggestions": WRITE,
    f"POST {V1}/identities/previews": WRITE, f"GET {V1}/identities/previews/{{preview_id}}": WRITE,
    f"GET {V1}/identities/merges": WRITE, f"POST {V1}/identities/merges": WRITE,
    f"DELETE {V1}/identities/merges/{{alias}}": WRITE, f"GET {V1}/budgets": ADMIN,
}  # fmt: skip
SCOPE: dict[str, KeyScope | None] = {
    READ: "read", ASK: "sql", WRITE: "write", ADMIN: "admin", KEYS: None,
}  # fmt: skip
LEAST = {
    READ: Role.VIEWER, ASK: Role.ANALYST, WRITE: Role.MAINTAINER, ADMIN: Role.ADMIN,
}  # fmt: skip
OF_A_REPOSITORY = [
    name
    for name in TABLE
    if ("{repository_id}" in name or "{job_id}" in name or "{owner}" in name)
    and not name.startswith("GET /badge")  # an image of what is unknown: it has its own test
]
PUBLISHED, PRIVATE, UNKNOWN = 1, 2, 99
BODIES = {
    f"POST {V1}/repositories": {"full_name": "not a name"},
    f"POST {V1}/organisations": {"login": "not a login"},
    f"PUT {V1}/users/{{user_id}}/role": {"role": "nobody"},
    f"POST {V1}/api-keys": {"name": ""},
    f"POST {V1}/sql": {"sql": "select 1"},
    f"POST {V1}/ai/sentiment": {"texts": ["It works."]},
    f"POST {V1}/ai/analyze-code": {"filename": "a.go", "code": "package a"},
    f"POST {V1}/ai/ask": {"question": "How many issues are there?"},
    f"POST {V1}/ai/duplicates": {"repository_id": 99, "title": "It does not work."},
    f"PATCH {V1}/repositories/{{repository_id}}": {"fresh_hours": 7},
    f"POST {V1}/repositories/{{repository_id}}/reports": {"metric": "commits@1", "comment": "no"},
    f"PUT {V1}/reports/{{report_id}}/answer": {"answer": ""},
    f"POST {V1}/identities/previews": {"alias": "", "person": ""},
    f"POST {V1}/identities/merges": {"alias": "", "person": "", "reason": ""},
}
"""Those that change something everybody else builds on are not valid: who may not is told first."""
REMOVES = f"DELETE {V1}/repositories/{{repository_id}}"
"""Nothing that everybody else builds on: who may is told that there is none."""


@dataclass(frozen=True)
class World:
    url: str
    engine: Engine
    jobs: dict[int, str]
    keys: dict[str, str]

    def ask(self, name: str, key: str | None, repository_id: int = PUBLISHED) -> httpx2.Response:
        method, _, path = name.partition(" ")
        if name == REMOVES and repository_id == PUBLISHED:
            repository_id = UNKNOWN
        path = path.format(
            repository_id=repository_id, job_id=self.jobs[repository_id], owner="octo",
            name=f"r{repository_id}", insight="bus_factor", metric="commits_count",
            metric_id="bus-factor", mart="contributor", organisation_id=1, user_id=1, key_id=99,
            report_id=99, preview_id=99, alias="nobody",
        )  # fmt: skip
        if path.endswith("/search"):
            path += "?q=octo"
        if method == "WS":
            return self._listen(path, key)
        with client_of(self.url, key) as client:
            return client.request(method, path, json=BODIES.get(name))

    def _listen(self, path: str, key: str | None) -> httpx2.Response:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        try:
            with connect(self.url.replace("http", "ws") + path, additional_headers=headers):
                return httpx2.Response(101)
        except InvalidStatus as error:
            body = bytes(error.response.body or b"")
            return httpx2.Response(error.response.status_code, content=body)


def settings_of(home: Path, url: str) -> Settings:
    return Settings.model_validate(
        {
            "state_dir": home, "warehouse": {"url": url},
            "github": {"api_url": "https://api.github.test"},
            "auth": {"mode": "required", "requests_per_minute": 0, "failures_per_minute": 100_000},
        }
    )  # fmt: skip


def made_keys(engine: Engine) -> dict[str, str]:
    """One for each role, for each scope alone, and those that are worth nothing any more. The
    ``member`` alone is shown the private repository.
    """
    keys: dict[str, str] = {}
    at, until = now(), now() + timedelta(days=1)
    with engine.begin() as connection:

        def person(number: int, role: Role) -> int:
            user = users.log_in(
                connection, host="https://api.github.test", github_id=number, login=f"u{number}",
                sealed_token=b"x", admins=("nobody",), at=at,
            )  # fmt: skip
            users.set_role(connection, user.user_id, role)
            shown = [PRIVATE] if number == 9 else []
            users.record_readable(connection, user.user_id, shown, until=until)
            return user.user_id

        def key(user_id: int, role: Role, *scopes: KeyScope, until: datetime = until) -> str:
            _, text = api_keys.create(
                connection, user_id=user_id, name="k", role=role, scopes=scopes or KEY_SCOPES,
                at=at, expires_at=until,
            )  # fmt: skip
            return text

        for role in Role:
            keys[role.word] = key(person(role, role), role)
        keys["member"] = key(person(9, Role.ADMIN), Role.ADMIN)
        for scope in KEY_SCOPES:
            keys[f"only {scope}"] = key(4, Role.ADMIN, scope)
        keys["expired"] = key(4, Role.ADMIN, until=at - timedelta(seconds=1))
        keys["revoked"] = key(4, Role.ADMIN)
        connection.exec_driver_sql(
            "update auth.api_keys set revoked_at = now()"
            " where key_id = (select max(key_id) from auth.api_keys)"
        )
    return keys
