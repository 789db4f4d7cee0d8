"""Where the counts of GitHub and ours differ: what is missing is fetched, what is too much is asked
about, both at once and by number.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from flows.steps import lists, pull_requests, reading, sweep
from flows.steps.lanes import ahead
from flows.steps.lists import store, storing
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, UnexpectedPayload
from gitinsight.github.payloads import Page, joined, split
from gitinsight.things.catalogue import THINGS, children
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.pull_requests import PULL_REQUESTS
from gitinsight.things.review_comments import REVIEW_COMMENTS
from gitinsight.things.thing import Reading, Thing
from warehouse import completeness, cursors, holdings, quarantine, raw, suspects
from warehouse.engine import Connection
from warehouse.holdings import LeftBehind
from warehouse.raw import Written

T = TypeVar("T")

_MOST = 100
"""Numbers that are asked for in one run; the rest has its turn in the next."""
_REREAD = {Reading.WHOLE, Reading.NEWEST, Reading.WINDOWED, Reading.CONNECTION}


@dataclass(frozen=True, slots=True)
class Findings:
    """How many are held by thing, and the numbers of issues and pull requests that do not agree
    with what is held of them.
    """

    counts: Mapping[str, int]
    conversations: Sequence[int]
    insides: Collection[int]
    left_behind: Sequence[LeftBehind]


def look(run: Run) -> Findings:
    """Four questions that each go through all that is held: PostgreSQL has more than one core."""
    repository_id = run.repository.repository_id

    def asking(question: Callable[[Connection], T]) -> AbstractContextManager[Callable[[], T]]:
        def ask() -> T:
            with run.warehouse.begin() as connection:
                return question(connection)

        return ahead(ask)

    inside = children(PULL_REQUESTS) if run.client.has_token else ()  # GraphQL alone tells of it

    def uneven_insides(connection: Connection) -> set[int]:
        return {
            number
            for child in inside
            for number in holdings.uneven_parents(connection, PULL_REQUESTS, child, repository_id)
        }

    with (
        asking(lambda one: completeness.held_counts(one, repository_id)) as counts,
        asking(lambda one: holdings.uneven_conversations(one, repository_id, limit=_MOST)) as said,
        asking(uneven_insides) as insides,
        asking(lambda one: holdings.left_behind(one, sweep.SUSPECTED, repository_id)) as left,
    ):
        return Findings(counts(), said(), insides(), left())


def mend(
    run: Run, upstream: Mapping[str, int | None], results: Mapping[str, StepResult], found: Findings
) -> StepResult:
    """``upstream`` is what GitHub says there is; once is enough where it says the same as we do.
    ``results`` tell what could be read at all, and ``found`` what there is to mend.
    """
    with run.warehouse.begin() as connection:
        listed = holdings.count_listed(connection, run.repository.repository_id)
        states = cursors.states(connection, run.repository.repository_id)
        gaps = quarantine.gaps(connection, run.repository.repository_id)
    refused = {thing: gap.missing for thing, gap in gaps.items()}
    missing = {
        thing: count
        - found.counts[thing]
        - refused.get(thing, 0)
        - states.get(thing, {}).get("repeated", 0)
        for thing, count in upstream.items()
        if count is not None and thing in found.counts and _is_readable(results.get(thing))
    }
    doubts: dict[str, str] = {}
    told = [upstream.get(thing) for thing in ("issues", "pull_requests")]
    numbers = sum(one for one in told if one is not None)
    touched = (
        0 if None in told else _numbers(run, numbers - listed - refused.get("issues", 0), doubts)
    )
    touched += _counting_losses(run, found.conversations)
    if touched:
        found = look(run)  # what is new tells of more that is missing
    touched += _comments(run, found) + _inside(run, found.insides)
    if _is_readable(results.get("issues")) and not refused.get("issues"):
        touched += _left_behind(run, found.left_behind)
    if missing.get("review_comments", 0) > 0:
        touched += _reread(run, REVIEW_COMMENTS)
    elif missing.get("review_comments", 0) < 0:
        touched += _ask_about_all(run, REVIEW_COMMENTS, doubts)
    for thing in THINGS:
        if thing.reading in _REREAD and missing.get(thing.name, 0) != 0:
            touched += _reread(run, thing)
    return StepResult("mend", touched, doubts=doubts)


def _is_readable(result: StepResult | None) -> bool:
    return result is None or (result.is_offered and result.unavailable is None)


def _numbers(run: Run, missing: int, doubts: dict[str, str]) -> int:
    """Issues and pull requests count their numbers together, so that a gap is one that is missing
    or one that is gone.
    """
    if missing < 0:
        return _ask_about_all(run, ISSUES, doubts)
    if missing == 0:
        return 0
    cursor = run.take("gaps")
    explained: dict[str, str] = dict(cursor.state.get("explained", {}))
    with run.warehouse.begin() as connection:
        gaps = holdings.number_gaps(connection, run.repository.repository_id)
    touched = 0
    for number in [gap for gap in gaps if str(gap) not in explained][:_MOST]:
        try:
            body, reason = sweep.issue_by_number(run, number)
        except UnexpectedPayload as error:  # it cannot be held, as the list has shown
            body, reason = None, str(error)
        if body is None:
            explained[str(number)] = reason or "not visible"
        records = split(b"[" + body + b"]") if body else Page()
        cursor, written = run.commit(
            cursor, {"explained": explained}, storing(run, ISSUES, records)
        )
        touched += written.touched
        missing -= written.new
        if missing <= 0:
            break
    if touched:
        touched += pull_requests.hydrate(run).touched
    return touched


def _counting_losses(run: Run, uneven: Sequence[int]) -> int:
    """Issues that count comments which were deleted since: that does not date them anew, so that
    no list shows them again.
    """
    if not uneven:
        return 0
    with run.warehouse.begin() as connection:
        numbers = holdings.read_before_losses(connection, run.repository.repository_id, uneven)
    cursor, touched = run.take(ISSUES.name), 0
    for number in numbers:
        try:
            body, _ = sweep.issue_by_number(run, number)
        except UnexpectedPayload:
            continue
        if body is not None:
            records = split(b"[" + body + b"]")
            cursor, written = run.commit(cursor, cursor.state, storing(run, ISSUES, records))
            touched += written.touched
    return touched


def _left_behind(run: Run, left: Sequence[LeftBehind]) -> int:
    """What belongs to something that was deleted before the list of issues could show it, or while
    the rest was read: no list says that it is gone as well.
    """
    repository_id, touched, are_suspect = run.repository.repository_id, 0, False
    with run.warehouse.begin() as connection:
        run.hold(connection)
        for thing, number, is_gone in left:
            if is_gone:
                touched += raw.mark_number_gone(
                    connection, repository_id, number, at=run.clock(), reason="gone before"
                )
                continue
            ids = holdings.ids_about(connection, thing, repository_id, number)
            suspects.add(connection, repository_id, thing.name, ids, at=run.clock())
            are_suspect = True
    return touched + (sweep.settle(run) if are_suspect else 0)


def _comments(run: Run, found: Findings) -> int:
    """The conversation of each issue that says it has another number of comments than are held,
    unless as many are held as GitHub's own list has: then it is GitHub that does not agree.
    """
    if not found.conversations:
        return 0
    listed = lists.count(run, ISSUE_COMMENTS)
    cursor = run.take(ISSUE_COMMENTS.name)
    if listed == found.counts[ISSUE_COMMENTS.name]:
        run.commit(cursor, {**cursor.state, "listed": listed})
        return 0
    touched = 0
    for number in found.conversations:
        try:
            first = run.client.get(run.path(f"issues/{number}/comments?per_page=100"))
        except NotVisible:
            continue  # the sweep finds out what became of it
        records = joined(
            lists.records_of(ISSUE_COMMENTS, answer) for answer in lists.every_page(run, first)
        )

        def write(connection: Connection, number: int = number, records: Page = records) -> Written:
            written = store(connection, run, ISSUE_COMMENTS, records)
            if records.present is None:
                return written  # one of them cannot be told, and may be any of those that are held
            gone = raw.mark_absent_within(
                connection, {ISSUE_COMMENTS: {number: records.present}}, origin=run.origin
            )
            return written + Written(changed=gone)

        cursor, written = run.commit(cursor, cursor.state, write)
        touched += written.touched
    return touched


def _inside(run: Run, uneven: Collection[int]) -> int:
    """What comes inside pull requests, where they say that there is more or less of it."""
    if not uneven:
        return 0
    return pull_requests.hydrate(run, numbers=sorted(uneven)[-_MOST:]).touched


def _reread(run: Run, thing: Thing) -> int:
    """From the beginning; what is held as it is costs no row."""
    with run.warehouse.begin() as connection:
        run.hold(connection)
        cursors.forget_thing(connection, run.repository.repository_id, thing.name, at=run.clock())
    return reading.read(run, thing).touched


def _ask_about_all(run: Run, thing: Thing, doubts: dict[str, str]) -> int:
    if not run.client.has_token:
        return 0
    with run.warehouse.begin() as connection:
        held = holdings.node_ids_after(
            connection, thing.name, run.repository.repository_id, after=0, share=1.0
        )
    doubt = sweep.ask(run, thing, held)
    if doubt is not None:
        doubts[thing.name] = doubt
    return sweep.settle(run)
