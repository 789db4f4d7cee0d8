"""A fleet of a thousand: discovered by an organisation's listing, probed for 40 points."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from flows.changes import queue_changed
from flows.organisations import discover
from gitinsight import clock, targets
from gitinsight.settings import Settings
from tests.acceptance.conftest import replaying
from warehouse import organisations, repositories
from warehouse.engine import Engine, driver

CLONED = "quicwg/ops-drafts"
FLEET = 1_000
_SUCCEED = """
update ops.jobs set state = 'succeeded', finished_at = now();
insert into ops.publications
    (repository_id, publication, job_id, as_of, published_at, quality_status, coverage)
select repository_id, 1, job_id, now(), now(), 'passed', '{}' from ops.jobs;
"""


@pytest.fixture
def scaled(database_url: str) -> Iterator[tuple[str, Settings]]:
    with replaying("--scale", f"{CLONED}:{FLEET}") as url:
        told = {
            "warehouse": {"url": database_url},
            "github": {
                "api_url": url, "clone_url": url + "/{owner}/{name}.git", "tokens": "a-token"
            },
        }  # fmt: skip
        yield url, Settings.model_validate(told)


def start_counting(url: str) -> None:
    httpx2.post(f"{url}/_stats", json={}).raise_for_status()


def counted(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{url}/_stats").raise_for_status().json()
    return found


@pytest.mark.slow
def test_a_thousand_are_discovered_and_probed_for_forty_points(
    scaled: tuple[str, Settings], warehouse: Engine
) -> None:
    url, settings = scaled
    account = targets.parse_login(CLONED.split("/", maxsplit=1)[0], settings)
    found = targets.ask_account(account, settings)
    with warehouse.begin() as connection:
        organisation, _ = organisations.add(
            connection, host=account.host, github_id=found.id, login=found.login,
            kind=found.type, at=clock.now(),
        )  # fmt: skip
    discovery = discover(settings, warehouse, organisation)
    assert len(discovery.added) > FLEET
    with warehouse.begin() as connection:
        driver(connection).execute(_SUCCEED)
        fleet = repositories.search(connection, f"{CLONED}-", limit=2 * FLEET)
    start_counting(url)

    queued = queue_changed(settings, warehouse, fleet[:FLEET])

    stats = counted(url)
    assert queued == 0
    assert (stats["requests"], stats["points"]["graphql"]) == (20, 40)

    mutation = {"mutate": {"op": "new_issue", "repo": CLONED}}
    httpx2.post(f"{url}/_control", json=mutation).raise_for_status()
    assert queue_changed(settings, warehouse, fleet[:FLEET]) == FLEET, "clones share their data"
