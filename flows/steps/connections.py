"""Connections of a repository that GraphQL alone shows, or shows better than REST."""

import time
from datetime import datetime, timedelta
from typing import Any

from flows.steps import nested
from flows.steps.nested import Batch
from flows.steps.page_size import PageSize
from flows.steps.run import Run, StepResult
from gitinsight.errors import UpstreamUnavailable
from gitinsight.github.nodes import Node, identifier, node_row
from gitinsight.things.catalogue import children
from gitinsight.things.thing import Thing
from warehouse import holdings, raw
from warehouse.engine import Connection
from warehouse.raw import Written

_WHOLE_AFTER = timedelta(days=7)


def read(run: Run, thing: Thing) -> StepResult:
    """Newest first, back to a page of which everything is held as it is. Once a week, and where the
    walk before this one was cut off, to the end; what a whole walk did not show is gone.
    """
    if not run.client.has_token:
        return StepResult(thing.name, unavailable="it is read by GraphQL, which needs a token")
    cursor = run.take(thing.name)
    size = PageSize.of(thing.page_size, cursor.state)
    walked_at = cursor.state.get("walked_at")
    is_whole = _is_due(walked_at, run.as_of)
    after: str | None = cursor.state.get("after")
    is_resumed = after is not None
    present: list[int] = []
    total = Written()
    while True:
        connection = _page(run, thing, size, after)
        batch = Batch(thing)
        ids = {identifier(node[thing.key], 0): node for node in connection["nodes"]}
        with run.warehouse.begin() as transaction:
            held = holdings.held_times(
                transaction, thing.name, run.repository.repository_id, list(ids)
            )
        # What is inside those that are held as they are would be asked for again and again.
        nodes = [
            node
            for number, node in ids.items()
            if is_whole or not children(thing) or held.get(number) != _updated_at(node)
        ]
        nested.complete(run, thing, nodes)
        for node in nodes:
            batch.add(node, node_row(thing, nested.without_nested(thing, node)))
        present += ids
        is_end = not connection["pageInfo"]["hasNextPage"]
        after = None if is_end else connection["pageInfo"]["endCursor"]
        shown = present if is_end and not is_resumed else None

        def write(
            transaction: Connection, batch: Batch = batch, *, shown: list[int] | None = shown
        ) -> Written:
            written = batch.write(transaction, run)
            if shown is not None:
                origin = run.graphql_origin
                gone = raw.mark_absent(transaction, thing.name, shown, origin=origin)
                written += Written(changed=gone)
            return written

        state: dict[str, Any] = {"walked_at": walked_at, "after": after, **size.remembered}
        cursor, written = run.commit(
            cursor, state, write, done=len(present), total=connection["totalCount"]
        )
        total += written
        if is_end or not (is_whole or is_resumed or written.touched):
            break
    if is_end:
        walked_at = run.as_of.isoformat()
    state = {"walked_at": walked_at, **size.remembered}
    run.commit(cursor, state)
    return StepResult(thing.name, total.touched, len(present))


def _page(run: Run, thing: Thing, size: PageSize, after: str | None) -> Node:
    owner, name = run.repository.full_name.split("/")
    while True:
        started = time.monotonic()
        variables = {"owner": owner, "name": name, "size": size.now, "after": after}
        try:
            answer: Node = run.client.query(thing.query, variables)["repository"]
        except UpstreamUnavailable:
            if not size.shrink():
                raise
            continue
        size.succeeded(time.monotonic() - started)
        found: Node = answer[thing.connection]
        return found


def _updated_at(node: Node) -> datetime:
    return datetime.fromisoformat(node["updatedAt"])


def _is_due(walked_at: str | None, now: datetime) -> bool:
    return walked_at is None or now - datetime.fromisoformat(walked_at) > _WHOLE_AFTER
