"""Records as REST shows them: with the addresses of the host, and what only git knows."""

from datetime import UTC, datetime, timedelta

from gitinsight.simulator import activity, git_repository
from gitinsight.simulator.records import LABEL, ORGANISATION, ORGANISATION_ID, Record, Repository
from gitinsight.simulator.state import Simulator

_DAYS = 7


def root_of(simulator: Simulator, repository: Repository) -> str:
    return f"{simulator.base_url}/repos/{repository.full_name}"


def with_urls(simulator: Simulator, repository: Repository, record: Record) -> Record:
    """The fields that name the host, as GitHub writes them."""
    root = root_of(simulator, repository)
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
    elif kind == "WFR":
        served |= {"url": f"{root}/actions/runs/{record['id']}",
                   "jobs_url": f"{root}/actions/runs/{record['id']}/jobs"}  # fmt: skip
    return served


def issue_now(simulator: Simulator, repository: Repository, issue: Record) -> Record:
    """As it is, or once as it was where a replica lags behind."""
    shown = issue
    if simulator.turmoil.faults.stale:
        shown = repository.previous.pop(issue["number"], issue)
    return with_urls(simulator, repository, shown)


def repository_object(simulator: Simulator, repository: Repository) -> Record:
    open_count = sum(one["state"] == "open" for one in repository.issues.values())
    commits = git_repository.log(simulator.paths[repository.name])
    name = simulator.name_of(repository)
    created = repository.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": repository.id, "node_id": f"R_{repository.id}", "name": name,
        "full_name": f"{ORGANISATION}/{name}", "private": False, "fork": False,
        "description": LABEL, "topics": repository.topics,
        "custom_properties": {"gitinsight_synthetic": "true"}, "owner": owner(),
        "clone_url": f"{simulator.base_url}/{ORGANISATION}/{name}.git", "default_branch": "main",
        "created_at": created, "updated_at": created,
        "pushed_at": commits[0]["committed_at"] if commits else None, "language": "Python",
        "open_issues_count": open_count, "stargazers_count": len(repository.stars),
        "forks_count": len(repository.forks), "subscribers_count": 0, "size": len(commits),
        "has_issues": simulator.state_of(repository) != "no_issues",
        "has_discussions": bool(repository.discussions), "license": None, "homepage": None,
        "visibility": "public", "archived": False, "disabled": False,
    }  # fmt: skip


def owner() -> Record:
    return {"login": ORGANISATION, "id": ORGANISATION_ID, "type": "Organization"}


def organisation_object(simulator: Simulator) -> Record:
    return owner() | {
        "node_id": f"O_{ORGANISATION_ID}", "name": "Synthetic Labs", "description": LABEL,
        "public_repos": len(simulator.visible()), "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def user_object(user: Record) -> Record:
    return user | {
        "name": user["login"].title(), "company": None, "location": None, "email": None,
        "bio": LABEL, "public_repos": 0, "followers": 0, "following": 0,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def pull_object(simulator: Simulator, repository: Repository, number: int) -> Record:
    """One pull request by itself, which says more than a list of them."""
    issue, pull = repository.issues[number], repository.pulls[number]
    commits = activity.pull_commits(pull)
    return with_urls(simulator, repository, issue) | {
        "id": pull["id"], "url": f"{root_of(simulator, repository)}/pulls/{number}",
        "merged_at": pull["merged_at"], "draft": pull["is_draft"],
        "merged": bool(pull["merged_at"]), "merged_by": pull["merged_by"],
        "additions": pull["additions"], "deletions": pull["deletions"],
        "changed_files": pull["files"], "commits": pull["commits"],
        "review_comments": sum(one["number"] == number for one in repository.review_comments),
        "requested_reviewers": [one["user"] for one in pull["review_requests"]],
        "requested_teams": [], "merge_commit_sha": None,
        "head": {"ref": f"topic-{number}", "sha": commits[-1]["oid"]}, "base": {"ref": "main"},
    }  # fmt: skip


def parts_of(
    simulator: Simulator, repository: Repository, kind: str, number: int, part: str
) -> list[Record]:
    """``comments`` of one issue; ``reviews``, ``comments``, ``commits``, ``files`` of one pull."""
    if kind == "issues":
        said = [one for one in repository.comments if one["number"] == number]
        return [with_urls(simulator, repository, one) for one in said]
    pull, author = repository.pulls[number], repository.issues[number]["user"]
    if part == "reviews":
        held = [one for one in repository.reviews if one["number"] == number]
        url = f"{root_of(simulator, repository)}/pulls/{number}"
        return [
            {"id": one["id"], "node_id": one["node_id"], "user": one["user"], "body": one["body"],
             "state": one["state"], "submitted_at": one["at"], "commit_id": None,
             "author_association": "MEMBER", "pull_request_url": url}
            for one in held
        ]  # fmt: skip
    if part == "comments":
        mine = [one for one in repository.review_comments if one["number"] == number]
        return [with_urls(simulator, repository, one) for one in mine]
    if part == "commits":
        return [_pull_commit(one, author, number) for one in activity.pull_commits(pull)]
    return [
        {"sha": activity.oid(pull["id"], place, 0), "filename": one["path"],
         "status": one["change"].lower(), "additions": one["additions"],
         "deletions": one["deletions"], "changes": one["additions"] + one["deletions"]}
        for place, one in enumerate(activity.pull_files(pull))
    ]  # fmt: skip


def runs_and_deployments_at(
    simulator: Simulator, repository: Repository, records: list[Record]
) -> list[Record]:
    """With the newest commit of the moment in which each was made."""
    commits = git_repository.log(simulator.paths[repository.name])
    shown = []
    for record in records:
        made = git_repository.newest_at(commits, record["created_at"])
        sha = made["sha"] if made else activity.oid(record["id"])
        name = "head_sha" if "run_number" in record else "sha"
        served = with_urls(simulator, repository, record) | {name: sha}
        if name == "sha":
            url = f"{root_of(simulator, repository)}/deployments/{record['id']}"
            served |= {"url": url, "statuses_url": f"{url}/statuses"}
            del served["statuses"]
        shown.append(served)
    return shown


def star_weeks(repository: Repository) -> list[Record]:
    """Weeks of stars, the newest first, from the first one to the last one without a gap.

    ``week`` is the second of the epoch in which it starts, on a Sunday.
    """
    counts: dict[datetime, list[int]] = {}
    moments = [datetime.fromisoformat(one) for one in repository.stars]
    for moment in moments:
        day = moment.replace(hour=0, minute=0, second=0, tzinfo=UTC)
        since_sunday = (day.weekday() + 1) % _DAYS
        counts.setdefault(day - timedelta(days=since_sunday), [0] * _DAYS)[since_sunday] += 1
    weeks: list[Record] = []
    at = max(counts, default=None)
    while at is not None and at >= min(counts):
        days = counts.get(at, [0] * _DAYS)
        weeks.append({"week": int(at.timestamp()), "total": sum(days), "days": days})
        at -= timedelta(days=_DAYS)
    return weeks


def community_profile(repository: Repository) -> Record:
    has_any = bool(repository.issues)
    held = {"readme": {"url": "README.md"}} if has_any else {}
    names = ("code_of_conduct", "code_of_conduct_file", "license", "contributing", "readme",
             "issue_template", "pull_request_template")  # fmt: skip
    return {
        "health_percentage": 14 if has_any else 0, "description": LABEL, "documentation": None,
        "files": {name: held.get(name) for name in names}, "content_reports_enabled": False,
        "updated_at": repository.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip


def _pull_commit(commit: Record, author: Record, number: int) -> Record:
    person = {"name": author["login"].title(), "email": f"{author['login']}@example.invalid",
              "date": commit["authored_at"]}  # fmt: skip
    return {
        "sha": commit["oid"], "node_id": f"C_{commit['oid']}", "author": author,
        "committer": author, "parents": [],
        "commit": {"author": person, "committer": person,
                   "message": f"Work on #{number} (synthetic)"},
    }  # fmt: skip
