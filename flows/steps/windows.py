"""Lists that show a thousand records at most: asked for by windows of creation that fit.

And the lists that hang on each of their records.
"""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from flows.steps.lanes import ahead
from flows.steps.lists import every_page, list_url, own, records_of, storing, unchanged
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible
from gitinsight.github.client import Answer
from gitinsight.github.payloads import Page, joined
from gitinsight.things.thing import Thing
from warehouse import holdings, raw
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

_SHOWN = 1_000
_AGAIN = timedelta(days=35)
"""A run can be started again for 30 days; then it is the old run that changes."""
_BEFORE_ANY = datetime(2018, 1, 1, tzinfo=UTC)
"""Older than every run of GitHub Actions."""
_GONE = 404
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)

Window = tuple[datetime, datetime]


class _Listed(msgspec.Struct, frozen=True):
    total_count: int


def windowed(run: Run, thing: Thing, *, shown: int = _SHOWN) -> StepResult:
    """The newest page says, for free where it is unchanged, whether there is a new run. Then, and
    once a day because old runs are started again, every window since the last reading and 35 days
    before it; a reading that is cut off goes on with the windows that are left. The first reading
    also sees what is gone.
    """
    cursor = run.take(thing.name)
    left: list[Window] = [_parse(one) for one in cursor.state.get("windows", ())]
    newest = run.client.get(list_url(run, thing), etag=own(run, cursor).get("etag"))
    read_until = cursor.state.get("read_until")
    if newest.is_unmodified and not left and not _is_old(read_until, newest.date):
        return unchanged(run, cursor, thing)
    start = datetime.fromisoformat(read_until) - _AGAIN if read_until else _BEFORE_ANY
    records = Page() if newest.is_unmodified else records_of(thing, newest)
    is_resumed = bool(left)
    left = left or [(start, _end(newest, records))]
    state: dict[str, Any] = {"read_until": read_until}
    if newest.is_unmodified:
        etag, count = cursor.state.get("pending_etag", cursor.state["etag"]), cursor.state["total"]
    else:
        # What is left was to be read before this page changed: another change is to be seen.
        etag = cursor.state.get("pending_etag") if is_resumed else newest.etag
        count = msgspec.json.decode(newest.body, type=_Listed).total_count
    reading_until = cursor.state.get("reading_until") or newest.date.isoformat()
    state |= {"reading_until": reading_until, "pending_etag": etag, "total": count}
    total, seen = Written(), set[int]()
    if not newest.is_unmodified:
        cursor, total = run.commit(cursor, cursor.state, storing(run, thing, records))
    while left:
        window = left.pop()
        first = run.client.get(_url(run, thing, window))
        count = msgspec.json.decode(first.body, type=_Listed).total_count
        if count > shown and window[1] - window[0] > _SECOND:
            left += _halves(window)
            continue
        cursor, written = _read(
            run, thing, cursor, first, state={**state, "windows": left}, seen=seen
        )
        total += written
    state = {
        "read_until": state["reading_until"], "total": state["total"],
        "etag": state["pending_etag"], "principal": run.client.principal,
    }  # fmt: skip

    def finish(connection: Connection) -> Written:
        if read_until or is_resumed:
            return Written()
        return Written(
            changed=raw.mark_absent(connection, thing.name, list(seen), origin=run.origin)
        )

    _, written = run.commit(cursor, state, finish, done=len(seen), total=state["total"])
    return StepResult(thing.name, (total + written).touched, len(seen))


def per_parent(run: Run, thing: Thing) -> StepResult:
    """The list of each parent that has ended and whose newest attempt is not held."""
    cursor = run.take(thing.name)
    known: dict[str, int] = cursor.state.get("empty", {})
    since = run.as_of - timedelta(days=run.workflow_jobs_days)
    with run.warehouse.begin() as connection:
        due = holdings.due_workflow_runs(connection, run.repository.repository_id, since=since)
    # Of runs that are asked about no more nothing is remembered.
    empty = {str(number): attempt for number, attempt in due if known.get(str(number)) == attempt}
    due = [(number, attempt) for number, attempt in due if str(number) not in empty]
    total, seen = Written(), 0
    for done, (number, attempt) in enumerate(due, start=1):
        own_list = replace(thing, path=thing.path.format(id=number))
        try:
            first = run.client.get(list_url(run, own_list))
        except NotVisible as error:
            if error.status != _GONE:
                raise
            records = Page()  # the run is gone since it was listed
        else:
            records = joined(records_of(thing, one) for one in every_page(run, first))
        if not records:
            empty[str(number)] = attempt
        state = {"empty": empty} if empty else {}
        cursor, written = run.commit(
            cursor, state, storing(run, thing, records), done=done, total=len(due)
        )
        total += written
        seen += len(records)
    return StepResult(thing.name, total.touched, seen)


def _read(
    run: Run, thing: Thing, cursor: Cursor, first: Answer, *, state: dict[str, Any], seen: set[int]
) -> tuple[Cursor, Written]:
    """One window to its end; it counts as read with its last page."""
    total, answer = Written(), first
    while True:
        records = records_of(thing, answer)
        seen.update(record.id for _, record in records)
        is_last = answer.next_url is None
        kept = {**state, "windows": [[a.isoformat(), b.isoformat()] for a, b in state["windows"]]}
        moved = kept if is_last else cursor.state
        ask = None if is_last else partial(run.client.get, str(answer.next_url))
        with ahead(ask) if ask else nullcontext() as upcoming:
            cursor, written = run.commit(
                cursor, moved, storing(run, thing, records), done=len(seen), total=state["total"]
            )
        total += written
        if upcoming is None:
            return cursor, total
        answer = upcoming()


def _end(newest: Answer, records: Page) -> datetime:
    """Whatever its clock says, what the newest page shows is read: its ETag vouches for it."""
    return max([newest.date, *(keys.created_at for keys, _ in records if keys.created_at)])


def _url(run: Run, thing: Thing, window: Window) -> str:
    start, end = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in window)
    return list_url(run, thing, created=f"{start}..{end}")


def _is_old(read_until: str | None, now: datetime) -> bool:
    return read_until is None or now - datetime.fromisoformat(read_until) >= _DAY


def _halves(window: Window) -> list[Window]:
    """The later half last, so that it is read first."""
    middle = (window[0] + (window[1] - window[0]) / 2).replace(microsecond=0)
    return [(window[0], middle), (middle, window[1])]


def _parse(window: list[str]) -> Window:
    return datetime.fromisoformat(window[0]), datetime.fromisoformat(window[1])
