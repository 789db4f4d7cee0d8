"""The figures of a repository beside GitHub's own totals: what the ledger has counted, and what the
repository object says of itself.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from gitinsight.things.catalogue import GITHUB_THINGS
from gitinsight.things.thing import Thing
from warehouse import completeness, cursors, publish
from warehouse.completeness import Entry
from warehouse.engine import Connection, driver
from warehouse.quality import Check
from warehouse.schemas import NOW, Schemas
from warehouse.tables.shape import number_of

_FROM = "repository_summary"
_FIGURES: Mapping[str, str] = {
    "issues": "issues_count",
    "pull_requests": "pull_requests_count",
    "issue_comments": "issue_comments_count",
    "reviews": "reviews_count",
    "review_comments": "review_comments_count",
    "labels": "labels_count",
    "milestones": "milestones_count",
    "releases": "releases_count",
    "commits": "commits_incl_merges_count",
    "tags": "tags_count",
    "branches": "branches_count",
}
"""Thing -> the figure that is to equal what the ledger has counted, to the last one."""
_BY_STATE: Mapping[str, tuple[str, str]] = {
    "issues_open": ("issues", "issues_open_count"),
    "issues_closed": ("issues", "issues_closed_count"),
    "pull_requests_open": ("pull_requests", "pull_requests_open_count"),
    "pull_requests_closed": ("pull_requests", "pull_requests_closed_unmerged_count"),
    "pull_requests_merged": ("pull_requests", "pull_requests_merged_count"),
}
"""What GitHub counts by state -> the thing that it is about, and the figure that is to equal it."""
_ABOUT_ITEMS = frozenset({"issue_comments", "reviews", "review_comments"})
"""What was said of an issue that is not held, in quarantine for one, is in no figure."""
_SNAPSHOTS: Mapping[str, str] = {
    "stargazers": "stargazers_count",
    "forks": "forks_count",
    "watchers": "subscribers_count",
}
"""What GitHub says twice, of two moments: as a total, and in the repository object, where the name
of the figure is the key.
"""
_SNAPSHOT_RATIO = 0.01
_SNAPSHOT_COUNT = 5
"""Stars come and go between the two moments, and of some forks only one of the two knows."""
_MEANWHILE = timedelta(minutes=5)
"""What was updated so shortly before the figures may have been so after the object was read."""


def run(
    connection: Connection, repository_id: int, *, as_of: datetime, schemas: Schemas = NOW
) -> list[Check]:
    """What has not been read whole is left out: the ledger itself says by how much it differs, and
    why. A figure that nobody knows is left out too.
    """
    if _FROM not in publish.candidates(connection, schemas):
        return []
    figures = _row(
        connection,
        "select * from candidate.repository_summary where repository_id = %s",
        repository_id,
        schemas=schemas,
    )  # fmt: skip
    if figures is None:
        return []
    entries = completeness.entries(connection, repository_id)
    gone = _gone_since(connection, repository_id)
    shown = _row(
        connection,
        "select payload from raw.github_repositories"
        " where repository_id = %s and deleted_at is null",
        repository_id,
    )
    meanwhile = _changed_meanwhile(connection, repository_id, as_of)
    found = list(_with_the_ledger(figures, entries, gone))
    by_state = cursors.states(connection, repository_id).get("totals", {}).get("by_state", {})
    found += _with_the_states(figures, entries, by_state, tolerance=meanwhile)
    if shown is not None:
        payload = shown["payload"]
        found += _with_the_object(figures, payload)
        if _is_whole(entries, "issues") and _is_whole(entries, "pull_requests"):
            found += _open_items(figures, payload, tolerance=meanwhile)
    return found


def _with_the_ledger(
    figures: Mapping[str, Any], entries: Mapping[str, Entry], gone: Mapping[str, int]
) -> Iterator[Check]:
    """Zero tolerance: what was counted a moment ago is what the figures are made of, but for what
    is ``gone``.
    """
    for thing, figure in _FIGURES.items():
        if not _is_whole(entries, thing) or figures[figure] is None:
            continue
        yield _check(
            thing, int(figures[figure]), entries[thing].held_count or 0, severity="block",
            tolerance=gone.get(thing, 0),
        )  # fmt: skip


def _gone_since(connection: Connection, repository_id: int) -> dict[str, int]:
    """Thing -> how many of it the ledger has counted and no figure has: seen to be gone since, or
    about an issue that is not held.
    """
    counted = " union all ".join(
        f"select '{thing.name}', count(*) from raw.{thing.table}"  # noqa: S608 - ours
        " join ops.completeness as ledger using (repository_id)"
        f" where repository_id = %(id)s and ledger.thing = '{thing.name}'"
        f" and (deleted_at > ledger.as_of or deleted_at is null and {_is_adrift(thing)})"
        for thing in GITHUB_THINGS
        if thing.name in _FIGURES
    )
    return dict(driver(connection).execute(counted.encode(), {"id": repository_id}))


def _is_adrift(thing: Thing) -> str:
    if thing.name not in _ABOUT_ITEMS:
        return "false"
    return (
        f"{number_of(thing)} not in (select (payload ->> 'number')::int from raw.github_issues"  # noqa: S608 - ours
        " where repository_id = %(id)s and deleted_at is null)"
    )


def _with_the_object(figures: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[Check]:
    for name, figure in _SNAPSHOTS.items():
        ours, theirs = figures[figure], payload.get(figure)
        if ours is not None and isinstance(theirs, int):
            tolerance = max(_SNAPSHOT_COUNT, int(theirs * _SNAPSHOT_RATIO))
            yield _check(name, int(ours), theirs, severity="warn", tolerance=tolerance)


def _with_the_states(
    figures: Mapping[str, Any], entries: Mapping[str, Entry], by_state: Mapping[str, int], *,
    tolerance: int,
) -> Iterator[Check]:  # fmt: skip
    """As many in each state: what is held whole may still be held as it was before."""
    for name, (thing, figure) in _BY_STATE.items():
        if name in by_state and figures[figure] is not None and _is_whole(entries, thing):
            yield _check(
                name, int(figures[figure]), by_state[name], severity="warn", tolerance=tolerance
            )


def _open_items(
    figures: Mapping[str, Any], payload: Mapping[str, Any], *, tolerance: int
) -> Iterator[Check]:
    """Issues and pull requests, which GitHub counts as one here."""
    parts = (figures["issues_open_count"], figures["pull_requests_open_count"])
    theirs = payload.get("open_issues_count")
    if None not in parts and isinstance(theirs, int):
        yield _check(
            "open_items", sum(map(int, parts)), theirs, severity="warn", tolerance=tolerance
        )


def _changed_meanwhile(connection: Connection, repository_id: int, as_of: datetime) -> int:
    """How many items may have been in another state when GitHub counted them."""
    found = _row(
        connection,
        "select count(*) as items_count from raw.github_issues"
        " where repository_id = %s and source_updated_at >= %s",
        repository_id,
        as_of - _MEANWHILE,
    )
    return int(found["items_count"]) if found else 0


def _is_whole(entries: Mapping[str, Entry], thing: str) -> bool:
    entry = entries.get(thing)
    return entry is not None and entry.state == "complete" and entry.held_count is not None


def _check(name: str, ours: int, theirs: int, *, severity: Any, tolerance: int = 0) -> Check:
    off = abs(ours - theirs)
    return Check(
        check_name=f"reconciliation:{name}",
        tool="reconciliation",
        subject=f"candidate.{_FROM}",
        severity=severity,
        status="passed" if off <= tolerance else "failed",
        failures=off if off > tolerance else 0,
        observed=str(ours),
        expected=f"{theirs}, give or take {tolerance}" if tolerance else str(theirs),
    )


def _row(
    connection: Connection, query: str, *values: object, schemas: Schemas = NOW
) -> dict[str, Any] | None:
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(schemas.of(query), values).fetchone()
