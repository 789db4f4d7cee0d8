"""Pull requests in full, for those alone that the issue list shows as changed."""

import time
from collections.abc import Collection
from datetime import datetime

import msgspec

from flows.steps import nested
from flows.steps.nested import Batch
from flows.steps.page_size import PageSize
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, UpstreamUnavailable
from gitinsight.github.nodes import Node, node_row
from gitinsight.github.payloads import Page, split
from gitinsight.things.pull_requests import PULL_REQUESTS
from warehouse import holdings, raw
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

Due = tuple[int, str, datetime]


def hydrate(run: Run, *, numbers: Collection[int] = ()) -> StepResult:
    """With a token by GraphQL, with what belongs to them; without one from the REST list, alone.
    Those with one of ``numbers`` are read in any case.
    """
    if not run.client.has_token:
        return _list(run)
    cursor = run.take("pull_requests")
    due = _due(run, cursor, again=("rest",), numbers=numbers)
    size, position, total = PageSize.of(PULL_REQUESTS.page_size, cursor.state), 0, Written()
    while position < len(due):
        page = due[position : position + size.now]
        started = time.monotonic()
        try:
            nodes = _nodes(run, page)
        except UpstreamUnavailable:
            if not size.shrink():
                raise
            continue  # GitHub gives up on heavy queries; a smaller one is another query
        size.succeeded(time.monotonic() - started)
        position += len(page)
        cursor, written = _store(
            run, cursor, page, nodes, remembered=size.remembered, done=position, total=len(due)
        )
        total += written
    return StepResult("pull_requests", total.touched, len(due))


def _due(
    run: Run, cursor: Cursor, *, again: tuple[str, ...], numbers: Collection[int] = ()
) -> list[Due]:
    """Without those that GitHub lists as issues but does not show as pull requests."""
    missing: dict[str, str] = cursor.state.get("missing", {})
    with run.warehouse.begin() as connection:
        found = holdings.due_pull_requests(
            connection, run.repository.repository_id, again=again, numbers=numbers
        )
    return [one for one in found if missing.get(str(one[0])) != one[2].isoformat()]


def _nodes(run: Run, page: list[Due]) -> list[Node | None]:
    """The pull requests of a page, each with all that belongs to it."""
    found = _ask(run, [node_id for _, node_id, _ in page])
    for place, node in enumerate(found):
        if node is not None and not nested.is_whole(PULL_REQUESTS, node) and len(page) > 1:
            found[place] = _ask(run, [node["id"]])[0]
    return found


def _ask(run: Run, node_ids: list[str]) -> list[Node | None]:
    nodes: list[Node | None] = run.client.query("pull_requests", {"ids": node_ids})["nodes"]
    found = [node if node and node.get("__typename") == "PullRequest" else None for node in nodes]
    nested.complete(run, PULL_REQUESTS, [node for node in found if node is not None])
    return found


def _store(
    run: Run, cursor: Cursor, page: list[Due], nodes: list[Node | None], *,
    remembered: dict[str, int], done: int, total: int,
) -> tuple[Cursor, Written]:  # fmt: skip
    missing: dict[str, str] = dict(cursor.state.get("missing", {}))
    gone: dict[int, str] = {}
    batch = Batch(PULL_REQUESTS)
    for (number, _, listed_at), node in zip(page, nodes, strict=True):
        if node is None:
            reason = _why_missing(run, number)
            if reason is None:
                missing[str(number)] = listed_at.isoformat()
            else:
                gone[number] = reason
            continue
        missing.pop(str(number), None)
        # Stamped with the listed time where that is later: it was hydrated after that listing.
        record = nested.without_nested(PULL_REQUESTS, node)
        batch.add(node, node_row(PULL_REQUESTS, record, updated_at=listed_at))

    def write(connection: Connection) -> Written:
        written = batch.write(connection, run)
        for number, reason in gone.items():
            count = raw.mark_number_gone(
                connection, run.repository.repository_id, number, at=run.clock(), reason=reason
            )
            written += Written(changed=count)
        return written

    return run.commit(cursor, {"missing": missing, **remembered}, write, done=done, total=total)


def _why_missing(run: Run, number: int) -> str | None:
    """None where GitHub still lists it; then it is no deletion, whatever it is."""
    try:
        answer = run.client.get(run.path(f"issues/{number}"))
    except NotVisible as error:
        return "deleted" if error.status == 410 else f"not visible: HTTP {error.status}"  # noqa: PLR2004
    at_home = f"/repos/{run.repository.full_name}/".lower()
    record = msgspec.json.decode(answer.body)
    is_here = at_home in f"{record.get('url', '')}/".lower()
    return None if is_here else "transferred"


def _list(run: Run) -> StepResult:
    """Newest update first, as long as something due is among them."""
    cursor = run.take("pull_requests")
    due = {number for number, _, _ in _due(run, cursor, again=())}
    parameters = {"state": "all", "sort": "updated", "direction": "desc", "per_page": "100"}
    total, seen = Written(), 0
    answer = run.client.get(run.path("pulls"), parameters) if due else None
    while answer is not None:
        records = split(answer.body)

        def write(connection: Connection, records: Page = records) -> Written:
            return raw.store(
                connection, "pull_requests", records, origin=run.origin, known=run.accounts
            )

        seen += len(records)
        cursor, written = run.commit(cursor, cursor.state, write, done=seen, total=len(due))
        total += written
        due -= {keys.number for keys, _ in records if keys.number is not None}
        answer = run.client.get(answer.next_url) if due and answer.next_url else None
    return StepResult("pull_requests", total.touched, seen)
