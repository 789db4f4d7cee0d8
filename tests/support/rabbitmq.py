"""A RabbitMQ of the tests' own: one process on loopback, with its own name, ports and data."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from gitinsight.outward_settings import MessagesSettings
from gitinsight.runtime.process import free_port

_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_SECONDS = 120
_CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 1MB
"""


class Broker:
    def __init__(self, home: Path, account: str) -> None:
        self.port = free_port(0)
        told = dict(line.split(" = ") for line in account.splitlines())
        user, password = told.get("default_user", "guest"), told.get("default_pass", "guest")
        self.url = f"amqp://{user}:{password}@127.0.0.1:{self.port}/"
        self._home = home
        self._account = account
        self._distribution, self._epmd = free_port(0), free_port(0)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> MessagesSettings:
        return MessagesSettings.model_validate({"url": self.url})

    def start(self) -> None:
        (self._home / "rabbitmq.conf").write_text(
            _CONFIGURATION.format(port=self.port) + self._account
        )
        (self._home / "enabled_plugins").write_text("[].")
        named = {
            "NODENAME": f"gitinsight{self.port}@localhost", "CONFIG_FILE": self._home / "rabbitmq",
            "MNESIA_BASE": self._home / "data", "LOG_BASE": self._home / "log",
            "ENABLED_PLUGINS_FILE": self._home / "enabled_plugins",
            "DIST_PORT": self._distribution,
            "SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }  # fmt: skip
        environment = {
            **os.environ, **{f"RABBITMQ_{name}": str(value) for name, value in named.items()},
            "HOME": str(self._home), "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }  # fmt: skip
        with (self._home / "out").open("ab") as out:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f"epmd -port {self._epmd} -address 127.0.0.1 & exec {_SERVER}"],
                env=environment, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self._home / "out").read_text()
            assert time.monotonic() < deadline, (self._home / "out").read_text()
            time.sleep(0.2)

    def kill(self) -> None:
        """All of it at once, and without a word."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            yield connection.channel()
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            with self.channel():
                return True
        except (AMQPError, OSError):
            return False


@contextmanager
def running(home: Path, *, account: str = "") -> Iterator[Broker]:
    """``account`` are lines of its configuration; without, it is the one that is always there."""
    if not _SERVER.exists() or shutil.which("epmd") is None:
        pytest.skip("rabbitmq-server is not installed (apt-get install rabbitmq-server)")
    broker = Broker(home, account)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
