"""The GraphQL side: the part of GitHub's schema that the product's queries use."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from gitinsight.simulator import git_repository
from gitinsight.simulator.organisation import Record, Repository

_SDL = """
scalar DateTime
scalar GitObjectID
scalar BigInt
type Query {
  rateLimit: RateLimit
  repository(owner: String!, name: String!): Repository
  nodes(ids: [ID!]!): [Node]!
  node(id: ID!): Node
}
type RateLimit { cost: Int! remaining: Int! resetAt: DateTime! limit: Int! }
interface Node { id: ID! }
interface Actor { login: String! }
type User implements Node & Actor { id: ID! login: String! databaseId: Int }
type Bot implements Node & Actor { id: ID! login: String! databaseId: Int }
type Mannequin implements Node & Actor { id: ID! login: String! databaseId: Int }
type Organization implements Node & Actor { id: ID! login: String! databaseId: Int }
type EnterpriseUserAccount implements Node & Actor { id: ID! login: String! }
type Count { totalCount: Int! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
interface GitObject { oid: GitObjectID! }
type Ref { name: String! target: GitObject }
enum OrderDirection { ASC DESC }
enum OrderField { CREATED_AT UPDATED_AT }
input Order { field: OrderField! direction: OrderDirection! }
type Newest { updatedAt: DateTime }
type Probed { totalCount: Int! nodes: [Newest] }
type Repository implements Node {
  id: ID! databaseId: Int labels: Count! milestones: Count!
  issues(first: Int, orderBy: Order): Probed! pullRequests(first: Int, orderBy: Order): Probed!
  releases(first: Int, orderBy: Order): Probed! discussions(first: Int, orderBy: Order): Probed!
  deployments: Count! stargazers: Count! watchers: Count! stargazerCount: Int! forkCount: Int!
  forks: Count! defaultBranchRef: Ref object(oid: GitObjectID!): GitObject
  nameWithOwner: String! isArchived: Boolean! pushedAt: DateTime diskUsage: Int
}
type GitActor { name: String email: String date: DateTime user: User }
type Parents { nodes: [Commit] }
type History { totalCount: Int! pageInfo: PageInfo! nodes: [Commit] }
type Commit implements GitObject {
  oid: GitObjectID! message: String! additions: Int! deletions: Int!
  changedFilesIfAvailable: Int authoredDate: DateTime! committedDate: DateTime!
  parents(first: Int): Parents! author: GitActor committer: GitActor
  history(first: Int, after: String): History!
}
type PullRequestCommit { commit: Commit! }
type PullRequestCommits { totalCount: Int! nodes: [PullRequestCommit] }
union TimelineItem = ReadyForReviewEvent | ConvertToDraftEvent
type ReadyForReviewEvent { createdAt: DateTime! }
type ConvertToDraftEvent { createdAt: DateTime! }
enum PullRequestTimelineItemsItemType { READY_FOR_REVIEW_EVENT CONVERT_TO_DRAFT_EVENT }
type Timeline { totalCount: Int! nodes: [TimelineItem] }
type Reviews { totalCount: Int! pageInfo: PageInfo! nodes: [PullRequestReview] }
type Oid { oid: GitObjectID! }
type PullRequestReview implements Node {
  id: ID! fullDatabaseId: BigInt state: String! body: String! createdAt: DateTime!
  updatedAt: DateTime! submittedAt: DateTime authorAssociation: String! commit: Oid author: Actor
}
type PullRequest implements Node {
  id: ID! fullDatabaseId: BigInt number: Int! title: String! state: String! isDraft: Boolean!
  locked: Boolean! createdAt: DateTime! updatedAt: DateTime! closedAt: DateTime mergedAt: DateTime
  merged: Boolean! mergeCommit: Oid mergedBy: Actor author: Actor authorAssociation: String!
  additions: Int! deletions: Int! changedFiles: Int! baseRefName: String! headRefName: String!
  headRefOid: GitObjectID! comments: Count! commits(first: Int): PullRequestCommits!
  timelineItems(first: Int, itemTypes: [PullRequestTimelineItemsItemType!]): Timeline!
  reviews(first: Int, after: String): Reviews!
}
"""
_SCHEMA: GraphQLSchema = build_schema(_SDL)
_NO_COMMIT = "0" * 40

Find = Callable[[str, str], Repository | None]


class Graph:
    """``find`` gives a repository by owner and name; ``git_path`` its bare repository."""

    def __init__(
        self, repositories: Callable[[], list[Repository]], find: Find,
        git_path: Callable[[Repository], Any], users: dict[str, Record],
    ) -> None:  # fmt: skip
        self._repositories = repositories
        self._find = find
        self._git_path = git_path
        self._accounts = {login.lower(): user for login, user in users.items()}

    def execute(self, query: str, variables: dict[str, Any], *, remaining: int) -> Record:
        root = {
            "rateLimit": {
                "cost": 1, "remaining": remaining, "limit": 5000,
                "resetAt": datetime.now(UTC).isoformat(),
            },
            "repository": self._repository,
            "nodes": lambda _info, ids: [self._node(one) for one in ids],
            "node": lambda _info, id: self._node(id),  # noqa: A006 - GitHub's own name
        }  # fmt: skip
        result = graphql_sync(_SCHEMA, query, root_value=root, variable_values=variables)
        answer: Record = {"data": result.data}
        if result.errors:
            answer["errors"] = [
                {**error.formatted, "type": (error.extensions or {}).get("type", "undefinedField")}
                for error in result.errors
            ]
        return answer

    def _repository(self, _info: Any, owner: str, name: str) -> Record | None:
        found = self._find(owner, name)
        if found is None:
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
                extensions={"type": "NOT_FOUND"},
            )
        commits = git_repository.log(self._git_path(found))
        by_sha = {commit["sha"]: commit for commit in commits}
        head = self._commit(commits[0], commits) if commits else None
        pulls = [one for number, one in found.issues.items() if number in found.pulls]
        issues = [one for number, one in found.issues.items() if number not in found.pulls]

        def pick(_info: Any, oid: str) -> Record | None:
            return self._commit(by_sha[oid], commits) if oid in by_sha else None

        return {
            "id": f"R_{found.id}", "databaseId": found.id,
            "nameWithOwner": f"{owner}/{name}", "isArchived": False, "diskUsage": len(commits),
            "pushedAt": commits[0]["committed_at"] if commits else None,
            "stargazerCount": 0, "forkCount": 0,
            "issues": _probed(issues), "pullRequests": _probed(pulls),
            "labels": {"totalCount": len(found.labels)},
            "milestones": {"totalCount": len(found.milestones)},
            "releases": _probed(found.releases), "discussions": _probed([]),
            **{name: {"totalCount": 0} for name in
               ("deployments", "stargazers", "watchers", "forks")},
            "defaultBranchRef": {"name": "main", "target": head} if head else None,
            "object": pick,
        }  # fmt: skip

    def _commit(self, commit: Record, commits: list[dict[str, str]]) -> Record:
        def history(_info: Any, first: int = 100, after: str | None = None) -> Record:
            start = int(after or 0)
            page = commits[start : start + first]
            return {
                "totalCount": len(commits),
                "pageInfo": {"hasNextPage": start + first < len(commits),
                             "endCursor": str(start + first)},
                "nodes": [self._commit(one, commits) for one in page],
            }  # fmt: skip

        return {
            "__typename": "Commit", "oid": commit["sha"], "message": commit["message"],
            "additions": 0, "deletions": 0, "changedFilesIfAvailable": None,
            "authoredDate": commit["authored_at"], "committedDate": commit["committed_at"],
            "parents": {"nodes": [{"__typename": "Commit", "oid": sha}
                                  for sha in commit["parents"].split()]},
            "author": {"name": commit["author"], "email": commit["author_email"],
                       "date": commit["authored_at"], "user": self._account(commit)},
            "committer": {"name": commit["committer"], "email": commit["committer_email"],
                          "date": commit["committed_at"], "user": None},
            "history": history,
        }  # fmt: skip

    def _account(self, commit: Record) -> Record | None:
        local = commit["author_email"].split("@")[0].split("+")[-1]
        return _actor(self._accounts.get(local))

    def _node(self, identifier: str) -> Record | None:
        for repository in self._repositories():
            for number, pull in repository.pulls.items():
                issue = repository.issues.get(number)
                if issue is not None and issue["node_id"] == identifier:
                    return _pull_request(repository, issue, pull)
        return None


def _probed(records: list[Record]) -> Record:
    """How many there are, and the one that changed last."""
    moments = [str(one.get("updated_at", one["created_at"])) for one in records]
    changed = max(moments, default=None)
    return {"totalCount": len(records), "nodes": [{"updatedAt": changed}] if changed else []}


def _pull_request(repository: Repository, issue: Record, pull: Record) -> Record:
    number = issue["number"]
    held = [one for one in repository.reviews if one["number"] == number]

    def reviews(_info: Any, first: int = 30, after: str | None = None) -> Record:
        start = int(after or 0)
        return {
            "totalCount": len(held),
            "pageInfo": {"hasNextPage": start + first < len(held),
                         "endCursor": str(start + first)},
            "nodes": [_review(one) for one in held[start : start + first]],
        }  # fmt: skip

    ready = pull["ready_at"]
    moments = [{"__typename": "ReadyForReviewEvent", "createdAt": ready}] if ready else []
    is_merged = bool(pull["merged_at"])
    return {
        "__typename": "PullRequest", "id": issue["node_id"], "fullDatabaseId": str(pull["id"]),
        "number": number, "title": issue["title"],
        "state": "MERGED" if is_merged else issue["state"].upper(), "isDraft": pull["is_draft"],
        "locked": False, "createdAt": issue["created_at"], "updatedAt": issue["updated_at"],
        "closedAt": issue["closed_at"], "mergedAt": pull["merged_at"], "merged": is_merged,
        "mergeCommit": None, "mergedBy": _actor(pull["merged_by"]),
        "author": _actor(issue["user"]), "authorAssociation": "MEMBER",
        "additions": pull["additions"], "deletions": pull["deletions"],
        "changedFiles": pull["files"], "baseRefName": "main", "headRefName": f"topic-{number}",
        "headRefOid": _NO_COMMIT, "comments": {"totalCount": issue["comments"]},
        "commits": {
            "totalCount": pull["commits"],
            "nodes": [{"commit": {
                "__typename": "Commit", "oid": _NO_COMMIT,
                "authoredDate": pull["first_commit_at"], "committedDate": pull["first_commit_at"],
            }}],
        },
        "timelineItems": {"totalCount": len(moments), "nodes": moments},
        "reviews": reviews,
    }  # fmt: skip


def _review(review: Record) -> Record:
    return {
        "__typename": "PullRequestReview", "id": review["node_id"],
        "fullDatabaseId": str(review["id"]), "state": review["state"], "body": review["body"],
        "createdAt": review["at"], "updatedAt": review["at"], "submittedAt": review["at"],
        "authorAssociation": "MEMBER", "commit": None, "author": _actor(review["user"]),
    }  # fmt: skip


def _actor(user: Record | None) -> Record | None:
    """GraphQL names an app without the suffix that REST gives it."""
    if user is None:
        return None
    return {
        "__typename": user["type"], "id": user["node_id"], "databaseId": user["id"],
        "login": user["login"].removesuffix("[bot]"),
    }  # fmt: skip
