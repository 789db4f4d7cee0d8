"""GitHub's own example deliveries: taken at once, done in any order, with the same end."""

import gzip
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx2
import pytest

from flows.webhooks import process
from gitinsight.runtime import postgres, state
from gitinsight.runtime.process import free_port
from tests.support.rows import AT, HOST, add_repository, fetch, payload_row, value
from tests.support.waiting import wait_for
from tests.support.webhooks import SECRET, deliver, headers
from warehouse import raw
from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate
from warehouse.raw import Origin

REPLAY = Path(__file__).parents[3] / "shared" / "replay"
PATH = "/api/v1/webhooks/github"
ROUNDS = 4
STATE = (
    "select github_id, full_name, state from ops.repositories order by 1",
    "select full_name from ops.repository_names order by 1",
    "select repository_id, thing, key from ops.dirty order by 1, 2, 3",
    "select id, deleted_reason from raw.github_issues order by 1",
    "select id, deleted_reason from raw.github_issue_comments order by 1",
    "select id, deleted_reason from raw.github_review_comments order by 1",
    "select id, deleted_reason from raw.github_labels order by 1",
    "select id, deleted_reason from raw.github_milestones order by 1",
    "select id, deleted_reason from raw.github_releases order by 1",
)


@pytest.fixture(scope="module")
def examples() -> list[dict[str, Any]]:
    path = REPLAY / "data" / "webhooks" / "payloads.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no recorded deliveries in ../{REPLAY.parent.name}/{REPLAY.name}")
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture
def served(state_dir: Path) -> Iterator[tuple[str, Engine]]:
    """The API as a process of its own over a PostgreSQL that keeps what it has said to keep."""
    home = state_dir / "durable"
    state.prepare(home)
    port = free_port(0)
    with postgres.running(home, port=free_port(0)) as server:
        url = server.ensure_database("gitinsight")
        engine = make_engine(url, process="test")
        migrate(engine)
        environment = os.environ | {
            "GITINSIGHT_STATE_DIR": str(state_dir), "GITINSIGHT_WAREHOUSE__URL": url,
            "GITINSIGHT_API__PORT": str(port), "GITINSIGHT_GITHUB__WEBHOOK_SECRET": SECRET,
        }  # fmt: skip
        child = subprocess.Popen([sys.executable, "-m", "api.serve"], env=environment)
        try:
            wait_for(lambda: _is_up(port), seconds=60)
            yield f"http://127.0.0.1:{port}", engine
        finally:
            child.terminate()
            child.wait(20)
            engine.dispose()


def test_every_example_is_taken_within_50_ms(
    served: tuple[str, Engine], examples: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    url, warehouse = served
    took: list[float] = []
    with httpx2.Client(base_url=url, timeout=20) as client:
        for _ in range(ROUNDS):
            for example in examples:
                body = json.dumps(example["payload"], separators=(",", ":")).encode()
                sent = headers(body, example["event"], delivery_id=uuid4())
                started = time.perf_counter()
                answer = client.post(PATH, content=body, headers=sent)
                took.append(time.perf_counter() - started)
                assert answer.status_code == 202
    took.sort()
    p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
    with capsys.disabled():
        print(f"\n202 after {p50 * 1e3:.1f} ms (p50), {p99 * 1e3:.1f} ms (p99) of {len(took)}")  # noqa: T201 - the figure

    assert value(warehouse, "select count(*) from ops.webhook_deliveries") == len(took)
    assert p99 < 0.05


def test_the_sender_of_the_examples_is_content(
    served: tuple[str, Engine], examples: list[dict[str, Any]]
) -> None:
    url, warehouse = served
    command = [sys.executable, str(REPLAY / "tools" / "send_webhooks.py"), url + PATH]
    right = [*command, "--secret", SECRET, "--duplicate", "--shuffle", "7"]
    sent = subprocess.run(right, capture_output=True, text=True, check=True)
    wrong = [*command, "--secret", SECRET, "--bad-signature", "--n", "20"]
    refused = subprocess.run(wrong, capture_output=True, text=True, check=True)

    assert {line[:4] for line in sent.stdout.splitlines()} == {"202 "}
    assert {line[:4] for line in refused.stdout.splitlines()} == {"401 "}
    assert value(warehouse, "select count(*) from ops.webhook_deliveries") == len(examples)
    process(warehouse, host=HOST)
    assert value(
        warehouse,
        "select count(*) from ops.webhook_deliveries where outcome in ('ignored', 'not followed')",
    ) == len(examples)


def test_in_any_order_and_twice_the_end_is_the_same(
    warehouse: Engine, examples: list[dict[str, Any]]
) -> None:
    ends = []
    for seed in range(5):
        tables = "ops.dirty, ops.webhook_deliveries, ops.repositories, ops.repository_names"
        things = ", ".join(f"raw.github_{thing}" for thing in _HELD)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(f"truncate {tables}, {things} restart identity")
        _follow(warehouse)
        sent = examples * 2 if seed else examples
        if seed:
            sent = random.Random(seed).sample(sent, len(sent))  # noqa: S311 - an order is no secret
        for example in sent:
            deliver(
                warehouse, example["event"], example["payload"],
                delivery_id=uuid5(NAMESPACE_URL, example["file"]),
            )  # fmt: skip
            process(warehouse, host=HOST)
        with warehouse.begin() as connection:
            ends.append([fetch(connection, query) for query in STATE])
            counted = fetch(
                connection, "select outcome, count(*) from ops.webhook_deliveries group by 1"
            )
        assert dict(counted).get("failed") is None
        assert dict(counted).get(None) is None

    assert all(end == ends[0] for end in ends)
    assert [name for _, name, _ in ends[0][0]] == [
        "octo-org/octo-repo", "Codertocat/Hello-World", "Octocoders/Hello-World",
    ]  # fmt: skip
    reasons = [reason for table in ends[0][3:] for _, reason in table]
    assert reasons.count("deleted (webhook)") == len(_HELD)
    assert reasons.count("transferred") == 1


_HELD = {
    "issues": 444500041, "issue_comments": 492700400, "review_comments": 284312630,
    "labels": 1362937026, "milestones": 4317517, "releases": 17372790,
}  # fmt: skip
"""What the examples say was deleted."""


def _follow(warehouse: Engine) -> None:
    """The three repositories that the examples are about, and what one of them loses."""
    deleted_from = add_repository(warehouse, "Codertocat/Hello-World", github_id=186853002)
    left = add_repository(warehouse, "octo-org/octo-repo", github_id=17273051)
    add_repository(warehouse, "octocat/Hello-World", github_id=186853261)
    fields = {"number": 1, "issue_url": "/issues/1", "pull_request_url": "/pulls/2"}
    with warehouse.begin() as connection:
        for thing, identifier in _HELD.items():
            origin = Origin(deleted_from, "rest", "2022-11-28", AT, UUID(int=1))
            raw.upsert(connection, thing, [payload_row(identifier, **fields)], origin=origin)
        origin = Origin(left, "rest", "2022-11-28", AT, UUID(int=1))
        raw.upsert(connection, "issues", [payload_row(512748900, number=1)], origin=origin)


def _is_up(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health/ready").is_success
    except httpx2.TransportError:
        return False
