"""The API as a process, or as several that share its address."""

import gc
import os
import shutil
import socket
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import workers
from api.app import check_address, create_app
from api.fast.lane import FastLane
from api.wire import MOST_SAID_BYTES, Wire
from gitinsight import logs
from gitinsight.runtime import state
from gitinsight.settings import Settings

_GRACE_SECONDS = 8
"""For what is being answered; whoever watches over this process gives it ten."""


class Server(uvicorn.Server):
    """``ready`` is a descriptor that is told when it serves."""

    def __init__(self, config: uvicorn.Config, *, ready: int | None = None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is here now stays, and is not looked through again and again
        if self._ready is not None:
            os.write(self._ready, b"!")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: they are what would be waited for."""
        self.config.app.state.channels.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def main(arguments: Sequence[str]) -> None:
    told = _told(arguments)
    settings = Settings()
    logs.configure(settings.log_level)
    shared = settings.state_dir / "run" / "shared"
    if told.listening is not None:
        with socket.socket(fileno=told.listening) as listening:
            _serve(settings, listening=listening, ready=told.ready, shared=shared)
    elif settings.api.workers == 1:
        _serve(settings)
    else:
        check_address(settings)
        shutil.rmtree(shared, ignore_errors=True)  # counters begin anew with this process
        with socket.socket(_family(settings.api.host)) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((settings.api.host, settings.api.port))
            fd = listening.fileno()
            workers.run(settings.api.workers, lambda ready: _command(fd, ready), shared=[fd])


def _told(arguments: Sequence[str]) -> Namespace:
    """A process alone is told nothing."""
    parser = ArgumentParser(description="The API, as its settings say.")
    parser.add_argument("--listening", type=int, help=SUPPRESS)
    parser.add_argument("--ready", type=int, help=SUPPRESS)
    return parser.parse_args(arguments)


def _command(listening: int, ready: int) -> list[str]:
    return [
        sys.executable, "-m", "api.serve", "--listening", str(listening), "--ready", str(ready),
    ]  # fmt: skip


def _serve(
    settings: Settings, *, listening: socket.socket | None = None, ready: int | None = None,
    shared: Path | None = None,
) -> None:  # fmt: skip
    app = create_app(
        settings,
        warehouse_url=settings.warehouse_url,
        admin_key=state.admin_key(settings.state_dir),
        shared=shared,
        sink=_write if settings.log_level in {"DEBUG", "INFO"} else None,
    )
    config = configuration(app, host=settings.api.host, port=settings.api.port)
    with suppress(KeyboardInterrupt):  # it has stopped in order by then
        Server(config, ready=ready).run(None if listening is None else [listening])


def configuration(
    app: FastAPI, *, host: str, port: int, http: type[HttpToolsProtocol] = FastLane
) -> uvicorn.Config:
    """Frames are made before it is known whom they go to: there is no compression that has been
    agreed on with each.
    """
    return uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, http=http, ws=Wire,
        ws_max_size=MOST_SAID_BYTES, ws_per_message_deflate=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )  # fmt: skip


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _write(lines: bytes) -> None:
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
