"""The ways to read a REST list; which one a thing uses is part of its declaration."""

from datetime import timedelta
from typing import Any

import msgspec

from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible
from gitinsight.github.client import Answer
from gitinsight.github.payloads import Keys, Page, joined, split
from gitinsight.things.thing import Reading, Thing
from warehouse import raw
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

_EPOCH = "1980-01-01T00:00:00Z"
"""GitHub answers nothing to a `since` of 1970."""
_CLOCK_OVERLAP = timedelta(seconds=120)
_CLOSED = {403, 404, 409, 410}
"""Empty repository, a feature that is switched off, or a token that may not see it: the ledger says
so, and the rest of the repository is read all the same."""


def read(run: Run, thing: Thing, *, is_quiet: bool = False) -> StepResult:
    """``is_quiet``: nothing else of the repository has changed, so a sample is enough."""
    readers = {Reading.SINCE: since, Reading.NEWEST: newest, Reading.COUNTED: counted}
    try:
        if thing.reading is Reading.WHOLE:
            return whole(run, thing, is_quiet=is_quiet)
        return readers[thing.reading](run, thing)
    except NotVisible as error:
        if error.status in _CLOSED:
            return StepResult(thing.name, unavailable=f"HTTP {error.status}: {error.reason}")
        raise


def since(run: Run, thing: Thing) -> StepResult:
    """Ascending by update from a window's start. The start moves only when the window has grown
    past one page: then the same request, with its ETag, asks for free whether anything changed.
    """
    cursor = run.take(thing.name)
    start: str = cursor.state.get("since", _EPOCH)
    parameters = {**_parameters(thing), "since": start}
    resume: str | None = cursor.state.get("next")
    etag = _own(run, cursor).get("etag")
    answer = (
        run.client.get(resume)
        if resume
        else run.client.get(run.path(thing.path), parameters, etag=etag)
    )
    total, seen, pages = Written(), 0, 1
    if answer.is_unmodified:
        cursor, _ = run.commit(cursor, cursor.state, lambda _connection: Written())
        return StepResult(thing.name)
    latest: str = cursor.state.get("latest", start)
    while True:
        records = split(answer.body)
        latest = max([latest, *(_iso(keys) for keys, _ in records if keys.updated_at)])
        is_last = answer.next_url is None
        state: dict[str, Any] = {"since": start, "next": answer.next_url, "latest": latest}
        if is_last and pages == 1 and resume is None:
            state |= {"etag": answer.etag, "principal": answer.principal}
        elif is_last:
            horizon = (answer.date - _CLOCK_OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
            state = {"since": min(latest, horizon)}
        seen += len(records)
        cursor, written = run.commit(cursor, state, _writer(run, thing, answer, records), done=seen)
        total += written
        if is_last:
            break
        answer = run.client.get(str(answer.next_url))
        pages += 1
    if "etag" not in cursor.state and cursor.state["since"] != start:
        # The window moved: ask once more, so that the next poll is free.
        closing = since(run, thing)
        return StepResult(thing.name, total.touched + closing.touched, seen)
    return StepResult(thing.name, total.touched, seen)


def whole(run: Run, thing: Thing, *, is_quiet: bool) -> StepResult:
    """Every page; what a complete list no longer shows is tombstoned. Pages commit together:
    these lists are short, and half of one would delete the other half.

    Every page has its own ETag. A quiet run asks for one page in turn, any other run for all.
    """
    cursor = run.take(thing.name)
    pages: list[list[str | None]] = _own(run, cursor).get("pages", [])
    if pages:
        turn = cursor.state.get("turn", 0) % len(pages)
        asked = [pages[turn]] if is_quiet else pages
        if all(run.client.get(str(url), etag=etag).is_unmodified for url, etag in asked if etag):
            state = {**cursor.state, "turn": turn + 1}
            run.commit(cursor, state, lambda _connection: Written())
            return StepResult(thing.name)
    answers = [run.client.get(run.path(thing.path), _parameters(thing))]
    while answers[-1].next_url:
        answers.append(run.client.get(str(answers[-1].next_url)))
    records = joined(split(one.body) for one in answers)

    def write(connection: Connection) -> Written:
        written = _store(connection, run, thing, records)
        if records.present is None:
            return written  # one of them cannot be told, and may be any of those that are held
        gone = raw.mark_absent(connection, thing.name, records.present, origin=run.origin)
        return written + Written(changed=gone)

    state = {
        "pages": [[one.url, one.etag] for one in answers],
        "principal": run.client.principal,
        "repeated": len(records) - len({row.id for _, row in records}),
    }
    _, written = run.commit(cursor, state, write, done=len(records))
    return StepResult(thing.name, written.touched, len(records))


def newest(run: Run, thing: Thing) -> StepResult:
    """Newest first, back to what the last complete walk began with. New entries push old ones to
    later pages, so a walk meets some twice and misses none; it resumes where it was cut off.
    """
    cursor = run.take(thing.name)
    state = dict(cursor.state)
    parameters = _parameters(thing)
    resume = state.get("next")
    etag = _own(run, cursor).get("etag")
    answer = (
        run.client.get(resume)
        if resume
        else run.client.get(run.path(thing.path), parameters, etag=etag)
    )
    if answer.is_unmodified:
        run.commit(cursor, state, lambda _connection: Written())
        return StepResult(thing.name)
    floor: int = state.get("floor", 0)
    if not resume:
        state |= {"top": None, "pending_etag": answer.etag}
    total, seen = Written(), 0
    while True:
        records = split(answer.body)
        ids = [row.id for _, row in records]
        state["top"] = max([state.get("top") or 0, *ids])
        is_last = answer.next_url is None or (bool(ids) and min(ids) <= floor)
        if is_last:
            state = {
                "floor": state["top"],
                "etag": state.get("pending_etag"),
                "principal": answer.principal,
            }
        else:
            state["next"] = answer.next_url
        seen += len(records)
        cursor, written = run.commit(cursor, state, _writer(run, thing, answer, records), done=seen)
        state = dict(cursor.state)
        total += written
        if is_last:
            return StepResult(thing.name, total.touched, seen)
        answer = run.client.get(str(answer.next_url))


def counted(run: Run, thing: Thing) -> StepResult:
    """One request for the total; it is kept in the cursor for the ledger."""
    cursor = run.take(thing.name)
    etag = _own(run, cursor).get("etag")
    answer = run.client.get(run.path(thing.path), _parameters(thing), etag=etag)
    if answer.is_unmodified:
        run.commit(cursor, cursor.state, lambda _connection: Written())
        return StepResult(thing.name)
    total = int(msgspec.json.decode(answer.body)["total_count"])
    state = {"total": total, "etag": answer.etag, "principal": answer.principal}
    changed = cursor.state.get("total") != total
    run.commit(cursor, state, lambda _connection: Written(), done=total, total=total)
    return StepResult(thing.name, touched=int(changed), rows=total)


def _parameters(thing: Thing) -> dict[str, str]:
    return {**thing.parameters, "per_page": str(thing.page_size)}


def _own(run: Run, cursor: Cursor) -> dict[str, Any]:
    """The cursor's state where this principal's ETags made it: they are free for it alone."""
    return cursor.state if cursor.state.get("principal") == run.client.principal else {}


def _writer(run: Run, thing: Thing, _answer: Answer, records: Page) -> Any:
    return lambda connection: _store(connection, run, thing, records)


def _store(connection: Connection, run: Run, thing: Thing, records: Page) -> Written:
    return raw.store(connection, thing.name, records, origin=run.origin)


def _iso(keys: Keys) -> str:
    if keys.updated_at is None:
        return _EPOCH
    return keys.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
