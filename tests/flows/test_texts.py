"""Texts of all repositories are read at once, by whoever is there to read them."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from distributed import Client, LocalCluster
from prefect.client.schemas.objects import StateType
from prefect.task_runners import ThreadPoolTaskRunner

from flows import texts
from gitinsight.cards.catalogue import card
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import Settings, as_environment
from tests.support.analyses import count, follow, rows
from warehouse.engine import Engine, make_engine

pytestmark = [
    pytest.mark.usefixtures("prefect_url"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Dask's own processes and loops
]
READ = "synthetic-labs/borealis"
OTHER = "synthetic-labs/aurora"


@pytest.fixture
def held(analysed: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A repository with texts, and one without; processes of runs are told where they are."""
    for name, value in as_environment(analysed).items():
        monkeypatch.setenv(name, value)
    engine = make_engine(analysed.warehouse_url, process="test")
    follow(analysed, engine, OTHER)
    yield engine
    engine.dispose()


@pytest.fixture
def cluster(held: Engine) -> Iterator[LocalCluster]:
    """Two workers, each a process: as on other hosts, they know what their environment says."""
    assert held
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as found:  # fmt: skip
        yield found


def tones(warehouse: Engine) -> list[tuple[Any, ...]]:
    return rows(
        warehouse,
        "select repository_id, text_digest, label, negative_ratio from insights.text_tone"
        " order by 1, 2",
    )


def test_what_an_older_model_has_said_is_said_anew(held: Engine) -> None:
    before = tones(held)
    with held.begin() as connection:
        connection.exec_driver_sql("update insights.text_tone set model = 'sentiment@0'")

    state = texts.read_texts(return_state=True)

    assert (state.type, state.message) == (StateType.COMPLETED, "2 repositories read")
    assert tones(held) == before
    assert rows(held, "select distinct model from insights.text_tone") == [
        (card("sentiment").definition,)
    ]
    marked = "select full_name, reason from ops.dirty join ops.repositories using (repository_id)"
    assert rows(held, f"{marked} where thing = 'figures'") == [
        (READ, "the tone of texts was read anew")
    ]


def test_workers_of_a_cluster_read_the_same(
    held: Engine, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tones(held)
    with held.begin() as connection:
        connection.exec_driver_sql("truncate insights.text_tone")
    monkeypatch.setenv("GITINSIGHT_ORCHESTRATOR__DASK_ADDRESS", cluster.scheduler_address)

    state = texts.read_texts(return_state=True)

    assert state.type is StateType.COMPLETED
    assert before
    assert tones(held) == before
    with Client(cluster) as client:
        done = client.run_on_scheduler(_ended)
    assert done >= 2, "one for each repository"


def _ended(dask_scheduler: Any = None) -> int:
    return sum(
        prefix.state_counts["released"] + prefix.state_counts["memory"]
        + prefix.state_counts["forgotten"]
        for prefix in dask_scheduler.task_prefixes.values()
    )  # fmt: skip


def test_one_that_cannot_be_read_keeps_no_other_from_it(
    held: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts.read_one, "retry_delay_seconds", 0)
    with held.begin() as connection:
        connection.exec_driver_sql("truncate insights.text_tone")
        connection.exec_driver_sql(
            "alter table insights.text_tone add check (label is null) not valid"
        )

    state = texts.read_texts(return_state=True)

    assert state.type is StateType.FAILED
    assert state.message == f"1 of 2 repositories not read: {READ}"
    assert count(held, "insights.text_tone") == 0


def test_a_cluster_that_nothing_here_can_talk_to_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(texts.runner(None), ThreadPoolTaskRunner)

    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)

    with pytest.raises(BrokenEnvironment, match="prefect-dask is not installed"):
        texts.runner("tcp://127.0.0.1:1")
