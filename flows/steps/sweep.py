"""Whether what is held is still there: a seventh of it a day, nothing gone without proof.

GitHub does not tell what was deleted, and a deleted comment does not even move its issue. So the
node ids of all that is held are asked for once a week, a hundred a point. What is not found is a
suspect: it is asked for by itself, and only an answer that proves it gone counts.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial

import msgspec

from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issue_events import ISSUE_EVENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.review_comments import REVIEW_COMMENTS
from gitinsight.things.thing import Thing
from warehouse import cursors, holdings, raw, suspects
from warehouse.engine import Connection
from warehouse.suspects import Suspect

SWEPT = (ISSUES, ISSUE_COMMENTS, REVIEW_COMMENTS)
SUSPECTED = (ISSUE_EVENTS, ISSUE_COMMENTS, REVIEW_COMMENTS)
"""What is held of something that is not held itself is a suspect, too."""
_ROUND = timedelta(days=7)
DUE_AFTER = timedelta(days=1)
_PER_QUERY = 100
_BREAKER_RATIO = 0.01
_BREAKER_LEAST = 10
"""One in a hundred missing is no deletion but an outage, a lost permission or a fault of ours."""
_CHECKS = 3
_CHECK_AFTER = timedelta(hours=8)
_GONE = 410


def is_due(run: Run) -> bool:
    with run.warehouse.begin() as connection:
        state = cursors.states(connection, run.repository.repository_id).get("sweep", {})
    swept_at = state.get("swept_at")
    return swept_at is None or run.as_of - datetime.fromisoformat(swept_at) >= DUE_AFTER


def sweep(run: Run) -> StepResult:
    """The share that is due since the last time; the first reading of all counts as a round."""
    if not run.client.has_token:
        return StepResult("sweep")
    cursor = run.take("sweep")
    swept_at = cursor.state.get("swept_at")
    share = 0.0
    if swept_at is not None:
        share = min(1.0, (run.as_of - datetime.fromisoformat(swept_at)) / _ROUND)
    is_turn = share >= DUE_AFTER / _ROUND
    touched, doubts = 0, dict[str, str]()
    positions: dict[str, int] = dict(cursor.state.get("positions", {}))
    for thing in SWEPT if is_turn else ():
        with run.warehouse.begin() as connection:
            due = holdings.node_ids_after(
                connection, thing.name, run.repository.repository_id,
                after=positions.get(thing.name, 0), share=share,
            )  # fmt: skip
        doubt = ask(run, thing, due)
        if doubt is not None:
            doubts[thing.name] = doubt
        elif due:
            positions[thing.name] = due[-1][0]
    touched += settle(run)
    stamp = run.as_of.isoformat() if swept_at is None or is_turn else swept_at
    state = {"swept_at": stamp, "positions": positions}
    run.commit(cursor, state, done=touched)
    return StepResult("sweep", touched, doubts=doubts)


def ask(run: Run, thing: Thing, due: Sequence[tuple[int, str]]) -> str | None:
    """Whether GitHub still has these (id, node id). What it does not show becomes a suspect, unless
    it says that this token may not see it. Says why where so many are missing that none of it is
    believed.
    """
    missing: list[int] = []
    for start in range(0, len(due), _PER_QUERY):
        page = due[start : start + _PER_QUERY]
        answer = run.client.query_in_part("sweep", {"ids": [node_id for _, node_id in page]})
        refused = {place for place, _, _ in answer.refused}
        nodes = enumerate(zip(page, answer.data["nodes"], strict=True))
        missing += [
            one for place, ((one, _), node) in nodes if node is None and place not in refused
        ]
    if len(missing) > max(_BREAKER_LEAST, math.ceil(len(due) * _BREAKER_RATIO)):
        doubt = f"{len(missing)} of {len(due)} were not found at once: nothing was taken for gone"
        run.announce("extract", resource=thing.name, message=doubt)
        return doubt
    with run.warehouse.begin() as connection:
        run.hold(connection)
        suspects.add(connection, run.repository.repository_id, thing.name, missing, at=run.clock())
    return None


def settle(run: Run) -> int:
    """Ask about each suspect that is due by itself; how many turned out to be gone."""
    with run.warehouse.begin() as connection:
        due = suspects.due(
            connection, run.repository.repository_id, (ISSUES, *SUSPECTED),
            before=run.clock() - _CHECK_AFTER,
        )  # fmt: skip
    gone = 0
    shown = cache(partial(issue_by_number, run))
    for suspect in due:
        is_there, reason = _verdict(run, suspect, *shown(suspect.number))
        if reason is None and not is_there and suspect.checks + 1 >= _CHECKS:
            reason = f"not visible, asked {_CHECKS} times"
        with run.warehouse.begin() as connection:
            run.hold(connection)
            gone += _record(connection, run, suspect, is_there=is_there, reason=reason)
    return gone


def _record(
    connection: Connection, run: Run, suspect: Suspect, *, is_there: bool, reason: str | None
) -> int:
    repository_id, at = run.repository.repository_id, run.clock()
    if not is_there and reason is None:
        suspects.checked(connection, repository_id, suspect, at=at)
        return 0
    suspects.clear(connection, repository_id, suspect)
    if is_there:
        return 0
    if suspect.thing == ISSUES.name:
        return raw.mark_number_gone(
            connection, repository_id, suspect.number, at=at, reason=str(reason)
        )
    return raw.mark_deleted(
        connection, suspect.thing, repository_id, [suspect.id], at=at, reason=str(reason)
    )


def _verdict(
    run: Run, suspect: Suspect, found: bytes | None, reason: str | None
) -> tuple[bool, str | None]:
    """(is there, why it is gone): neither where GitHub's answer proves nothing. ``found`` is the
    issue that it is, or is about.
    """
    if found is None or suspect.thing in {ISSUES.name, ISSUE_EVENTS.name}:
        return found is not None, reason
    path = "issues/comments" if suspect.thing == ISSUE_COMMENTS.name else "pulls/comments"
    try:
        run.client.get(run.path(f"{path}/{suspect.id}"))
    except NotVisible:
        return False, "deleted: what it was said about is shown, and it is not"
    return True, None


def issue_by_number(run: Run, number: int) -> tuple[bytes | None, str | None]:
    """(the issue as GitHub shows it here, why it is gone). A 404 is neither: converted to a
    discussion, hidden, or out of reach of this token. Nor is a 410 where issues are switched off.
    """
    try:
        answer = run.client.get(run.path(f"issues/{number}"))
    except NotVisible as error:
        is_deleted = error.status == _GONE and "disabled" not in error.reason
        return None, "deleted" if is_deleted else None
    at_home = f"/repos/{run.repository.full_name}/".lower()
    url = str(msgspec.json.decode(answer.body).get("url", "")).lower()
    return (answer.body, None) if at_home in f"{url}/" else (None, "transferred")
