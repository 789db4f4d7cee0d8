"""The GraphQL side: the part of GitHub's schema that readers of repositories use."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    build_schema,
    graphql_sync,
    parse,
    validate,
)

from gitinsight.simulator import git_repository
from gitinsight.simulator import graph_records as show
from gitinsight.simulator.graph_price import Plan, plan
from gitinsight.simulator.records import LABEL, Record, Repository, iso

_SCHEMA: GraphQLSchema = build_schema((files(__package__) / "schema.graphql").read_text())

Find = Callable[[str, str], Repository | None]
Node = Callable[[], Record | None]


class Graph:
    """``find`` gives a repository by owner and name; ``git_path`` its bare repository."""

    def __init__(
        self, repositories: Callable[[], list[Repository]], find: Find,
        git_path: Callable[[Repository], Any], users: dict[str, Record],
    ) -> None:  # fmt: skip
        self._repositories = repositories
        self._find = find
        self._git_path = git_path
        self._users = users
        self._accounts = {login.lower(): user for login, user in users.items()}

    def plan(self, query: str, variables: Mapping[str, Any]) -> Plan:
        """What it costs and asks for; one point where it cannot be understood."""
        try:
            document = parse(query)
        except GraphQLSyntaxError:
            return Plan()
        return Plan() if validate(_SCHEMA, document) else plan(_SCHEMA, document, variables)

    def execute(
        self, query: str, variables: dict[str, Any], *, remaining: int, limit: int = 5000,
        reset_at: datetime | None = None,
    ) -> Record:  # fmt: skip
        planned = self.plan(query, variables)
        if planned.errors:
            return {"data": None, "errors": planned.errors}
        nodes: dict[str, Node] = {}

        def node(identifier: str) -> Record | None:
            if not nodes:
                nodes.update(self._nodes())
            if identifier not in nodes:
                raise GraphQLError(
                    f"Could not resolve to a node with the global id of '{identifier}'.",
                    extensions={"type": "NOT_FOUND"},
                )
            return nodes[identifier]()

        def attempt(identifier: str) -> Record | GraphQLError | None:
            try:
                return node(identifier)
            except GraphQLError as error:
                return error  # of this place alone

        root = {
            "rateLimit": {
                "cost": planned.cost, "remaining": remaining, "limit": limit,
                "used": limit - remaining, "nodeCount": planned.nodes,
                "resetAt": iso(reset_at or datetime.now(UTC)),
            },
            "repository": self._repository,
            "nodes": lambda _info, ids: [attempt(one) for one in ids],
            "node": lambda _info, id: node(id),  # noqa: A006 - GitHub's own name
        }  # fmt: skip
        result = graphql_sync(_SCHEMA, query, root_value=root, variable_values=variables)
        answer: Record = {"data": result.data}
        if result.errors:
            answer["errors"] = [
                {**error.formatted, "type": (error.extensions or {}).get("type", "undefinedField")}
                for error in result.errors
            ]
        return answer

    def _repository(
        self, _info: Any, owner: str, name: str, *, followRenames: bool = True  # noqa: N803
    ) -> Record | None:  # fmt: skip
        found = self._find(owner, name)
        if found is None or not (followRenames or found.name == name):
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
                extensions={"type": "NOT_FOUND"},
            )
        return self._show(found)

    def _show(self, found: Repository) -> Record:
        commits = git_repository.log(self._git_path(found))
        by_sha = {commit["sha"]: commit for commit in commits}
        head = self._commit(commits[0], commits) if commits else None

        def pick(_info: Any, oid: str = "", expression: str = "") -> Record | None:
            sha = oid or (commits[0]["sha"] if expression in {"HEAD", "main"} and commits else "")
            return self._commit(by_sha[sha], commits) if sha in by_sha else None

        def languages(_info: Any, first: int = 100, after: str | None = None) -> Record:
            start = int(after or 0)
            page = list(found.languages.items())[start : start + first]
            return {
                "totalCount": len(found.languages), "totalSize": sum(found.languages.values()),
                "pageInfo": {"hasNextPage": start + first < len(found.languages),
                             "endCursor": str(start + first)},
                "edges": [{"size": size, "node": {"name": name}} for name, size in page],
                "nodes": [{"name": name} for name, _ in page],
            }  # fmt: skip

        def deployment(one: Record) -> Record:
            made = git_repository.newest_at(commits, one["created_at"])
            return show.deployment(one, self._commit(made, commits) if made else None)

        def state(one: Record) -> str:
            return show.state_of(found, one)

        issues = [one for number, one in found.issues.items() if number not in found.pulls]
        pulls = [found.issues[number] for number in found.pulls if number in found.issues]
        updated = found.created_at
        return {
            "__typename": "Repository", "id": f"R_{found.id}", "databaseId": found.id,
            "name": found.name, "nameWithOwner": found.full_name, "description": LABEL,
            "createdAt": iso(found.created_at), "updatedAt": iso(updated),
            "pushedAt": commits[0]["committed_at"] if commits else None, "diskUsage": len(commits),
            "isArchived": False, "isDisabled": False, "isFork": False, "isPrivate": False,
            "hasIssuesEnabled": True,
            "stargazerCount": len(found.stars), "forkCount": len(found.forks),
            "issues": show.connection(
                issues, lambda one: show.issue_of(found, one), key=show.by_time, state=state
            ),
            "pullRequests": show.connection(
                pulls, lambda one: show.pull_request(found, one, found.pulls[one["number"]]),
                key=show.by_time, state=state,
            ),
            "labels": show.connection(found.labels, show.label),
            "milestones": show.connection(found.milestones, show.milestone),
            "releases": show.connection(
                list(reversed(found.releases)), show.release, key=show.by_time
            ),
            "deployments": show.connection(found.deployments, deployment, key=show.by_time),
            "discussions": show.connection(
                list(found.discussions.values()), show.discussion, key=show.by_time
            ),
            "stargazers": {"totalCount": len(found.stars)}, "watchers": {"totalCount": 0},
            "forks": show.connection(found.forks, _fork),
            "languages": languages,
            "repositoryTopics": show.connection(
                found.topics, lambda one: {"topic": {"name": one}}
            ),
            "defaultBranchRef": {"name": "main", "target": head} if head else None,
            "object": pick,
        }  # fmt: skip

    def _commit(self, commit: Record, commits: list[dict[str, str]]) -> Record:
        return {
            "__typename": "Commit", "id": f"C_{commit['sha']}", "oid": commit["sha"],
            "message": commit["message"], "messageHeadline": commit["message"],
            "additions": 0, "deletions": 0, "changedFilesIfAvailable": None,
            "authoredDate": commit["authored_at"], "committedDate": commit["committed_at"],
            "parents": show.connection(
                commit["parents"].split(),
                lambda sha: {"__typename": "Commit", "id": f"C_{sha}", "oid": sha},
            ),
            "author": {"name": commit["author"], "email": commit["author_email"],
                       "date": commit["authored_at"], "user": self._account(commit)},
            "committer": {"name": commit["committer"], "email": commit["committer_email"],
                          "date": commit["committed_at"], "user": None},
            "history": show.connection(commits, lambda one: self._commit(one, commits)),
        }  # fmt: skip

    def _account(self, commit: Record) -> Record | None:
        local = commit["author_email"].split("@")[0].split("+")[-1]
        return show.actor(self._accounts.get(local))

    def _nodes(self) -> Iterator[tuple[str, Node]]:
        """Everything that has a global id, shown when it is asked for."""
        for user in self._users.values():
            yield user["node_id"], partial(show.actor, user)
        for found in self._repositories():
            yield f"R_{found.id}", partial(self._show, found)
            yield from _parts(found)


def _parts(found: Repository) -> Iterator[tuple[str, Node]]:
    for number, issue in found.issues.items():
        if number in found.pulls:
            shown = partial(show.pull_request, found, issue, found.pulls[number])
        else:
            shown = partial(show.issue_of, found, issue)
        yield issue["node_id"], shown
    for record in found.reviews:
        yield record["node_id"], partial(show.review, found, record)
    talks = list(found.discussions.values())
    kinds: list[tuple[Callable[[Record], Record], list[Record]]] = [
        (show.issue_comment, found.comments), (show.review_comment, found.review_comments),
        (show.label, found.labels), (show.milestone, found.milestones),
        (show.release, found.releases), (show.discussion, talks),
        (_bare_deployment, found.deployments),
        (show.discussion_comment, [one for talk in talks for one in talk["comments"]]),
    ]  # fmt: skip
    for show_one, records in kinds:
        for record in records:
            yield record["node_id"], partial(show_one, record)


def _bare_deployment(record: Record) -> Record:
    return show.deployment(record, None)


def _fork(record: Record) -> Record:
    return {
        "id": record["node_id"], "databaseId": record["id"], "name": record["name"],
        "nameWithOwner": record["full_name"], "createdAt": record["created_at"],
        "updatedAt": record["updated_at"], "pushedAt": record["pushed_at"], "isFork": True,
        "isArchived": False, "isDisabled": False, "isPrivate": False, "forkCount": 0,
        "stargazerCount": record["stargazers_count"], "hasIssuesEnabled": True,
    }  # fmt: skip
