"""Pull requests in full, for those alone that the issue list shows as changed."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from flows.steps import nested, sweep
from flows.steps.lanes import ahead
from flows.steps.lists import records_of, storing
from flows.steps.nested import Batch, Found, Refused
from flows.steps.page_size import PageSize
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, UpstreamUnavailable
from gitinsight.github.nodes import Node, node_row
from gitinsight.things.catalogue import children
from gitinsight.things.pull_requests import PULL_REQUESTS
from warehouse import holdings, raw
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

_MOST_IN_A_ROW = 3
_FORBIDDEN = 403
_DUE_AT_ONCE = 2_400
_POORER = ("rest",)
"""Where those that are held come from that GraphQL knows more of."""
_SETTLES = timedelta(seconds=2)
"""GitHub's times are in whole seconds, rounded down, and its clocks differ by a moment."""
_AUDITED_PAGE, _AUDITED = 48, 12
"""Of every 48th page of 24, so that one in a hundred is compared with what a smaller one shows."""
_CONNECTIONS = {child.connection for child in children(PULL_REQUESTS)}

Due = tuple[int, str, datetime]


def hydrate(
    run: Run, *, numbers: Collection[int] = (), listed: Iterable[Sequence[int]] = ()
) -> StepResult:
    """With a token by GraphQL, with what belongs to them; without one from the REST list, alone.
    Those with one of ``numbers`` are read in any case; those that are being ``listed`` by whole
    pages as they come, and what is left of them when that has ended.

    One that GitHub does not answer for by itself either is parked, and the others are read. Where
    this token may see none of them, the rest of the repository is read all the same.
    """
    if not run.client.has_token:
        for _ in listed:
            pass  # which are due is known at the end
        return _list(run)
    cursor = run.take("pull_requests")
    numbers = {*numbers, *cursor.state.get("young", ())}
    size = PageSize.of(PULL_REQUESTS.page_size, cursor.state)
    hydration = _Hydration(run, cursor, size)
    try:
        _read_all(run, hydration, listed, numbers)
    except NotVisible as error:
        if error.status != _FORBIDDEN:
            raise
        return StepResult("pull_requests", hydration.written.touched, unavailable=error.why)
    return StepResult(
        "pull_requests", hydration.written.touched, hydration.done,
        doubts=_doubts(hydration.parked),
    )  # fmt: skip


def _read_all(
    run: Run, hydration: "_Hydration", listed: Iterable[Sequence[int]], numbers: set[int]
) -> None:
    before: dict[str, str] = hydration.cursor.state.get("parked", {})
    hydration.read(_listed_due(run, hydration.cursor, listed, numbers))
    with run.warehouse.begin() as connection:
        hydration.total = hydration.done + holdings.count_due_pull_requests(
            connection, run.repository.repository_id, again=_POORER, numbers=numbers
        )
    suspects: list[Due] = []
    for due in _due(run, hydration.cursor, again=_POORER, numbers=numbers):
        left = [one for one in due if str(one[0]) not in hydration.parked]
        hydration.read([one for one in left if str(one[0]) not in before])
        suspects += [one for one in left if str(one[0]) in before]
    for one in suspects:  # by itself, so that it holds up no other
        hydration.read([one])
    hydration.end()


@dataclass(slots=True)
class _Hydration:
    """One reading of what is due; ``parked`` says by number why one could not be read."""

    run: Run
    cursor: Cursor
    size: PageSize
    total: int | None = None
    """Not known as long as they are being listed."""
    done: int = 0
    taken: list[Due] = field(default_factory=list)
    """Those that are to be asked for next."""
    pages: int = 0
    in_a_row: int = 0
    written: Written = field(default_factory=Written)
    parked: dict[str, str] = field(default_factory=dict)
    young: set[int] = field(default_factory=set)
    """Read within a second of their update: what comes after that in the same second bears the same
    time, so they are read once more in the next run.
    """
    long: list[tuple[Due, Node]] = field(default_factory=list)
    """Those with more inside than came with them: the rest is asked for together."""

    def read(self, due: Iterable[Due]) -> None:
        """A page is asked for while the one before it is written."""
        next_page = partial(self._page, iter(due))
        page, found = next_page()
        while page:
            with ahead(next_page) as upcoming:
                self.young |= found.young
                self._store(*self._without_long(page, found))
                if len(self.long) >= nested.AT_ONCE:
                    self._read_long()
            page, found = upcoming()
        self._read_long()

    def _page(self, coming: Iterator[Due]) -> tuple[list[Due], Found]:
        """As many as GitHub answers for at once; one that it does not answer for by itself is
        refused. Nothing where there are no more.
        """
        usual = self.size.now
        while True:
            self.taken += islice(coming, max(0, self.size.now - len(self.taken)))
            page = self.taken[: self.size.now]
            if not page:
                return page, Found([])
            started = time.monotonic()
            try:
                found = self._nodes([node_id for _, node_id, _ in page])
            except (NotVisible, UpstreamUnavailable) as error:
                if len(page) > 1 and self.size.shrink():
                    continue  # GitHub gives up on heavy queries; a smaller one is another query
                self.size.now = usual  # it was this one, and not their number
                found = Found([None], {0: error})
            else:
                self.size.succeeded(time.monotonic() - started)
            del self.taken[: len(page)]
            return page, found

    def end(self) -> None:
        """Those that were to be read once more and are not due at all, since they are gone, are
        waited for no longer.
        """
        young = sorted(self.young)
        if self.cursor.state.get("young", []) != young:
            self.cursor, _ = self.run.commit(self.cursor, {**self.cursor.state, "young": young})

    def _without_long(self, page: list[Due], found: Found) -> tuple[list[Due], Found]:
        """What can be stored now, under its new places; the others wait among the long ones."""
        stays: list[int] = []
        for place, node in enumerate(found.nodes):
            if node is not None and nested.is_long(PULL_REQUESTS, node):
                self.long.append((page[place], node))
            else:
                stays.append(place)
        refused = found.refused
        return [page[place] for place in stays], Found(
            [found.nodes[place] for place in stays],
            {new: refused[old] for new, old in enumerate(stays) if old in refused},
        )

    def _read_long(self) -> None:
        """Ask for the rest of them all at once, and where that fails for one after the other."""
        if not self.long:
            return
        page, long = [due for due, _ in self.long], [node for _, node in self.long]
        found = Found(list(long))
        self.long = []
        with suppress(NotVisible, UpstreamUnavailable):
            nested.complete(self.run, PULL_REQUESTS, long)
        for place, node in enumerate(long):
            try:
                if nested.is_long(PULL_REQUESTS, node):
                    nested.complete(self.run, PULL_REQUESTS, [node])
                if not nested.is_whole(PULL_REQUESTS, node):
                    found.replace(place, self._ask_whole([page[place][1]]))
            except (NotVisible, UpstreamUnavailable) as error:
                found.refused[place] = error
        self.young |= found.young
        self._store(page, found)

    def _nodes(self, ids: list[str]) -> Found:
        """Each with all that belongs to it, but for the long ones. Some are asked for again by
        themselves: those that are not whole, and all of them where some that are compared were
        shown with less than is there.
        """
        found = self._ask(ids)
        self.pages += 1
        held = [
            place for place, node in enumerate(found.nodes)
            if node is not None and not nested.is_long(PULL_REQUESTS, node)
        ]  # fmt: skip
        again = [one for one in held if not nested.is_whole(PULL_REQUESTS, found.nodes[one] or {})]
        if (
            held
            and not again
            and self.pages % _AUDITED_PAGE == 0
            and self._is_cut(ids, found.nodes, held)
        ):
            again = list(held)
        asked = set[int]()
        while len(ids) > 1 and again:
            place = again.pop(0)
            alone = self._ask_whole([ids[place]])
            asked.add(place)
            if _counts(alone.nodes[0]) != _counts(found.nodes[place]):
                again = [one for one in held if one not in asked]
            found.replace(place, alone)
        return found

    def _ask(self, ids: list[str]) -> Found:
        """In the order of ``ids``, and by place why one of them cannot be had."""
        answer = self.run.client.query_in_part("pull_requests", {"ids": ids})
        refused: Refused = {}
        for place, inside, reason in answer.refused:
            if not inside or inside[0] in _CONNECTIONS:
                refused[place] = NotVisible("GraphQL query pull_requests", 403, reason)
        nodes: list[Node | None] = [
            node
            if node and node.get("__typename") == "PullRequest" and place not in refused
            else None
            for place, node in enumerate(answer.data["nodes"])
        ]
        held = [node for node in nodes if node is not None]
        nested.fill(PULL_REQUESTS, held)
        young = {
            node["number"] for node in held
            if answer.date - datetime.fromisoformat(node["updatedAt"]) < _SETTLES
        }  # fmt: skip
        return Found(nodes, refused, young)

    def _ask_whole(self, ids: list[str]) -> Found:
        """The same, each with all that is inside of it."""
        found = self._ask(ids)
        nested.complete(self.run, PULL_REQUESTS, [node for node in found.nodes if node is not None])
        return found

    def _is_cut(self, ids: list[str], nodes: list[Node | None], held: list[int]) -> bool:
        """Whether the largest are shown with more in a query for few."""
        largest = sorted(held, key=lambda one: sum(_counts(nodes[one]).values()), reverse=True)
        few = largest[:_AUDITED]
        shown = self._ask_whole([ids[place] for place in few]).nodes
        return any(
            _counts(one) != _counts(nodes[place]) for place, one in zip(few, shown, strict=True)
        )

    def _store(self, page: list[Due], found: Found) -> None:
        missing: dict[str, str] = dict(self.cursor.state.get("missing", {}))
        gone: dict[int, str] = {}
        batch = Batch(PULL_REQUESTS)
        for place, ((number, _, listed_at), node) in enumerate(zip(page, found.nodes, strict=True)):
            if place in found.refused:
                self._park(number, found.refused[place])
                continue
            if node is None:
                body, reason = sweep.issue_by_number(self.run, number)
                if reason is not None:
                    gone[number] = reason
                elif body is not None:
                    missing[str(number)] = listed_at.isoformat()
                else:
                    self._park(number, NotVisible(f"pull request {number}", 404, "Not Found"))
                continue
            self.in_a_row = 0
            missing.pop(str(number), None)
            # Stamped with the listed time where that is later: it was hydrated after that listing.
            record = nested.without_nested(PULL_REQUESTS, node)
            batch.add(node, node_row(PULL_REQUESTS, record, updated_at=listed_at))

        def write(connection: Connection) -> Written:
            written = batch.write(connection, self.run)
            for number, reason in gone.items():
                count = raw.mark_number_gone(
                    connection, self.run.repository.repository_id, number, at=self.run.clock(),
                    reason=reason,
                )  # fmt: skip
                written += Written(changed=count)
            return written

        self.done += len(page)
        state = {
            "missing": missing, "parked": self.parked | self._left(page),
            "young": sorted(self.young | self._still_young(page)), **self.size.remembered,
        }  # fmt: skip
        self.cursor, written = self.run.commit(
            self.cursor, state, write, done=self.done, total=self.total
        )
        self.written += written

    def _still_young(self, page: list[Due]) -> set[int]:
        """Those of the run before that have not been read once more by now."""
        before: list[int] = self.cursor.state.get("young", [])
        return set(before) - {number for number, _, _ in page}

    def _left(self, page: list[Due]) -> dict[str, str]:
        """What an earlier reading has parked, but for this page."""
        numbers = {str(number) for number, _, _ in page}
        before: dict[str, str] = self.cursor.state.get("parked", {})
        return {number: why for number, why in before.items() if number not in numbers}

    def _park(self, number: int, error: NotVisible | UpstreamUnavailable) -> None:
        """Several in a row are no matter of one pull request: raises the error."""
        self.in_a_row += 1
        if self.in_a_row > _MOST_IN_A_ROW:
            raise error
        self.parked[str(number)] = error.reason


def _counts(node: Node | None) -> dict[str, int]:
    return nested.counts(PULL_REQUESTS, node) if node else {}


def _doubts(parked: Mapping[str, str]) -> dict[str, str]:
    if not parked:
        return {}
    told = ", ".join(f"#{number} ({why})" for number, why in parked.items())
    return {"pull_requests": f"{len(parked)} of them could not be read: {told}"}


def _listed_due(
    run: Run, cursor: Cursor, listed: Iterable[Sequence[int]], numbers: set[int]
) -> Iterator[Due]:
    """Of what is being listed, which is read whether or not it is among ``numbers``; what was
    parked or missing has its turn at the end.
    """
    later = cursor.state.get("parked", {}).keys() | cursor.state.get("missing", {}).keys()
    last: list[Due] = []  # where a window of the list begins anew, it shows some again
    for page in listed:
        with run.warehouse.begin() as connection:
            found = holdings.due_pull_requests(
                connection, run.repository.repository_id, again=_POORER, among=page
            )
        due = [one for one in found if str(one[0]) not in later and one not in last]
        numbers -= {number for number, _, _ in due}
        yield from due
        last = found


def _due(
    run: Run, cursor: Cursor, *, again: tuple[str, ...], numbers: Collection[int] = ()
) -> Iterator[list[Due]]:
    """By number, so many at a time that a giant's take no more memory than those of others; without
    those that GitHub lists as issues but does not show as pull requests.
    """
    missing: dict[str, str] = cursor.state.get("missing", {})
    after = 0
    while True:
        with run.warehouse.begin() as connection:
            found = holdings.due_pull_requests(
                connection, run.repository.repository_id, again=again, numbers=numbers,
                after=after, limit=_DUE_AT_ONCE,
            )  # fmt: skip
        yield [one for one in found if missing.get(str(one[0])) != one[2].isoformat()]
        if len(found) < _DUE_AT_ONCE:
            return
        after = found[-1][0]


def _list(run: Run) -> StepResult:
    """Newest update first, as long as something due is among them."""
    cursor = run.take("pull_requests")
    due = {number for several in _due(run, cursor, again=()) for number, _, _ in several}
    count = len(due)
    parameters = {"state": "all", "sort": "updated", "direction": "desc", "per_page": "100"}
    total, seen = Written(), 0
    answer = run.client.get(run.path("pulls"), parameters) if due else None
    while answer is not None:
        records = records_of(PULL_REQUESTS, answer)
        seen += len(records)
        cursor, written = run.commit(
            cursor, cursor.state, storing(run, PULL_REQUESTS, records), done=seen, total=count
        )
        total += written
        due -= {keys.number for keys, _ in records if keys.number is not None}
        answer = run.client.get(answer.next_url) if due and answer.next_url else None
    return StepResult("pull_requests", total.touched, seen)
