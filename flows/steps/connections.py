"""Connections of a repository that GraphQL alone shows, or shows better than REST."""

import time
from datetime import datetime, timedelta
from typing import Any

from flows.steps import nested
from flows.steps.nested import Batch
from flows.steps.page_size import PageSize
from flows.steps.run import Run, StepResult
from gitinsight.errors import UpstreamUnavailable
from gitinsight.github.nodes import node_row
from gitinsight.things.thing import Thing
from warehouse import raw
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
    owner, name = run.repository.full_name.split("/")
    present: list[int] = []
    total = Written()
    while True:
        started = time.monotonic()
        try:
            connection = run.client.query(
                thing.query,
                {"owner": owner, "name": name, "size": size.now, "after": after},
            )["repository"][thing.connection]
        except UpstreamUnavailable:
            if not size.shrink():
                raise
            continue
        size.succeeded(time.monotonic() - started)
        batch = Batch(thing)
        for node in connection["nodes"]:
            whole = nested.complete(run, thing, node)
            batch.add(whole, node_row(thing, nested.without_nested(thing, whole)))
        present += [one.id for one in batch.rows]
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
    run.commit(cursor, state, lambda _connection: Written())
    return StepResult(thing.name, total.touched, len(present))


def _is_due(walked_at: str | None, now: datetime) -> bool:
    return walked_at is None or now - datetime.fromisoformat(walked_at) > _WHOLE_AFTER
