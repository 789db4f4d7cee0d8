"""The first response of one repository's issues and pull requests by the definitions of others.

The data are recorded ones of bitcoin-core/gui, and the figures were counted without our code. Of
its pull requests the same words mean a quarter of an hour or nine hours: a bot answers them all.
"""

from pathlib import Path

import pytest

from gitinsight.settings import Settings
from tests.support.analyses import analyse, rows
from warehouse.engine import Engine

DEFINITIONS = Path(__file__).with_name("first_responses.sql")
ISSUES = {
    "anybody, the author too": 5.1,
    "not the author": 15.7,
    "a human, not the author": 16.5,
    "the same, from when it was ready": 16.5,
    "ours: the same, or closed by one": 10.4,
}
PULL_REQUESTS = {"anybody, the author too": 0.21, "not the author": 1.15}
"""The others depend on who is taken for a bot, of which nobody has the truth."""


def test_each_definition_gives_what_was_counted_otherwise(
    replayed: tuple[Settings, Engine],
) -> None:
    settings, warehouse = replayed
    # At the first bench, where what was made stays: the statement asks staging.
    small = settings.orchestrator.model_copy(update={"giant_records": 10**9})
    settings = settings.model_copy(update={"orchestrator": small})
    job = analyse(settings, warehouse, "bitcoin-core/gui")
    statement = DEFINITIONS.read_text("utf-8").format(repository_id=job.repository_id)

    (_, *issues), (_, *pulls) = rows(warehouse, statement)
    ((ours,),) = rows(
        warehouse,
        "select percentile_cont(0.5) within group (order by first_response_hours)"
        f" from marts.issue_responsiveness where repository_id = {job.repository_id}",
    )

    assert dict(zip(ISSUES, [*issues, ours], strict=True)) == pytest.approx(ISSUES, abs=0.05)
    of_pulls = dict(zip(PULL_REQUESTS, pulls, strict=False))
    assert of_pulls == pytest.approx(PULL_REQUESTS, abs=0.005)
