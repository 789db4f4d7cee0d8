"""Commits, tags and branches: from the git remote, or from GitHub where there is no remote."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import msgspec

from flows.steps.lists import every_page
from flows.steps.run import Run, StepResult
from gitinsight.errors import MirrorBroken, NotVisible, TooLarge
from gitinsight.git.history import Commit, Moment, commits
from gitinsight.git.mailmap import proper_emails
from gitinsight.git.mirror import Refs
from gitinsight.veil import Veil
from warehouse import cut_off, git, mailmap
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

_CHUNK = 1_000
"""Commits in one transaction: a kill costs at most the reading of so many."""


def read_commits(run: Run) -> StepResult:
    """Fetch what is new. Where the remote shows the refs that are held already, nothing is read.

    A broken mirror is cloned anew. A remote that was too large is tried again when more is allowed.
    """
    try:
        refs = _refs(run)
    except MirrorBroken:
        run.mirror.discard()
        refs = _refs(run)
    except NotVisible as error:
        if not (run.repository.has_api and run.client.has_token):
            return StepResult("commits", unavailable=error.reason)
        return _from_github(run)
    cursor = run.take("commits")
    refusal = _refusal(run, cursor)
    if refusal is not None or (_is_read(cursor, refs) and not cursor.state.get("is_shallow")):
        run.commit(cursor, cursor.state)
        return StepResult("commits", unavailable=refusal)
    try:
        return _from_git(run, refs, cursor)
    except MirrorBroken:
        run.mirror.discard()
        return _from_git(run, refs, run.take("commits"))
    except TooLarge as error:
        known = {"too_large": {"bytes": error.limit_bytes, "reason": str(error)}}
        run.commit(cursor, cursor.state | known)
        return StepResult("commits", unavailable=str(error))


def _refusal(run: Run, cursor: Cursor) -> str | None:
    """Why the remote was refused, as long as no more is allowed than it was refused for."""
    refused: dict[str, Any] | None = cursor.state.get("too_large")
    if refused is None or refused["bytes"] < run.mirror.max_bytes:
        return None
    return str(refused["reason"])


def _is_read(cursor: Cursor, refs: Refs) -> bool:
    return cursor.state.get("refs") == _fingerprint(refs)


def _from_git(run: Run, refs: Refs, cursor: Cursor) -> StepResult:
    """A shallow remote may have become whole, or deeper, without any of its refs having moved."""
    mirror, repository_id = run.mirror, run.repository.repository_id
    is_shallow = cursor.state.get("is_shallow", False)
    mirror.fetch()
    if is_shallow and mirror.is_shallow and _is_read(cursor, refs):
        run.commit(cursor, cursor.state)
        return StepResult("commits")
    if refs.head and refs.head not in mirror.commits_among({refs.head}):
        refs = _refs(run)  # it was pushed over while it was fetched
    known = [] if is_shallow else cursor.state.get("tips", [])
    if is_shallow or "head" not in cursor.state:
        cursor, _ = run.commit(cursor, cursor.state, _forgetting_cut_off(run))
    old = sorted(mirror.commits_among(known))
    tips = sorted(mirror.commits_among(refs.tips))
    total = Written()
    found = commits(mirror, new=tips, old=old, held=_held(run))
    for chunk in _chunks(_veiled(one, run.veil) for one in found):
        cursor, written = run.commit(
            cursor, cursor.state, _inserting(run, chunk, "git"), done=total.touched
        )
        total += written
    head = refs.head
    heads, left_head = [head] if head else [], cursor.state.get("head")
    dates = {run.veil.text(name, "tag"): date for name, date in mirror.tag_dates().items()}
    tags = {name: (sha, *dates.get(name, (sha, False, ""))[1:]) for name, sha in refs.tags.items()}
    # What the last reading has marked is marked, as long as it can be asked about.
    is_followed = "head" in cursor.state and not is_shallow and len(old) == len(known)
    left = [left_head] if left_head else []
    proper = _veiled_emails(proper_emails(mirror, head), run.veil) if head else {}
    moved_tags, left_behind = 0, 0

    def finish(connection: Connection) -> Written:
        nonlocal moved_tags, left_behind
        git.mark_default_branch(
            connection, repository_id, mirror.reachable(heads, left if is_followed else ()),
            left=mirror.reachable(left, heads) if is_followed else None, at=run.clock(),
        )  # fmt: skip
        left_behind = git.mark_unreachable(
            connection, repository_id, mirror.reachable(tips, old if is_followed else ()),
            left=mirror.reachable(old, tips) if is_followed else None, at=run.clock(),
        )  # fmt: skip
        git.replace_branches(
            connection, refs.branches, default=refs.default_branch, run=run.git_run
        )
        moved_tags = git.replace_tags(connection, tags, run=run.git_run)
        mailmap.replace(connection, proper, run=run.git_run)
        return Written(changed=1)

    state = {
        "is_shallow": mirror.is_shallow,
        "refs": _fingerprint(refs),
        "head": head,
        "tips": tips,
        "commits": mirror.count(head) if head else 0,
        "tags": len(refs.tags),
        "branches": len(refs.branches),
    }
    run.commit(cursor, state, finish)
    return StepResult(
        "commits", total.touched + 1, total.touched, moved_tags=moved_tags, left_behind=left_behind
    )


def _refs(run: Run) -> Refs:
    """What the remote shows, of nobody who was forgotten."""
    refs = run.mirror.remote_refs()
    branches, tags = (
        {run.veil.text(name, key): sha for name, sha in named.items()}
        for key, named in (("branch", refs.branches), ("tag", refs.tags))
    )
    default = refs.default_branch
    default = run.veil.text(default, "branch") if default else default
    return Refs(branches, tags, default, refs.detached)


def _veiled(commit: Commit, veil: Veil) -> Commit:
    """In place: its files are read while they are written."""
    if veil:
        commit.author_name, commit.author_email = veil.person(
            commit.author_name, commit.author_email
        )
        commit.committer_name, commit.committer_email = veil.person(
            commit.committer_name, commit.committer_email
        )
        commit.message = veil.text(commit.message, "message")
        commit.files = (
            replace(
                one, path=veil.text(one.path, "path"),
                previous_path=one.previous_path and veil.text(one.previous_path, "path"),
            )
            for one in commit.files
        )  # fmt: skip
    return commit


def _veiled_emails(proper: Mapping[str, str], veil: Veil) -> dict[str, str]:
    """As the commits have them: two addresses of one ghost are still two."""
    veiled = ((veil.person("", one)[1], veil.person("", meant)[1]) for one, meant in proper.items())
    return {one: meant for one, meant in veiled if one != meant}


def _fingerprint(refs: Refs) -> dict[str, Any]:
    detached = {"detached": refs.detached} if refs.detached else {}
    return {
        "branches": dict(refs.branches), "tags": dict(refs.tags), "default": refs.default_branch,
        **detached,
    }  # fmt: skip


def _chunks(found: Iterator[Commit]) -> Iterator[Iterator[Commit]]:
    """Of ``_CHUNK`` commits each; none is read from git before it is asked for."""
    for first in found:
        yield chain((first,), islice(found, _CHUNK - 1))


def _held(run: Run) -> Callable[[Sequence[str]], set[str]]:
    def held(shas: Sequence[str]) -> set[str]:
        with run.warehouse.begin() as connection:
            return git.held_shas(connection, run.repository.repository_id, shas)

    return held


def _forgetting_cut_off(run: Run) -> Callable[[Connection], Written]:
    """Where a shallow clone ended a commit looked like the first of all, with every file as new."""

    def forget(connection: Connection) -> Written:
        firsts = cut_off.without_parents(connection, run.repository.repository_id)
        known = sorted(run.mirror.commits_among(firsts))
        others = run.mirror.reachable(known, (), "--no-walk", "--min-parents=1")
        cut_off.forget(connection, run.repository.repository_id, list(others))
        return Written()

    return forget


def _inserting(run: Run, chunk: Iterable[Commit], source: str) -> Callable[[Connection], Written]:
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
        run.commit(cursor, cursor.state)
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
        page = [_commit(node, parents) for node in found["nodes"]]
        reachable += [commit.sha for commit in page]
        known = _held(run)([commit.sha for commit in page])
        chunk = [commit for commit in page if commit.sha not in known]
        cursor, written = run.commit(
            cursor, cursor.state, _inserting(run, chunk, "graphql"),
            done=len(reachable), total=upstream,
        )  # fmt: skip
        total += written
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break

    def finish(connection: Connection) -> Written:
        git.mark_default_branch(connection, run.repository.repository_id, reachable, at=run.clock())
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
    first = run.client.get(run.path(path), {**parameters, "per_page": "100"})
    return [one for answer in every_page(run, first) for one in msgspec.json.decode(answer.body)]


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
