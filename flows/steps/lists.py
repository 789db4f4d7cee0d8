"""The ways to read a REST list; which one a thing uses is part of its declaration."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flows.steps.lanes import ahead
from flows.steps.page_size import PageSize
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, UnexpectedPayload, UpstreamUnavailable
from gitinsight.github.client import Answer
from gitinsight.github.payloads import Keys, Page, elements, joined, row, split
from gitinsight.things.thing import Thing
from warehouse import raw
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

_EPOCH = "1980-01-01T00:00:00Z"
"""GitHub answers nothing to a `since` of 1970."""
_CLOCK_OVERLAP = timedelta(seconds=120)
_TOO_DEEP = 422
_ANCHOR_PAGES = 10
"""GitHub refuses deep pages of some lists; a new window starts well before that."""


def single(run: Run, thing: Thing) -> StepResult:
    """One object, known by the number of its repository."""
    cursor = run.take(thing.name)
    answer = run.client.get(run.path(thing.path), etag=own(run, cursor).get("etag"))
    if answer.is_unmodified:
        return unchanged(run, cursor, thing)
    record = row(int(run.repository.github_id or 0), answer.body, None)
    state = {"etag": answer.etag, "principal": answer.principal}
    _, written = run.commit(cursor, state, storing(run, thing, Page([(Keys(record.id), record)])))
    return StepResult(thing.name, written.touched, 1)


def since(
    run: Run, thing: Thing, *, told: Callable[[Sequence[int]], None] = lambda _numbers: None
) -> StepResult:
    """Ascending by update from a window's start. The start moves only when the window has grown
    past one page: then the same request, with its ETag, asks for free whether anything changed.

    After ten pages, and where GitHub refuses or fails to answer one, a new window starts at the
    newest update seen: what changes meanwhile moves to the end of the list and is met again.

    The numbers of each page are ``told`` when they are held.
    """
    cursor = run.take(thing.name)
    start: str = cursor.state.get("since", _EPOCH)
    size = PageSize.of(thing.page_size, cursor.state)
    resume: str | None = cursor.state.get("next")
    latest: str = cursor.state.get("latest", start)
    if resume:
        answer = _page(run, thing, resume, size, latest)
    else:
        first = _window(run, thing, start, size)
        answer = _page(run, thing, first, size, start, etag=own(run, cursor).get("etag"))
    total, seen, pages = Written(), 0, 1
    if answer.is_unmodified:
        return unchanged(run, cursor, thing)
    anchor, anchored = latest, 0
    while True:
        records = records_of(thing, answer)
        latest = _latest(records, latest)
        following = answer.next_url
        if following and latest > anchor and _is_anchor(records, latest, pages - anchored):
            following, anchor, anchored = _window(run, thing, latest, size), latest, pages
        state: dict[str, Any] = {
            "since": start, "next": following, "latest": latest, **size.remembered
        }  # fmt: skip
        if following is None and pages == 1 and resume is None:
            state |= {"etag": answer.etag, "principal": answer.principal}
        elif following is None:
            horizon = (answer.date - _CLOCK_OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
            state = {"since": min(latest, horizon), **size.remembered}
        seen += len(records)
        ask = partial(_page, run, thing, following, size, latest) if following else None
        with ahead(ask) if ask else nullcontext() as upcoming:
            cursor, written = run.commit(cursor, state, storing(run, thing, records), done=seen)
        total += written
        told([keys.number for keys, _ in records if keys.number is not None])
        if upcoming is None:
            break
        answer = upcoming()
        pages += 1
    if "etag" not in cursor.state and cursor.state["since"] != start:
        # The window moved: ask once more, so that the next poll is free.
        closing = since(run, thing, told=told)
        return StepResult(thing.name, total.touched + closing.touched, seen)
    return StepResult(thing.name, total.touched, seen)


def _is_anchor(records: Page, latest: str, pages: int) -> bool:
    """Whether to begin a new window after so many pages of the last. What it would repeat, the
    records of the second in which it begins, should be few; but not for ever.
    """
    if pages < _ANCHOR_PAGES:
        return False
    start = datetime.fromisoformat(latest)
    repeated = sum(keys.updated_at is not None and keys.updated_at >= start for keys, _ in records)
    return repeated * _ANCHOR_PAGES <= len(records) or pages >= 2 * _ANCHOR_PAGES


def _window(run: Run, thing: Thing, start: str, size: PageSize) -> str:
    return list_url(run, thing, per_page=str(size.now), since=start)


def _page(
    run: Run, thing: Thing, url: str, size: PageSize, latest: str, *, etag: str | None = None
) -> Answer:
    """``url``, or where GitHub does not answer it the window from ``latest`` on."""
    started = time.monotonic()
    try:
        answer = run.client.get(url, etag=etag)
    except UnexpectedPayload as error:
        if error.status != _TOO_DEEP or url == _window(run, thing, latest, size):
            raise
        return _page(run, thing, _window(run, thing, latest, size), size, latest)
    except UpstreamUnavailable:
        if not size.shrink():
            raise
        return _page(run, thing, _window(run, thing, latest, size), size, latest)
    size.succeeded(time.monotonic() - started)
    return answer


def whole(run: Run, thing: Thing, *, is_quiet: bool = False) -> StepResult:
    """Every page; what a complete list no longer shows is tombstoned. Pages commit together:
    these lists are short, and half of one would delete the other half.

    Every page has its own ETag. A quiet run asks for one page in turn, any other run for all.
    """
    cursor = run.take(thing.name)
    pages: list[list[str | None]] = own(run, cursor).get("pages", [])
    if pages:
        turn = cursor.state.get("turn", 0) % len(pages)
        asked = [pages[turn]] if is_quiet else pages
        if all(etag and run.client.get(str(url), etag=etag).is_unmodified for url, etag in asked):
            state = {**cursor.state, "turn": turn + 1}
            run.commit(cursor, state)
            return StepResult(thing.name)
    answers = list(every_page(run, run.client.get(list_url(run, thing))))
    records = joined(records_of(thing, one) for one in answers)

    def write(connection: Connection) -> Written:
        written = store(connection, run, thing, records)
        if records.present is None:
            return written  # one of them cannot be told, and may be any of those that are held
        gone = raw.mark_absent(connection, thing.name, records.present, origin=run.origin)
        return written + Written(changed=gone)

    state = {
        "pages": [[one.url, one.etag] for one in answers],
        "principal": run.client.principal,
        "repeated": len(records) - len({record.id for _, record in records}),
    }
    _, written = run.commit(cursor, state, write, done=len(records))
    return StepResult(thing.name, written.touched, len(records))


def newest(run: Run, thing: Thing) -> StepResult:
    """Newest first, back to what the last complete walk began with. New entries push old ones to
    later pages, so a walk meets some twice and misses none; it resumes where it was cut off.
    """
    cursor = run.take(thing.name)
    state = dict(cursor.state)
    resume = state.get("next")
    etag = own(run, cursor).get("etag")
    answer = run.client.get(resume) if resume else run.client.get(list_url(run, thing), etag=etag)
    if answer.is_unmodified:
        return unchanged(run, cursor, thing)
    floor: int = state.get("floor", 0)
    if not resume:
        state |= {"top": None, "pending_etag": answer.etag}
    total, seen = Written(), 0
    while True:
        records = records_of(thing, answer)
        ids = [record.id for _, record in records]
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
        ask = None if is_last else partial(run.client.get, str(answer.next_url))
        with ahead(ask) if ask else nullcontext() as upcoming:
            cursor, written = run.commit(cursor, state, storing(run, thing, records), done=seen)
        state = dict(cursor.state)
        total += written
        if upcoming is None:
            return StepResult(thing.name, total.touched, seen)
        answer = upcoming()


def count(run: Run, thing: Thing) -> int | None:
    """How many records a list has: pages of one record each, of which GitHub names the last."""
    try:
        answer = run.client.get(list_url(run, thing, per_page="1"))
    except NotVisible:
        return None
    if answer.last_url is not None:
        return int(parse_qs(urlsplit(answer.last_url).query)["page"][0])
    return None if answer.next_url else len(elements(answer.body))


def list_url(run: Run, thing: Thing, **narrowed: str) -> str:
    """The first page of a list, below the API root; ``narrowed`` are further parameters."""
    parameters = {**thing.parameters, "per_page": str(thing.page_size), **narrowed}
    return f"{run.path(thing.path)}?{urlencode(parameters)}"


def every_page(run: Run, first: Answer) -> Iterator[Answer]:
    """``first`` and every page after it, each asked for when its turn comes."""
    answer = first
    yield answer
    while answer.next_url:
        answer = run.client.get(answer.next_url)
        yield answer


def records_of(thing: Thing, answer: Answer) -> Page:
    """The records of one page, as the thing declares them."""
    return split(answer.body, envelope=thing.envelope, key=thing.list_key, copies=thing.copies)


def unchanged(run: Run, cursor: Cursor, thing: Thing) -> StepResult:
    """GitHub says that nothing is new; that it was asked is kept."""
    run.commit(cursor, cursor.state)
    return StepResult(thing.name)


def own(run: Run, cursor: Cursor) -> dict[str, Any]:
    """The cursor's state where this principal's ETags made it: they are free for it alone."""
    return cursor.state if cursor.state.get("principal") == run.client.principal else {}


def storing(run: Run, thing: Thing, records: Page) -> Callable[[Connection], Written]:
    return lambda connection: store(connection, run, thing, records)


def store(connection: Connection, run: Run, thing: Thing, records: Page) -> Written:
    return raw.store(connection, thing.name, records, origin=run.origin, known=run.accounts)


def _latest(records: Page, before: str) -> str:
    """The newest update that is seen."""
    times = [keys.updated_at for keys, _ in records if keys.updated_at is not None]
    return max(before, _iso(max(times))) if times else before


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
