"""The parts of a stack: the warehouse that everybody shares, and what a process is told."""

import fcntl
import socket
import ssl
from collections.abc import Iterator

import psycopg
import pytest

from flows import stack
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings, WarehouseSettings


def test_the_embedded_warehouse_is_migrated_and_shared(settings: Settings) -> None:
    embedded = settings.model_copy(update={"warehouse": WarehouseSettings(port=free_port(0))})

    with stack.warehouse(embedded) as (first, server), stack.warehouse(embedded) as (second, _):
        with psycopg.connect(first.warehouse_url) as connection:
            found = connection.execute("select count(*) from ops.jobs").fetchone()

        assert server is not None
        assert second.warehouse_url == first.warehouse_url
        assert found == (0,)


def test_a_warehouse_that_is_named_is_used(settings: Settings) -> None:
    with stack.warehouse(settings) as (told, server):
        assert server is None
        assert told.warehouse_url == settings.warehouse_url


def test_a_process_is_told_every_setting_and_nothing_of_somebody_elses_prefect(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://somewhere.else/api")
    monkeypatch.setenv("PREFECT_PROFILE", "theirs")

    told = stack.environment_of(settings)

    assert told["PREFECT_API_URL"] == settings.orchestrator.url
    assert "PREFECT_PROFILE" not in told
    assert told["GITINSIGHT_WAREHOUSE__URL"] == settings.warehouse_url
    assert told["GITINSIGHT_GITHUB__TOKENS"] == "test-token"


@pytest.mark.parametrize(("url", "count"), [("http://x/api", 1), ("https://x/api", None)])
def test_clients_of_prefect_read_few_authorities_where_none_is_asked(
    settings: Settings, url: str, count: int | None
) -> None:
    orchestrator = settings.orchestrator.model_copy(update={"api_url": url})

    told = stack.environment_of(settings.model_copy(update={"orchestrator": orchestrator}))

    path = told.get("PREFECT_API_SSL_CERT_FILE")
    read = ssl.create_default_context(cafile=path).cert_store_stats()["x509"] if path else None
    assert read == count


def test_an_api_that_everybody_could_write_to_is_not_started(settings: Settings) -> None:
    public = settings.api.model_copy(update={"host": "0.0.0.0", "port": free_port(0)})  # noqa: S104
    told = settings.model_copy(update={"api": public})

    with (
        pytest.raises(BrokenEnvironment, match="open to everybody"),
        stack.running(told, with_simulator=False),
    ):
        pass


@pytest.fixture
def busy(settings: Settings) -> Iterator[Settings]:
    """What a stack is told that would get no further than to its API, whose port is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        api = settings.api.model_copy(update={"port": taken.getsockname()[1]})
        yield settings.model_copy(update={"api": api})


def test_a_second_stack_leaves_alone_what_tells_of_the_first_one(busy: Settings) -> None:
    run = busy.state_dir / "run"
    (run / "pids.json").write_text('{"worker": 1}')

    with (run / "stack.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with (
            pytest.raises(BrokenEnvironment, match="a stack runs already in"),
            stack.running(busy, with_simulator=False),
        ):
            pass

    assert (run / "pids.json").read_text() == '{"worker": 1}'


def test_a_stack_does_not_begin_over_a_database_that_ends_with_another_command(
    busy: Settings,
) -> None:
    embedded = busy.model_copy(update={"warehouse": WarehouseSettings(port=free_port(0))})

    with (
        stack.warehouse(embedded),
        pytest.raises(BrokenEnvironment, match="another command has started the database"),
        stack.running(embedded, with_simulator=False),
    ):
        pass
