"""What the simulated GitHub shows and what the warehouse holds, in one shape, to be compared."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from gitinsight.github.nodes import identifier
from gitinsight.simulator import activity, git_repository
from gitinsight.simulator import rest_records as show
from gitinsight.simulator.records import Record, Repository
from gitinsight.simulator.state import Simulator
from tests.support.analyses import rows
from warehouse.engine import Engine

Table = dict[Any, tuple[Any, ...]]
_JOBS_OF = timedelta(days=7)
_PAYLOAD: dict[str, tuple[str, ...]] = {
    "issues": ("number", "title", "state", "closed_at", "updated_at", "comments"),
    "pull_requests": ("number", "title", "state", "mergedAt", "updatedAt", "changedFiles"),
    "issue_comments": ("body", "updated_at"),
    "reviews": ("pullRequestNumber", "state", "submittedAt"),
    "review_comments": ("body", "updated_at"),
    "pull_request_commits": ("pullRequestNumber",),
    "pull_request_files": ("pullRequestNumber", "path", "additions"),
    "issue_events": ("event", "created_at"),
    "labels": ("name",),
    "milestones": ("number", "title"),
    "releases": ("tag_name",),
    "forks": (),
    "stars_history": ("total",),
    "workflow_runs": ("status", "conclusion", "run_attempt"),
    "workflow_jobs": ("run_id", "status", "conclusion"),
    "deployments": ("environment", "updatedAt"),
    "discussions": ("number", "title", "updatedAt"),
    "discussion_comments": ("discussionNumber", "body"),
}


def differences(simulator: Simulator, name: str, warehouse: Engine) -> dict[str, Any]:
    """Thing -> (lost, too much, other) for each that is not held exactly as it is shown."""
    repository = simulator.organisation.repositories[name]
    shown, held = shown_by(simulator, repository), held_in(warehouse, repository.id)
    return {
        thing: {
            "lost": {key: one for key, one in table.items() if key not in held[thing]},
            "too much": {key: one for key, one in held[thing].items() if key not in table},
            "other": {
                key: (one, held[thing][key])
                for key, one in table.items()
                if key in held[thing] and held[thing][key] != one
            },
        }
        for thing, table in shown.items()
        if table != held[thing]
    }


def shown_by(simulator: Simulator, repository: Repository) -> dict[str, Table]:
    path = simulator.paths[repository.name]
    return {
        "issues": _table("issues", repository.issues.values()),
        "pull_requests": {
            one["id"]: _pull_request(repository.issues[number], one)
            for number, one in repository.pulls.items()
        },
        "reviews": {
            one["id"]: (str(one["number"]), one["state"], one["at"]) for one in repository.reviews
        },
        "issue_comments": _table("issue_comments", map(_readable, repository.comments)),
        "review_comments": _table("review_comments", repository.review_comments),
        "pull_request_commits": {
            identifier(commit["oid"], one["id"]): (str(number),)
            for number, one in repository.pulls.items()
            for commit in activity.pull_commits(one)
        },
        "pull_request_files": {
            identifier(file["path"], one["id"]): (str(number), file["path"], str(file["additions"]))
            for number, one in repository.pulls.items()
            for file in activity.pull_files(one)
        },
        "issue_events": _table("issue_events", repository.events),
        "labels": _table("labels", repository.labels),
        "milestones": _table("milestones", repository.milestones),
        "releases": _table("releases", repository.releases),
        "forks": _table("forks", repository.forks),
        "stars_history": _table("stars_history", show.star_weeks(repository), key="week"),
        "workflow_runs": _table("workflow_runs", repository.runs),
        "workflow_jobs": _table("workflow_jobs", _jobs(repository)),
        "deployments": {
            one["id"]: (one["environment"], one["updated_at"]) for one in repository.deployments
        },
        "discussions": {
            one["id"]: (str(one["number"]), one["title"], one["updated_at"])
            for one in repository.discussions.values()
        },
        "discussion_comments": {
            one["id"]: (str(talk["number"]), one["body"])
            for talk in repository.discussions.values()
            for one in talk["comments"]
        },
        "git_commits": {
            one["sha"]: (one["author_email"], one["message"]) for one in git_repository.log(path)
        },
        "git_tags": {name: (sha,) for name, sha in git_repository.refs(path, "tags").items()},
        "git_branches": {name: (sha,) for name, sha in git_repository.refs(path, "heads").items()},
    }


def held_in(warehouse: Engine, github_id: int) -> dict[str, Table]:
    """What is not tombstoned."""
    found: dict[str, Table] = {}
    of_it = (
        "repository_id in (select repository_id from ops.repositories"
        f" where github_id = {github_id})"
    )
    for thing, fields in _PAYLOAD.items():
        columns = "".join(f", payload ->> '{one}'" for one in fields)
        found[thing] = _keyed(
            rows(
                warehouse,
                f"select id{columns} from raw.github_{thing} where deleted_at is null and {of_it}",
            )
        )
    found["git_commits"] = _keyed(
        rows(
            warehouse,
            "select sha, author_email, split_part(message, chr(10), 1) from raw.git_commits"
            f" where is_on_default_branch and {of_it}",
        )
    )
    for refs in ("tags", "branches"):
        statement = (
            f"select name, commit_sha from raw.git_{refs} where deleted_at is null and {of_it}"
        )
        found[f"git_{refs}"] = _keyed(rows(warehouse, statement))
    return found


def _keyed(found: list[tuple[Any, ...]]) -> Table:
    table: Table = {row[0]: row[1:] for row in found}
    assert len(table) == len(found), "a record is held twice"
    return table


def _table(thing: str, records: Iterable[Record], *, key: str = "id") -> Table:
    return {
        one[key]: tuple(
            None if one[field] is None else str(one[field]) for field in _PAYLOAD[thing]
        )
        for one in records
    }


def _pull_request(issue: Record, pull: Record) -> tuple[Any, ...]:
    state = "MERGED" if pull["merged_at"] else issue["state"].upper()
    return (
        str(issue["number"]), issue["title"], state, pull["merged_at"], issue["updated_at"],
        str(pull["files"]),
    )  # fmt: skip


def _readable(comment: Record) -> Record:
    """PostgreSQL holds no NUL; what stands for it is U+FFFD."""
    return comment | {"body": comment["body"].replace("\0", "\ufffd")}


def _jobs(repository: Repository) -> Iterable[Record]:
    """Those of young runs that have ended; no others are read."""
    since = datetime.now(UTC) - _JOBS_OF
    ended = {
        one["id"]
        for one in repository.runs
        if one["status"] == "completed" and datetime.fromisoformat(one["created_at"]) >= since
    }
    return (one for one in repository.jobs if one["run_id"] in ended)
