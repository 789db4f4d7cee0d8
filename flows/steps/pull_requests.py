"""Pull requests in full, for those alone that the issue list shows as changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, UpstreamUnavailable
from gitinsight.github.payloads import Actor, Page, Row, row, split, user_rows
from gitinsight.things.pull_requests import PULL_REQUESTS
from warehouse import raw
from warehouse.cursors import Cursor
from warehouse.engine import Connection
from warehouse.raw import Written

Due = tuple[int, str, datetime]
Node = dict[str, Any]


def hydrate(run: Run) -> StepResult:
    """With a token by GraphQL, reviews included; without one from the REST list, without them."""
    if not run.client.has_token:
        return _list(run)
    cursor = run.take("pull_requests")
    due = _due(run, cursor, again=("rest",))
    size, position, total = PULL_REQUESTS.page_size, 0, Written()
    while position < len(due):
        page = due[position : position + size]
        try:
            nodes = _nodes(run, page)
        except UpstreamUnavailable:
            if size == 1:
                raise
            size //= 2  # GitHub gives up on heavy queries; a smaller one is another query
            continue
        position += len(page)
        cursor, written = _store(run, cursor, page, nodes, done=position, total=len(due))
        total += written
    return StepResult("pull_requests", total.touched, len(due))


def _due(run: Run, cursor: Cursor, *, again: tuple[str, ...]) -> list[Due]:
    """Without those that GitHub lists as issues but does not show as pull requests."""
    missing: dict[str, str] = cursor.state.get("missing", {})
    with run.warehouse.begin() as connection:
        found = raw.due_pull_requests(connection, run.repository.repository_id, again=again)
    return [one for one in found if missing.get(str(one[0])) != one[2].isoformat()]


def _nodes(run: Run, page: list[Due]) -> list[Node | None]:
    """The pull requests of a page, each with all of its reviews."""
    nodes: list[Node | None] = run.client.query(
        "pull_requests", {"ids": [node_id for _, node_id, _ in page]}
    )["nodes"]
    found = [node if node and node.get("__typename") == "PullRequest" else None for node in nodes]
    for node in found:
        if node is not None:
            node["reviews"]["nodes"].extend(_further_reviews(run, node))
    return found


def _further_reviews(run: Run, node: Node) -> Iterator[Node]:
    following = node["reviews"]["pageInfo"]
    while following["hasNextPage"]:
        answer = run.client.query("reviews", {"id": node["id"], "after": following["endCursor"]})
        reviews = answer["node"]["reviews"]
        yield from reviews["nodes"]
        following = reviews["pageInfo"]


def _store(
    run: Run, cursor: Cursor, page: list[Due], nodes: list[Node | None], *, done: int, total: int
) -> tuple[Cursor, Written]:
    missing: dict[str, str] = dict(cursor.state.get("missing", {}))
    gone: dict[int, str] = {}
    pulls: list[Row] = []
    reviews: list[Row] = []
    actors: list[Actor] = []
    for (number, _, listed_at), node in zip(page, nodes, strict=True):
        if node is None:
            reason = _why_missing(run, number)
            if reason is None:
                missing[str(number)] = listed_at.isoformat()
            else:
                gone[number] = reason
            continue
        missing.pop(str(number), None)
        reviews += [_review_row(number, review) for review in node["reviews"]["nodes"]]
        actors += _actors(node)
        pulls.append(_pull_row(node, listed_at))

    def write(connection: Connection) -> Written:
        raw.upsert(connection, "users", user_rows(actors), origin=run.graphql_origin)
        written = raw.upsert(connection, "reviews", reviews, origin=run.graphql_origin)
        written += raw.upsert(connection, "pull_requests", pulls, origin=run.graphql_origin)
        for number, reason in gone.items():
            count = raw.mark_number_gone(
                connection, run.repository.repository_id, number, at=run.clock(), reason=reason
            )
            written += Written(changed=count)
        return written

    return run.commit(cursor, {"missing": missing}, write, done=done, total=total)


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


def _pull_row(node: Node, listed_at: datetime) -> Row:
    """Stamped with the listed time where that is later: it was hydrated after that listing."""
    record = {key: value for key, value in node.items() if key != "__typename"}
    record["reviews"] = {"totalCount": node["reviews"]["totalCount"]}
    updated_at = max(listed_at, datetime.fromisoformat(node["updatedAt"]))
    return row(int(node["fullDatabaseId"]), msgspec.json.encode(record), updated_at)


def _review_row(number: int, review: Node) -> Row:
    record = {**review, "pullRequestNumber": number}
    updated_at = datetime.fromisoformat(review["updatedAt"])
    return row(int(review["fullDatabaseId"]), msgspec.json.encode(record), updated_at)


def _actors(node: Node) -> list[Actor]:
    """Bots are left to REST: GraphQL drops the suffix from most of their logins, not from all."""
    people = [node["author"], node["mergedBy"]]
    people += [review["author"] for review in node["reviews"]["nodes"]]
    return [
        Actor(id=one.get("databaseId"), login=one["login"], type=one["__typename"])
        for one in people
        if one is not None and one["__typename"] != "Bot"
    ]


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
            return raw.store(connection, "pull_requests", records, origin=run.origin)

        seen += len(records)
        cursor, written = run.commit(cursor, cursor.state, write, done=seen, total=len(due))
        total += written
        due -= {keys.number for keys, _ in records if keys.number is not None}
        answer = run.client.get(answer.next_url) if due and answer.next_url else None
    return StepResult("pull_requests", total.touched, seen)
