"""The command line as its main function runs it, and a Prefect server."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows import cli
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings, as_environment
from tests.support import prefect
from tests.support.rabbitmq import Broker, running

Gitinsight = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gitinsight(
    analysed: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Gitinsight:
    """Run a command; its exit code and what it printed on both streams."""
    for name, value in as_environment(analysed).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gitinsight", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def prefect_url(shared_dir: Path, postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """One server for all tests of this process: each has flows and jobs of its own."""
    with prefect.serving(shared_dir / "prefect", postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """To be killed and started again at will."""
    with running(tmp_path_factory.mktemp("rabbitmq")) as broker:
        yield broker
