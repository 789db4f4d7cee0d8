"""Commits, tags and branches: from the git remote, or from GitHub where there is no remote."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible
from gitinsight.git.history import Commit, Moment, commits
from gitinsight.git.mirror import Refs
from warehouse import git
from warehouse.engine import Connection
from warehouse.raw import Written

_CHUNK = 1_000
"""Commits in one transaction: a kill costs at most the reading of so many."""


def read_commits(run: Run) -> StepResult:
    """Fetch what is new. Where the remote shows the refs that are held already, nothing is read."""
    try:
        refs = run.mirror.remote_refs()
    except NotVisible as error:
        if not (run.repository.has_api and run.client.has_token):
            return StepResult("commits", unavailable=error.reason)
        return _from_github(run)
    cursor = run.take("commits")
    if cursor.state.get("refs") == _fingerprint(refs):
        run.commit(cursor, cursor.state, lambda _connection: Written())
        return StepResult("commits")
    run.mirror.fetch()
    old = [tip for tip in cursor.state.get("tips", ()) if run.mirror.has(tip)]
    tips = sorted(tip for tip in refs.tips if run.mirror.has(tip))
    total = Written()
    for chunk in _chunks(commits(run.mirror, new=tips, old=old) if tips else ()):
        cursor, written = run.commit(
            cursor, cursor.state, _inserting(run, chunk, "git"), done=total.touched + len(chunk)
        )
        total += written
    head = refs.branches.get(refs.default_branch or "")
    reachable = list(run.mirror.reachable(head)) if head else []
    tags = run.mirror.tag_dates()

    def finish(connection: Connection) -> Written:
        git.mark_default_branch(connection, run.repository.repository_id, reachable)
        git.replace_branches(
            connection, refs.branches, default=refs.default_branch, run=run.git_run
        )
        git.replace_tags(connection, tags, run=run.git_run)
        return Written(changed=1)

    state = {
        "is_shallow": run.mirror.is_shallow,
        "refs": _fingerprint(refs),
        "tips": tips,
        "commits": len(reachable),
        "tags": len(refs.tags),
        "branches": len(refs.branches),
    }
    run.commit(cursor, state, finish)
    return StepResult("commits", total.touched + 1, total.touched)


def _fingerprint(refs: Refs) -> dict[str, Any]:
    return {
        "branches": dict(refs.branches), "tags": dict(refs.tags), "default": refs.default_branch
    }  # fmt: skip


def _chunks(found: Iterable[Commit]) -> Iterator[list[Commit]]:
    iterator = iter(found)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _inserting(run: Run, chunk: list[Commit], source: str) -> Any:
    def insert(connection: Connection) -> Written:
        return Written(new=git.insert_commits(connection, chunk, run=run.git_run, source=source))

    return insert


def _from_github(run: Run) -> StepResult:
    """The default branch by GraphQL, newest first, and refs by REST; lines in total, not by file.

    Asked only when the repository object says that something was pushed.
    """
    cursor = run.take("commits")
    pushed_at = _pushed_at(run)
    if pushed_at is not None and cursor.state.get("pushed_at") == pushed_at:
        run.commit(cursor, cursor.state, lambda _connection: Written())
        return StepResult("commits")
    branches = {one["name"]: one["commit"]["sha"] for one in _list(run, "branches")}
    tags = {one["name"]: (one["commit"]["sha"], False, "") for one in _list(run, "tags")}
    default = run.repository.default_branch
    head = branches.get(default or "")
    # REST names every parent of a commit, GraphQL only those that it can show.
    parents = {
        one["sha"]: [parent["sha"] for parent in one["parents"]]
        for one in (_list(run, "commits", sha=head) if head else ())
    }
    total, upstream = Written(), 0
    reachable: list[str] = []
    owner, name = run.repository.full_name.split("/")
    after: str | None = None
    while head is not None:
        found = run.client.query(
            "commit_history", {"owner": owner, "name": name, "oid": head, "after": after}
        )["repository"]["object"]["history"]
        upstream = found["totalCount"]
        chunk = [_commit(node, parents) for node in found["nodes"]]
        reachable += [commit.sha for commit in chunk]
        cursor, written = run.commit(
            cursor, cursor.state, _inserting(run, chunk, "graphql"),
            done=len(reachable), total=upstream,
        )  # fmt: skip
        total += written
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break

    def finish(connection: Connection) -> Written:
        git.mark_default_branch(connection, run.repository.repository_id, reachable)
        git.replace_branches(connection, branches, default=default, run=run.git_run)
        git.replace_tags(connection, tags, run=run.git_run)
        return Written(changed=1)

    state = {
        "pushed_at": pushed_at, "commits": upstream,
        "tags": len(tags), "branches": len(branches),
    }  # fmt: skip
    run.commit(cursor, state, finish)
    return StepResult("commits", total.touched + 1, len(reachable))


def _pushed_at(run: Run) -> str | None:
    with run.warehouse.begin() as connection:
        return git.pushed_at(connection, run.repository.repository_id)


def _list(run: Run, path: str, **parameters: str) -> list[dict[str, Any]]:
    answer = run.client.get(run.path(path), {**parameters, "per_page": "100"})
    found: list[dict[str, Any]] = msgspec.json.decode(answer.body)
    while answer.next_url:
        answer = run.client.get(answer.next_url)
        found += msgspec.json.decode(answer.body)
    return found


def _commit(node: dict[str, Any], parents: dict[str, list[str]]) -> Commit:
    author, committer = node["author"] or {}, node["committer"] or {}
    return Commit(
        sha=node["oid"],
        parents=parents.get(node["oid"]) or [one["oid"] for one in node["parents"]["nodes"]],
        author_name=author.get("name") or "",
        author_email=author.get("email") or "",
        authored=_moment(author.get("date") or node["authoredDate"]),
        committer_name=committer.get("name") or "",
        committer_email=committer.get("email") or "",
        committed=_moment(committer.get("date") or node["committedDate"]),
        message=node["message"],
        is_sanitized=False,
        totals=(node["additions"], node["deletions"], node["changedFilesIfAvailable"]),
    )


def _moment(text: str) -> Moment:
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset is not None else 0
    return Moment(moment.astimezone(UTC), minutes, text)
