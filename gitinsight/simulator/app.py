"""The simulated GitHub as a web application: REST, GraphQL, git, limits, and a control panel."""

import gzip
import hashlib
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gitinsight.git.environment import environment
from gitinsight.simulator import git_repository
from gitinsight.simulator.graph import Graph
from gitinsight.simulator.organisation import (
    LABEL,
    ORGANISATION,
    Organisation,
    Record,
    Repository,
    iso,
    touch,
)

WRONG_TOKEN = "wrong-token"  # noqa: S105 - the one that is refused
_WINDOW_SECONDS = 3600
_LIMITS = {"with token": 5000, "without": 60}
_OWNER = {"login": ORGANISATION, "id": 8_999_999, "type": "Organization"}
_LISTS = {
    "issues": "issues", "issues/comments": "comments", "pulls": "pulls",
    "pulls/comments": "review_comments", "labels": "labels", "milestones": "milestones",
    "releases": "releases", "issues/events": "events", "branches": "branches", "tags": "tags",
    "commits": "commits", "actions/runs": "runs",
}  # fmt: skip


class Simulator:
    """What the routes share; one per server."""

    def __init__(self, *, seed: int, git_dir: Path, base_url: str) -> None:
        self.seed, self.base_url = seed, base_url.rstrip("/")
        self.organisation = Organisation(seed)
        self.paths = {
            name: git_repository.build(one, git_dir, seed=seed)
            for name, one in self.organisation.repositories.items()
        }
        self.names = {name: name for name in self.organisation.repositories}
        self.graph = Graph(
            lambda: list(self.organisation.repositories.values()), self.find,
            lambda one: self.paths[one.name], self.organisation.users,
        )  # fmt: skip
        self.calm()
        self.reset_statistics()

    def calm(self) -> None:
        self.error_rate = 0.0
        self.limits = dict(_LIMITS)
        self.used: Counter[str] = Counter()
        self.window_ends = int(time.time()) + _WINDOW_SECONDS
        self._chance = random.Random(self.seed)  # noqa: S311 - reproducible, not secret

    def reset_statistics(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.charged = 0

    def find(self, owner: str, name: str) -> Repository | None:
        if owner.lower() != ORGANISATION:
            return None
        return self.organisation.repositories.get(self.names.get(name, ""))

    def name_of(self, repository: Repository) -> str:
        """The newest of the names that lead to it."""
        return [name for name, made in self.names.items() if made == repository.name][-1]

    def rename(self, old: str, new: str) -> None:
        self.names[new] = self.names[old]

    def fails_now(self) -> bool:
        return self._chance.random() < self.error_rate

    def spend(self, principal: str, bucket: str, cost: int) -> tuple[int, int]:
        """(limit, remaining) after a request; remaining is below 0 where it may not be answered."""
        if time.time() > self.window_ends:
            self.used.clear()
            self.window_ends = int(time.time()) + _WINDOW_SECONDS
        limit = self.limits["with token" if principal else "without"]
        if bucket == "graphql" and not principal:
            limit = 0
        self.used[f"{principal} {bucket}"] += cost
        return limit, limit - self.used[f"{principal} {bucket}"]


def create_app(*, seed: int = 1, git_dir: Path, base_url: str) -> Starlette:
    """``base_url`` is where it will be reached; ``git_dir`` keeps the bare repositories."""
    app = Starlette(
        routes=[
            Route("/graphql", _graphql, methods=["POST"]),
            Route("/repos/{owner}/{name}", _rest),
            Route("/repos/{owner}/{name}/{rest:path}", _rest),
            Route("/users/{login}", _account),
            Route("/orgs/{login}/repos", _account),
            Route("/repositories/{id:int}", _by_id),
            Route("/repositories/{id:int}/{rest:path}", _by_id),
            Route("/_control", _control, methods=["POST"]),
            Route("/_stats", _stats, methods=["GET", "POST"]),
            Route("/{owner}/{name}.git/info/refs", _git_refs),
            Route("/{owner}/{name}.git/git-upload-pack", _git_pack, methods=["POST"]),
            Route("/{rest:path}", _nothing),
        ]
    )
    app.state.simulator = Simulator(seed=seed, git_dir=git_dir, base_url=base_url)
    return app


def _of(request: Request) -> Simulator:
    simulator: Simulator = request.app.state.simulator
    return simulator


def _rest(request: Request) -> Response:
    simulator = _of(request)
    owner, name = request.path_params["owner"], request.path_params["name"]
    found = simulator.find(owner, name)
    if found is not None and name != simulator.name_of(found):
        rest = request.path_params.get("rest", "")
        url = f"{simulator.base_url}/repositories/{found.id}/{rest}".rstrip("/")
        query = f"?{request.url.query}" if request.url.query else ""
        return _answer(request, {"message": "Moved Permanently", "url": url}, status=301,
                       headers={"location": f"{url}{query}"})  # fmt: skip
    return _serve(request, found)


def _by_id(request: Request) -> Response:
    wanted = request.path_params["id"]
    found = [one for one in _of(request).organisation.repositories.values() if one.id == wanted]
    return _serve(request, found[0] if found else None)


def _account(request: Request) -> Response:
    if request.path_params["login"].lower() != ORGANISATION:
        return _missing(request)
    held = _of(request).organisation.repositories.values()
    listed = [_object(_of(request), one) for one in held]
    return _answer(request, _OWNER if request.url.path.startswith("/users/") else listed)


def _serve(request: Request, repository: Repository | None) -> Response:
    rest = request.path_params.get("rest", "")
    if repository is None:
        return _missing(request)
    if not rest:
        return _answer(request, _object(_of(request), repository))
    if rest in _LISTS:
        return _list(request, repository, rest)
    kind, _, number = rest.partition("/")
    if kind == "issues" and number.isdigit():
        if int(number) in repository.deleted:
            return _answer(request, {"message": "This issue was deleted"}, status=410)
        if int(number) in repository.issues:
            issue = repository.issues[int(number)]
            return _answer(request, _with_urls(_of(request), repository, issue))
    return _missing(request)


def _list(request: Request, repository: Repository, path: str) -> Response:
    simulator, query = _of(request), request.query_params
    if path == "actions/runs":
        return _answer(request, {"total_count": 0, "workflow_runs": []})
    if path == "commits" and not git_repository.log(simulator.paths[repository.name]):
        return _answer(request, {"message": "Git Repository is empty."}, status=409)
    records = list(_records(simulator, repository, path))
    if "since" in query:
        records = [one for one in records if one["updated_at"] >= query["since"]]
    if path.startswith(("issues", "pulls")) and path != "issues/events":
        key = "updated_at" if query.get("sort") == "updated" else "created_at"
        records.sort(
            key=lambda one: (one[key], one["id"]), reverse=query.get("direction", "desc") == "desc"
        )
    if path in {"issues", "pulls"} and query.get("state", "open") != "all":
        records = [one for one in records if one["state"] == query.get("state", "open")]
    if path == "issues/events":
        records.sort(key=lambda one: one["id"], reverse=True)
    size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
    last = max(1, -(-len(records) // size))
    headers = {}
    if page < last:
        base = f"{simulator.base_url}/repositories/{repository.id}/{path}"
        plain = {name: value for name, value in query.items() if name != "page"}
        links = {"next": page + 1, "last": last}
        headers["link"] = ", ".join(
            f'<{base}?{urlencode({**plain, "page": number})}>; rel="{rel}"'
            for rel, number in links.items()
        )
    return _answer(request, records[(page - 1) * size : page * size], headers=headers)


def _records(simulator: Simulator, repository: Repository, path: str) -> Iterable[Record]:
    git_path = simulator.paths[repository.name]
    if path in {"branches", "tags"}:
        kind = "heads" if path == "branches" else "tags"
        for name, sha in git_repository.refs(git_path, kind).items():
            yield {"name": name, "commit": {"sha": sha}}
    elif path == "commits":
        for commit in git_repository.log(git_path):
            parents = [{"sha": sha} for sha in commit["parents"].split()]
            yield {"sha": commit["sha"], "parents": parents}
    elif path == "pulls":
        for number, pull in repository.pulls.items():
            issue = repository.issues[number]
            yield _with_urls(simulator, repository, issue) | {
                "id": pull["id"], "merged_at": pull["merged_at"], "draft": pull["is_draft"],
            }  # fmt: skip
    else:
        held = getattr(repository, _LISTS[path])
        for one in held.values() if isinstance(held, dict) else held:
            yield _with_urls(simulator, repository, one)


def _with_urls(simulator: Simulator, repository: Repository, record: Record) -> Record:
    """The fields that name the host, as GitHub writes them."""
    root = f"{simulator.base_url}/repos/{repository.full_name}"
    served = dict(record)
    number = record.get("number")
    kind = str(record.get("node_id", "")).split("_")[0]
    if kind in {"I", "PR"}:
        served["url"] = f"{root}/issues/{number}"
        served["repository_url"] = root
    elif kind == "IC":
        served |= {"issue_url": f"{root}/issues/{number}", "url": f"{root}/issues/comments"}
        del served["number"]
    elif kind == "PRRC":
        served["pull_request_url"] = f"{root}/pulls/{served.pop('number')}"
    elif kind == "EV":
        served["issue"] = {"number": served.pop("number")}
    return served


def _object(simulator: Simulator, repository: Repository) -> Record:
    open_count = sum(one["state"] == "open" for one in repository.issues.values())
    commits = git_repository.log(simulator.paths[repository.name])
    name = simulator.name_of(repository)
    return {
        "id": repository.id, "node_id": f"R_{repository.id}", "name": name,
        "full_name": f"{ORGANISATION}/{name}", "private": False, "fork": False,
        "description": LABEL, "topics": ["synthetic"],
        "custom_properties": {"gitinsight_synthetic": "true"},
        "owner": _OWNER, "size": len(commits),
        "clone_url": f"{simulator.base_url}/{ORGANISATION}/{name}.git", "default_branch": "main",
        "created_at": iso(repository.created_at), "updated_at": iso(repository.created_at),
        "pushed_at": commits[0]["committed_at"] if commits else None, "language": "Python",
        "open_issues_count": open_count, "stargazers_count": 0, "forks_count": 0,
        "archived": False, "disabled": False,
    }  # fmt: skip


async def _graphql(request: Request) -> Response:
    body = json.loads(await request.body())
    simulator = _of(request)
    answer = simulator.graph.execute(
        body["query"], body.get("variables") or {}, remaining=simulator.limits["with token"]
    )
    return _answer(request, answer, bucket="graphql")


def _answer(
    request: Request, content: Any, *, status: int = 200, bucket: str = "core",
    headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """Charge it, stamp it, and say 304 where the caller holds it already."""
    simulator = _of(request)
    principal = request.headers.get("authorization", "").split(" ")[-1]
    if principal == WRONG_TOKEN:
        simulator.statuses[401] += 1
        return JSONResponse(
            {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"},
            status_code=401,
        )
    if simulator.fails_now():
        simulator.statuses[502] += 1
        return JSONResponse({"message": "Server Error"}, status_code=502)
    body = json.dumps(content).encode()
    etag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    is_known = request.method == "GET" and request.headers.get("if-none-match") == etag
    cost = 0 if is_known and status == 200 else 1
    limit, remaining = simulator.spend(principal, bucket, cost)
    stamped = {
        "x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(0, remaining)),
        "x-ratelimit-reset": str(simulator.window_ends), "x-ratelimit-resource": bucket,
        "date": formatdate(usegmt=True), "etag": etag, **(headers or {}),
    }  # fmt: skip
    if remaining < 0:
        status, body = 403, b'{"message": "API rate limit exceeded"}'
    elif cost == 0:
        status, body = 304, b""
    simulator.statuses[status] += 1
    simulator.charged += cost
    return Response(body, status_code=status, headers=stamped, media_type="application/json")


def _missing(request: Request) -> Response:
    return _answer(request, {"message": "Not Found"}, status=404)


def _nothing(request: Request) -> Response:
    return _missing(request)


async def _control(request: Request) -> Response:
    """Change what is served: faults, limits, names, and the data itself."""
    simulator, wanted = _of(request), await request.json()
    if wanted.get("calm"):
        simulator.calm()
    simulator.error_rate = float(wanted.get("error_rate", simulator.error_rate))
    simulator.limits |= wanted.get("limits", {})
    for old, new in wanted.get("rename", {}).items():
        simulator.rename(old.split("/")[1], new.split("/")[1])
    if "mutate" in wanted:
        _mutate(simulator, wanted["mutate"], wanted["repo"].split("/")[1])
    return JSONResponse({"ok": True})


def _mutate(simulator: Simulator, operation: str, name: str) -> None:
    repository = simulator.organisation.repositories[name]
    at = datetime.now(UTC) - timedelta(seconds=1)
    number = max(repository.issues, default=0)
    if operation == "new_issue":
        simulator.organisation.add_issue(repository, at)
    elif operation == "new_comment":
        simulator.organisation.add_comment(repository, number, at)
    elif operation == "close_issue":
        issue = next(one for one in repository.issues.values() if one["state"] == "open")
        issue |= {"state": "closed", "closed_at": iso(at), "state_reason": "completed"}
        touch(issue, at)
    elif operation == "delete_issue":
        repository.deleted.add(number)
        del repository.issues[number]
        repository.pulls.pop(number, None)
    elif operation == "new_commit":
        git_repository.add_commit(simulator.paths[name], at=at)
    else:
        raise ValueError(operation)


async def _stats(request: Request) -> Response:
    simulator = _of(request)
    if request.method == "POST":
        simulator.reset_statistics()
    return JSONResponse(
        {
            "requests": simulator.statuses.total(),
            "by_status": {str(status): count for status, count in simulator.statuses.items()},
            "charged": simulator.charged,
        }
    )


async def _git_refs(request: Request) -> Response:
    head = b"001e# service=git-upload-pack\n0000"
    return await _upload_pack(request, "--advertise-refs", prefix=head, kind="advertisement")


async def _git_pack(request: Request) -> Response:
    return await _upload_pack(request, prefix=b"", kind="result")


async def _upload_pack(request: Request, *options: str, prefix: bytes, kind: str) -> Response:
    simulator = _of(request)
    found = simulator.find(request.path_params["owner"], request.path_params["name"])
    if found is None:
        return Response("Not Found", status_code=404)
    body = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    protocol = request.headers.get("git-protocol", "")
    command = [
        "git", "-c", "safe.directory=*", "upload-pack", "--stateless-rpc", *options,
        str(simulator.paths[found.name]),
    ]  # fmt: skip
    done = await run_in_threadpool(
        subprocess.run, command, input=body, stdout=subprocess.PIPE, check=False,
        env=environment(GIT_PROTOCOL=protocol),
    )  # fmt: skip
    if protocol.startswith("version=2"):
        prefix = b""
    return Response(
        prefix + done.stdout, media_type=f"application/x-git-upload-pack-{kind}",
        headers={"cache-control": "no-cache"},
    )  # fmt: skip
