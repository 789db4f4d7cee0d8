"""The REST side: where a path leads, and lists a page at a time."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gitinsight.simulator import git_repository
from gitinsight.simulator import rest_records as show
from gitinsight.simulator.answers import answer, missing, principal_of
from gitinsight.simulator.records import ORGANISATION, Record, Repository
from gitinsight.simulator.state import Simulator, simulator_of

_LISTS = {
    "issues": "issues", "issues/comments": "comments", "pulls": "pulls",
    "pulls/comments": "review_comments", "labels": "labels", "milestones": "milestones",
    "releases": "releases", "issues/events": "events", "branches": "branches", "tags": "tags",
    "commits": "commits", "forks": "forks", "deployments": "deployments",
}  # fmt: skip
_PARTS = {"issues": {"comments"}, "pulls": {"reviews", "comments", "commits", "files"}}
_LARGEST_PAGE = 100
_WEEKS_A_PAGE = 30
_PAGING = (
    "Pagination with the page parameter is not supported for large datasets, "
    "please use cursor based pagination (after/before)"
)
_UNSEEN: dict[str, tuple[int, Record]] = {
    "private": (404, {"message": "Not Found"}),
    "forbidden": (403, {"message": "Resource not accessible by integration"}),
    "sso": (403, {"message": "Resource protected by organization SAML enforcement."}),
    "disabled": (403, {
        "message": "Repository access blocked",
        "block": {"reason": "tos", "created_at": "2026-01-15T00:00:00Z", "html_url": None},
    }),
    "blocked": (451, {
        "message": "Repository access blocked",
        "block": {"reason": "dmca", "created_at": "2026-01-15T00:00:00Z",
                  "html_url": "https://github.com/github/dmca"},
    }),
}  # fmt: skip


def by_name(request: Request) -> Response:
    simulator = simulator_of(request)
    owner, name = request.path_params["owner"], request.path_params["name"]
    found = simulator.named(owner, name)
    if found is not None and simulator.state_of(found) == "redirect_loop":
        return _moved(request, str(request.url))
    if found is not None and name != simulator.name_of(found):
        rest = request.path_params.get("rest", "")
        return _moved(request, f"{simulator.base_url}/repositories/{found.id}/{rest}".rstrip("/"))
    return _serve(request, found)


def by_id(request: Request) -> Response:
    simulator, wanted = simulator_of(request), request.path_params["id"]
    for found in simulator.organisation.repositories.values():
        if found.id == wanted and simulator.names_of(found):
            return _serve(request, found)
    return missing(request)


def organisation(request: Request) -> Response:
    simulator = simulator_of(request)
    if request.path_params["login"].lower() != ORGANISATION:
        return missing(request)
    return answer(request, show.organisation_object(simulator))


def user(request: Request) -> Response:
    simulator, login = simulator_of(request), request.path_params["login"]
    if login.lower() == ORGANISATION:
        return answer(request, show.organisation_object(simulator))
    found = simulator.organisation.users.get(login)
    return missing(request) if found is None else answer(request, show.user_object(found))


def repositories_of(request: Request) -> Response:
    """Of an organisation, and of a user, who has none."""
    simulator, login = simulator_of(request), request.path_params["login"]
    if login.lower() == ORGANISATION:
        shown = [show.repository_object(simulator, one) for one in simulator.visible()]
        return _page(request, shown, request.url.path.strip("/"))
    is_known = login in simulator.organisation.users and request.url.path.startswith("/users/")
    return _page(request, [], f"users/{login}/repos") if is_known else missing(request)


def rate_limit(request: Request) -> Response:
    simulator = simulator_of(request)
    resources = {}
    for bucket in ("core", "graphql"):
        limit, remaining = simulator.limits.spend(principal_of(request), bucket, 0)
        resources[bucket] = {
            "limit": limit, "used": limit - max(0, remaining), "remaining": max(0, remaining),
            "reset": simulator.limits.window_ends,
        }  # fmt: skip
    return answer(request, {"resources": resources, "rate": resources["core"]}, cost=0)


def _moved(request: Request, url: str) -> Response:
    query = f"?{request.url.query}" if request.url.query and "?" not in url else ""
    return answer(request, {"message": "Moved Permanently", "url": url}, status=301,
                  headers={"location": f"{url}{query}"})  # fmt: skip


def _serve(request: Request, repository: Repository | None) -> Response:
    simulator, rest = simulator_of(request), request.path_params.get("rest", "")
    if repository is None:
        return missing(request)
    state = simulator.state_of(repository)
    if state in _UNSEEN:
        status, message = _UNSEEN[state]
        told = {"x-github-sso": "required; url=https://github.com/orgs/x/sso"}
        return answer(request, message, status=status, headers=told if state == "sso" else None)
    if state == "no_issues" and rest.split("/")[0] == "issues":
        message = {"message": "Issues has been disabled in this repository."}
        return answer(request, message, status=410)
    return _found(request, repository, rest)


def _found(request: Request, repository: Repository, rest: str) -> Response:
    parts = rest.split("/")
    if rest in _LISTS:
        return _list(request, repository, rest)
    if parts[0] in {"issues", "pulls"} and len(parts) > 1 and parts[1].isdigit():
        return _conversation(request, repository, parts[0], int(parts[1]), "/".join(parts[2:]))
    if parts[:2] == ["actions", "runs"]:
        return _runs(request, repository, parts[2:])
    if parts[0] == "deployments" and parts[2:] == ["statuses"]:
        return _statuses(request, repository, parts[1])
    return _single(request, repository, rest)


def _single(request: Request, repository: Repository, rest: str) -> Response:
    simulator = simulator_of(request)
    if rest == "":
        return answer(request, show.repository_object(simulator, repository))
    if rest == "stargazers":  # of administrators and collaborators alone, since July 2026
        message = {"message": "Resource not accessible by personal access token"}
        return answer(request, message, status=403)
    if rest == "stargazers/history":
        return _page(
            request, show.star_weeks(repository), f"repositories/{repository.id}/{rest}",
            largest=_WEEKS_A_PAGE,
        )  # fmt: skip
    plain: dict[str, Any] = {
        "stargazers/count": {"count": len(repository.stars)},
        "languages": repository.languages,
        "community/profile": show.community_profile(repository),
        "topics": {"names": repository.topics},
    }
    return answer(request, plain[rest]) if rest in plain else missing(request)


def _conversation(
    request: Request, repository: Repository, kind: str, number: int, part: str
) -> Response:
    simulator = simulator_of(request)
    if number in repository.deleted and not part:
        return answer(request, {"message": "This issue was deleted"}, status=410)
    if number in repository.transferred and not part:
        target, new = repository.transferred[number]
        return _moved(request, f"{simulator.base_url}/repositories/{target.id}/issues/{new}")
    if number not in repository.issues or (kind == "pulls" and number not in repository.pulls):
        return missing(request)
    if not part:
        found = (
            show.pull_object(simulator, repository, number) if kind == "pulls"
            else show.issue_now(simulator, repository, repository.issues[number])
        )  # fmt: skip
        return answer(request, found)
    if part not in _PARTS[kind]:
        return missing(request)
    return _page(
        request, show.parts_of(simulator, repository, kind, number, part),
        f"repositories/{repository.id}/{kind}/{number}/{part}",
    )  # fmt: skip


def _runs(request: Request, repository: Repository, parts: list[str]) -> Response:
    simulator, query = simulator_of(request), request.query_params
    base = f"repositories/{repository.id}/actions/runs"
    if not parts:
        held = list(reversed(repository.runs))
        filters = [name for name in ("created", "status", "branch", "event") if name in query]
        if "created" in filters:
            held = [one for one in held if _is_within(one["created_at"], query["created"])]
        if "status" in filters:
            held = [one for one in held if query["status"] in {one["status"], one["conclusion"]}]
        if "branch" in filters:
            held = [one for one in held if one["head_branch"] == query["branch"]]
        if "event" in filters:
            held = [one for one in held if one["event"] == query["event"]]
        total = len(held)
        if filters:
            held = held[: simulator.turmoil.faults.run_cap]
        shown = show.runs_and_deployments_at(simulator, repository, held)
        return _page(request, shown, base, envelope="workflow_runs", total=total)
    run = next((one for one in repository.runs if str(one["id"]) == parts[0]), None)
    if run is None or parts[1:] not in ([], ["jobs"]):
        return missing(request)
    (shown_run,) = show.runs_and_deployments_at(simulator, repository, [run])
    if parts[1:] == []:
        return answer(request, shown_run)
    latest = query.get("filter", "latest") == "latest"
    jobs = [
        one | {"head_sha": shown_run["head_sha"]}
        for one in repository.jobs
        if one["run_id"] == run["id"] and (not latest or one["run_attempt"] == run["run_attempt"])
    ]
    return _page(request, jobs, f"{base}/{run['id']}/jobs", envelope="jobs", total=len(jobs))


def _is_within(moment: str, wanted: str) -> bool:
    """``a..b``, ``>=a``, ``<=b``, ``>a``, ``<b`` or one day, as GitHub's search writes them."""
    at = datetime.fromisoformat(moment)
    if ".." in wanted:
        first, last = wanted.split("..")
        return _is_within(moment, f">={first}") and (last == "*" or _is_within(moment, f"<={last}"))
    sign = wanted[: len(wanted) - len(wanted.lstrip("<>="))]
    text = wanted[len(sign) :]
    if text == "*":
        return True
    if "T" not in text:  # a day, all of it
        day, meant = at.date(), date.fromisoformat(text)
        return {"": day == meant, ">=": day >= meant, "<=": day <= meant,
                ">": day > meant, "<": day < meant}[sign]  # fmt: skip
    than = datetime.fromisoformat(text)
    return {"": at == than, ">=": at >= than, "<=": at <= than, ">": at > than, "<": at < than}[
        sign
    ]


def _statuses(request: Request, repository: Repository, identifier: str) -> Response:
    for one in repository.deployments:
        if str(one["id"]) == identifier:
            shown = [
                status | {"state": status["state"].lower()} for status in reversed(one["statuses"])
            ]
            return _page(
                request, shown, f"repositories/{repository.id}/deployments/{identifier}/statuses"
            )
    return missing(request)


def _list(request: Request, repository: Repository, path: str) -> Response:
    simulator, query = simulator_of(request), request.query_params
    if path == "commits" and not git_repository.log(simulator.paths[repository.name]):
        return answer(request, {"message": "Git Repository is empty."}, status=409)
    cap = simulator.turmoil.faults.page_cap
    if cap and path in {"issues", "issues/comments"} and int(query.get("page", 1)) > cap:
        return answer(request, {"message": _PAGING}, status=422)
    records = list(_records(simulator, repository, path))
    if "since" in query and path in {"issues", "issues/comments", "pulls/comments"}:
        records = [one for one in records if one["updated_at"] >= query["since"]]
    if path.startswith(("issues", "pulls")) and path != "issues/events":
        key = "updated_at" if query.get("sort") == "updated" else "created_at"
        records.sort(
            key=lambda one: (one[key], one["id"]), reverse=query.get("direction", "desc") == "desc"
        )
    if path in {"issues", "pulls"} and query.get("state", "open") != "all":
        records = [one for one in records if one["state"] == query.get("state", "open")]
    if path in {"issues/events", "forks", "deployments"}:
        records.sort(key=lambda one: one["id"], reverse=True)
    return _page(request, records, f"repositories/{repository.id}/{path}")


def _page(
    request: Request, records: list[Any], path: str, *, largest: int = _LARGEST_PAGE,
    envelope: str | None = None, total: int = 0,
) -> Response:  # fmt: skip
    """One page, and links to the others; in an ``envelope`` beside the ``total``."""
    query = request.query_params
    size, page = min(int(query.get("per_page", 30)), largest), int(query.get("page", 1))
    last = max(1, -(-len(records) // size))
    links = {"prev": page - 1, "first": 1} if page > 1 else {}
    if page < last:
        links |= {"next": page + 1, "last": last}
    plain = {name: value for name, value in query.items() if name != "page"}
    base = f"{simulator_of(request).base_url}/{path}"
    headers = {
        "link": ", ".join(
            f'<{base}?{urlencode({**plain, "page": number})}>; rel="{rel}"'
            for rel, number in links.items()
        )
    }
    shown: Any = records[(page - 1) * size : page * size]
    if envelope is not None:
        shown = {"total_count": total, envelope: shown}
    return answer(request, shown, headers=headers if links else None)


def _from_git(simulator: Simulator, repository: Repository, path: str) -> Iterable[Record]:
    git_path = simulator.paths[repository.name]
    if path == "commits":
        for commit in git_repository.log(git_path):
            parents = [{"sha": sha} for sha in commit["parents"].split()]
            yield {"sha": commit["sha"], "parents": parents}
        return
    kind = "heads" if path == "branches" else "tags"
    for name, sha in git_repository.refs(git_path, kind).items():
        yield {"name": name, "commit": {"sha": sha}}


def _records(simulator: Simulator, repository: Repository, path: str) -> Iterable[Record]:
    if path in {"branches", "tags", "commits"}:
        yield from _from_git(simulator, repository, path)
    elif path == "pulls":
        for number, pull in repository.pulls.items():
            issue = repository.issues[number]
            yield show.with_urls(simulator, repository, issue) | {
                "id": pull["id"], "merged_at": pull["merged_at"], "draft": pull["is_draft"],
            }  # fmt: skip
    elif path == "issues":
        for issue in list(repository.issues.values()):
            yield show.issue_now(simulator, repository, issue)
    elif path == "deployments":
        yield from show.runs_and_deployments_at(simulator, repository, repository.deployments)
    else:
        for one in getattr(repository, _LISTS[path]):
            yield show.with_urls(simulator, repository, one)
