"""What the staging models read of the payloads, key by key: the baseline of schema drift.

A path goes through objects by dots; what lies within lists is left to the models.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Types = Mapping[str, str]
"""Path -> the JSON type that is read; null, which is unknown, is no other but in ``always``."""


@dataclass(frozen=True, slots=True)
class Contract:
    """``always``: no record is without it; ``usually``: GitHub says it of every record, be it
    null; ``sometimes``: of some records alone.
    """

    always: Types = field(default_factory=dict)
    usually: Types = field(default_factory=dict)
    sometimes: Types = field(default_factory=dict)

    @property
    def read(self) -> Types:
        return {**self.always, **self.usually, **self.sometimes}

    @property
    def expected(self) -> Types:
        """What no source leaves out of all its records at once."""
        return {**self.always, **self.usually}


_USER = {"user": "object", "user.login": "string"}
_AUTHOR = {"author": "object", "author.__typename": "string", "author.login": "string"}

CONTRACTS: Mapping[str, Contract] = {
    "repositories": Contract(
        {"full_name": "string", "created_at": "string"},
        {
            "pushed_at": "string", "language": "string", "archived": "boolean",
            "stargazers_count": "number", "forks_count": "number", "open_issues_count": "number",
            "subscribers_count": "number",
        },
    ),
    "issues": Contract(
        {"number": "number", "state": "string", "created_at": "string", "updated_at": "string"},
        {
            "title": "string", "labels": "array", "comments": "number", "closed_at": "string",
            **_USER,
        },
        {"state_reason": "string", "pull_request": "object", "body": "string"},
    ),
    "issue_comments": Contract(
        {"issue_url": "string", "created_at": "string"},
        {"updated_at": "string", **_USER},
        {"body": "string"},
    ),
    "pull_requests": Contract(
        {"number": "number", "state": "string", "title": "string"},
        {
            # by GraphQL
            "isDraft": "boolean", "createdAt": "string", "updatedAt": "string",
            "closedAt": "string", "mergedAt": "string", "headRefOid": "string",
            "changedFiles": "number", "additions": "number", "deletions": "number", **_AUTHOR,
            "mergedBy": "object", "mergedBy.__typename": "string", "mergedBy.login": "string",
            "mergeCommit": "object", "mergeCommit.oid": "string", "commits": "object",
            "commits.totalCount": "number", "timelineItems": "object",
            "timelineItems.totalCount": "number", "timelineItems.nodes": "array",
            # by REST
            "draft": "boolean", "created_at": "string", "updated_at": "string",
            "closed_at": "string", "merged_at": "string", "merge_commit_sha": "string",
            "head": "object", "head.sha": "string", **_USER,
        },
    ),
    "reviews": Contract(
        {"state": "string", "pullRequestNumber": "number"},
        {"submittedAt": "string", **_AUTHOR},
        {"author.databaseId": "number", "body": "string"},
    ),
    "review_comments": Contract(
        {"pull_request_url": "string", "created_at": "string"},
        {"pull_request_review_id": "number", "updated_at": "string", **_USER},
        {"body": "string"},
    ),
    "pull_request_commits": Contract(
        {},
        {
            "pullRequestNumber": "number", "commit": "object", "commit.oid": "string",
            "commit.committedDate": "string",
        },
    ),
    "pull_request_files": Contract(
        {},
        {
            "pullRequestNumber": "number", "path": "string", "additions": "number",
            "deletions": "number",
        },
    ),
    "labels": Contract({"name": "string"}, {"color": "string"}),
    "milestones": Contract(
        {"number": "number", "title": "string", "state": "string"},
        {"created_at": "string", "due_on": "string", "closed_at": "string"},
    ),
    "releases": Contract(
        {"tag_name": "string"},
        {
            "name": "string", "draft": "boolean", "prerelease": "boolean",
            "created_at": "string", "published_at": "string", "assets": "array",
        },
    ),
    "issue_events": Contract(
        {"event": "string", "created_at": "string"},
        {"issue": "object", "issue.number": "number", "actor": "object", "actor.login": "string"},
    ),
    "discussions": Contract({}, {"number": "number", "createdAt": "string", **_AUTHOR}),
    "discussion_comments": Contract(
        {}, {"discussionNumber": "number", "createdAt": "string", **_AUTHOR}
    ),
    "stars_history": Contract({}, {"week": "number", "total": "number", "days": "array"}),
    "forks": Contract(
        {},
        {
            "full_name": "string", "created_at": "string", "owner": "object",
            "owner.login": "string",
        },
    ),
    "workflow_runs": Contract(
        {"workflow_id": "number", "head_sha": "string", "created_at": "string"},
        {
            "name": "string", "event": "string", "head_branch": "string", "status": "string",
            "conclusion": "string", "updated_at": "string", "run_attempt": "number",
            "run_started_at": "string",
        },
    ),
    "workflow_jobs": Contract(
        {"run_id": "number"},
        {
            "name": "string", "status": "string", "conclusion": "string", "started_at": "string",
            "completed_at": "string", "run_attempt": "number", "created_at": "string",
        },
    ),
    "deployments": Contract(
        {"createdAt": "string"},
        {
            "environment": "string", "state": "string", "commitOid": "string",
            "updatedAt": "string", "creator": "object", "creator.__typename": "string",
            "creator.login": "string", "statuses": "object", "statuses.totalCount": "number",
            "statuses.nodes": "array",
        },
    ),
    "community_profile": Contract({}, {"health_percentage": "number", "files": "object"}),
    "users": Contract({"login": "string"}, {"type": "string"}),
}  # fmt: skip
