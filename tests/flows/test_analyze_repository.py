"""The flows that Prefect shows; that it runs them is seen in the tests of the whole stack."""

import asyncio

import pytest

from flows.analyze_repository import (
    NAME,
    REFRESH,
    RETRAIN,
    analyze_repository,
    refresh_repositories,
    retrain_models,
)
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import Settings, as_environment
from tests.support.analyses import count, follow
from warehouse.engine import Engine


def test_the_flows_are_called_what_the_worker_asks_for() -> None:
    assert (analyze_repository.name, refresh_repositories.name) == (NAME, REFRESH)
    assert retrain_models.name == RETRAIN


def test_nothing_is_trained_where_no_data_is_named(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(BrokenEnvironment, match="no labelled data to train with"):
        asyncio.run(retrain_models.fn())


def test_a_refresh_queues_what_has_changed(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    follow(settings, warehouse, "synthetic-labs/aurora")

    assert asyncio.run(refresh_repositories.fn()) == 1

    assert count(warehouse, "ops.jobs where state = 'queued'") == 1
