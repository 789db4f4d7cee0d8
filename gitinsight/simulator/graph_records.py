"""Records as GraphQL shows them: issues, pull requests, deployments, discussions, their parts."""

from collections.abc import Callable, Sequence
from typing import Any

from gitinsight.simulator import activity
from gitinsight.simulator.records import Record, Repository

Connection = Callable[..., Record]


def connection(
    held: Sequence[Any], show: Callable[[Any], Any], *,
    key: Callable[[Any, str], Any] | None = None, state: Callable[[Any], str] | None = None,
) -> Connection:  # fmt: skip
    """A resolver of one page by ``first`` and ``after``, or of the end by ``last``.

    ``key(record, field)`` is what ``orderBy`` sorts by, ``state(record)`` what ``states`` choose;
    ``held`` is in the order of creation.
    """

    def page(
        _info: Any, *, first: int | None = None, after: str | None = None,
        last: int | None = None, orderBy: Record | None = None,  # noqa: N803 - GitHub's name
        states: list[str] | None = None, environments: list[str] | None = None,
        itemTypes: list[str] | None = None,  # noqa: N803
    ) -> Record:  # fmt: skip
        rows = list(held)
        if states is not None and state is not None:
            rows = [one for one in rows if state(one) in states]
        if environments is not None:
            rows = [one for one in rows if one["environment"] in environments]
        if itemTypes is not None:
            rows = [one for one in rows if one["type"] in itemTypes]
        if orderBy is not None and key is not None:
            rows.sort(
                key=lambda one: key(one, orderBy["field"]), reverse=orderBy["direction"] == "DESC"
            )
        start = int(after or 0)
        end = start + (first or 0)
        if first is None and last is not None:
            start, end = max(0, len(rows) - last), len(rows)
        nodes = [show(one) for one in rows[start:end]]
        return {
            "totalCount": len(rows),
            "pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(end) if nodes else None},
            "nodes": nodes,
        }  # fmt: skip

    return page


def by_time(record: Record, field: str) -> tuple[Any, Any]:
    """``orderBy`` of whatever has the two times and an id."""
    if field == "COMMENTS":
        return record["comments"], record["id"]
    if field == "NAME":
        return record["name"], record["id"]
    return record["created_at" if field == "CREATED_AT" else "updated_at"], record["id"]


def actor(user: Record | None) -> Record | None:
    """GraphQL names an app without the suffix that REST gives it."""
    if user is None:
        return None
    return {
        "__typename": user["type"], "id": user["node_id"], "databaseId": user["id"],
        "login": user["login"].removesuffix("[bot]"),
    }  # fmt: skip


def state_of(repository: Repository, issue: Record) -> str:
    pull = repository.pulls.get(issue["number"])
    return "MERGED" if pull and pull["merged_at"] else str(issue["state"]).upper()


def issue_of(repository: Repository, issue: Record) -> Record:
    comments = [one for one in repository.comments if one["number"] == issue["number"]]
    return {
        "__typename": "Issue", "databaseId": issue["id"], "fullDatabaseId": str(issue["id"]),
        "number": issue["number"], "title": issue["title"], "state": state_of(repository, issue),
        "closedAt": issue["closed_at"], "locked": issue["locked"],
        "comments": connection(comments, issue_comment), **_spoken(issue),
    }  # fmt: skip


def issue_comment(comment: Record) -> Record:
    return {
        "__typename": "IssueComment", "databaseId": comment["id"],
        "fullDatabaseId": str(comment["id"]), **_spoken(comment),
    }  # fmt: skip


def review_comment(comment: Record) -> Record:
    return {
        "__typename": "PullRequestReviewComment", "fullDatabaseId": str(comment["id"]),
        "path": comment["path"], **_spoken(comment),
    }  # fmt: skip


def pull_request(repository: Repository, issue: Record, pull: Record) -> Record:
    number = issue["number"]
    ready = pull["ready_at"]
    moments = [{"type": "READY_FOR_REVIEW_EVENT", "at": ready, "user": issue["user"]}]
    commits = activity.pull_commits(pull)
    is_merged = bool(pull["merged_at"])
    comments = [one for one in repository.comments if one["number"] == number]
    closes = [repository.issues[one] for one in pull["closes"] if one in repository.issues]
    return {
        "__typename": "PullRequest", "fullDatabaseId": str(pull["id"]),
        "number": number, "title": issue["title"],
        "state": state_of(repository, issue), "isDraft": pull["is_draft"],
        "locked": False, "closedAt": issue["closed_at"], "mergedAt": pull["merged_at"],
        "merged": is_merged, "mergeCommit": None, "mergedBy": actor(pull["merged_by"]),
        "authorAssociation": "MEMBER", "additions": pull["additions"],
        "deletions": pull["deletions"], "changedFiles": pull["files"], "baseRefName": "main",
        "headRefName": f"topic-{number}", "headRefOid": commits[-1]["oid"],
        "comments": connection(comments, issue_comment),
        "commits": connection(commits, lambda one: _pull_commit(one, issue["user"], number)),
        "files": connection(activity.pull_files(pull), _file),
        "reviewRequests": connection(pull["review_requests"], _review_request),
        "closingIssuesReferences": connection(closes, lambda one: issue_of(repository, one)),
        "timelineItems": connection(moments if ready else [], lambda one: {
            "__typename": "ReadyForReviewEvent", "id": f"RFRE_{pull['id']}",
            "createdAt": one["at"], "actor": actor(one["user"]),
        }),
        "reviews": connection(
            [one for one in repository.reviews if one["number"] == number],
            lambda one: review(repository, one),
        ),
        **_spoken(issue),
    }  # fmt: skip


def review(repository: Repository, record: Record) -> Record:
    comments = [
        one for one in repository.review_comments if one["pull_request_review_id"] == record["id"]
    ]
    return {
        "__typename": "PullRequestReview", "id": record["node_id"],
        "fullDatabaseId": str(record["id"]), "state": record["state"], "body": record["body"],
        "createdAt": record["at"], "updatedAt": record["at"], "submittedAt": record["at"],
        "authorAssociation": "MEMBER", "commit": None, "author": actor(record["user"]),
        "comments": connection(comments, review_comment),
    }  # fmt: skip


def release(record: Record) -> Record:
    return {
        "__typename": "Release", "id": record["node_id"], "databaseId": record["id"],
        "tagName": record["tag_name"], "name": record["name"], "isDraft": record["draft"],
        "isPrerelease": record["prerelease"], "createdAt": record["created_at"],
        "publishedAt": record["published_at"], "updatedAt": record["created_at"],
        "author": actor(record["author"]), "releaseAssets": connection(record["assets"], _asset),
    }  # fmt: skip


def deployment(record: Record, commit: Record | None) -> Record:
    latest = record["statuses"][-1] if record["statuses"] else None
    state = latest["state"] if latest else "ABANDONED"
    return {
        "__typename": "Deployment", "id": record["node_id"], "databaseId": record["id"],
        "environment": record["environment"], "originalEnvironment": record["environment"],
        "latestEnvironment": record["environment"], "task": record["task"],
        "description": record["description"], "payload": "{}",
        "state": "ACTIVE" if state == "SUCCESS" else state, "creator": actor(record["creator"]),
        "createdAt": record["created_at"], "updatedAt": record["updated_at"],
        "ref": {"name": record["ref"], "target": commit}, "commit": commit,
        "commitOid": commit["oid"] if commit else activity.oid(record["id"]),
        "latestStatus": _status(latest) if latest else None,
        "statuses": connection(list(reversed(record["statuses"])), _status),
    }  # fmt: skip


def discussion(record: Record) -> Record:
    is_answerable = record["category"] == "Q&A"
    return {
        "__typename": "Discussion", "databaseId": record["id"], "number": record["number"],
        "title": record["title"], "closed": False, "locked": False,
        "category": {"id": f"DIC_{record['category']}", "name": record["category"],
                     "slug": record["category"].lower().replace("&", "-"),
                     "isAnswerable": is_answerable},
        "answerChosenAt": record["answer_chosen_at"],
        "isAnswered": record["answer_chosen_at"] is not None if is_answerable else None,
        "upvoteCount": record["upvotes"],
        "comments": connection(record["comments"], discussion_comment), **_spoken(record),
    }  # fmt: skip


def discussion_comment(record: Record) -> Record:
    replies = [
        {**record, "id": record["id"] * 100 + turn, "node_id": f"{record['node_id']}_{turn}",
         "replies": 0, "is_answer": False}
        for turn in range(record["replies"])
    ]  # fmt: skip
    return {
        "__typename": "DiscussionComment", "databaseId": record["id"],
        "isAnswer": record["is_answer"], "upvoteCount": record["upvotes"],
        "replies": connection(replies, discussion_comment), **_spoken(record),
    }  # fmt: skip


def label(record: Record) -> Record:
    return {
        "__typename": "Label", "id": record["node_id"], "name": record["name"],
        "color": record["color"], "description": record["description"],
    }  # fmt: skip


def milestone(record: Record) -> Record:
    return {
        "__typename": "Milestone", "id": record["node_id"], "number": record["number"],
        "title": record["title"], "createdAt": record["created_at"],
        "updatedAt": record["updated_at"],
    }  # fmt: skip


def _spoken(record: Record) -> Record:
    return {
        "id": record["node_id"], "body": record["body"], "author": actor(record["user"]),
        "createdAt": record["created_at"], "updatedAt": record["updated_at"],
    }  # fmt: skip


def _pull_commit(commit: Record, author: Record, number: int) -> Record:
    person = {
        "name": author["login"].title(), "email": f"{author['login']}@example.invalid",
        "date": commit["authored_at"],
        "user": actor(author) if author["type"] == "User" else None,
    }  # fmt: skip
    return {
        "id": f"PURC_{commit['oid']}",
        "commit": {
            "__typename": "Commit", "id": f"C_{commit['oid']}", "oid": commit["oid"],
            "message": f"Work on #{number} (synthetic)",
            "messageHeadline": f"Work on #{number} (synthetic)",
            "authoredDate": commit["authored_at"], "committedDate": commit["authored_at"],
            "author": person, "committer": person, "additions": commit["additions"],
            "deletions": commit["deletions"], "changedFilesIfAvailable": 1,
        },
    }  # fmt: skip


def _file(record: Record) -> Record:
    return {
        "path": record["path"], "additions": record["additions"],
        "deletions": record["deletions"], "changeType": record["change"],
    }  # fmt: skip


def _review_request(record: Record) -> Record:
    return {
        "id": f"RR_{record['id']}", "databaseId": record["id"], "asCodeOwner": False,
        "requestedReviewer": actor(record["user"]),
    }  # fmt: skip


def _asset(record: Record) -> Record:
    return {
        "id": record["node_id"], "name": record["name"], "contentType": record["content_type"],
        "size": record["size"], "downloadCount": record["download_count"],
        "createdAt": record["created_at"], "updatedAt": record["updated_at"],
    }  # fmt: skip


def _status(record: Record) -> Record:
    return {
        "__typename": "DeploymentStatus", "id": record["node_id"], "state": record["state"],
        "description": record["description"], "environment": record["environment"],
        "creator": actor(record["creator"]), "createdAt": record["created_at"],
        "updatedAt": record["updated_at"], "environmentUrl": None, "logUrl": None,
    }  # fmt: skip
