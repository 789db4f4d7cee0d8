"""The API as a process, or as several that share its address."""

import asyncio
import gc
import os
import shutil
import signal
import socket
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import workers
from api.app import check_address, create_app
from api.fast.lane import FastLane
from api.wire import MOST_SAID_BYTES, Wire
from gitinsight import logs, traces
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import state
from gitinsight.settings import Settings

_SWITCH_SECONDS = 0.0005
"""A thread with something to say is heard in a tenth of the time that Python would let it wait."""
_GRACE_SECONDS = 8
"""For what is being answered; whoever watches over this process gives it ten."""
_END_SECONDS = 9


class Server(uvicorn.Server):
    """``ready`` is a descriptor that is told when it serves. One that ``reloads`` stops at SIGHUP,
    and then ``is_to_begin_anew``.
    """

    def __init__(
        self, config: uvicorn.Config, *, ready: int | None = None, reloads: bool = False
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._reloads = reloads
        self.is_to_begin_anew = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What hangs with a warehouse or a collector that does not answer ends by force."""
        self.is_to_begin_anew = False
        signal.alarm(signal.alarm(0) or _END_SECONDS)
        super().handle_exit(sig, frame)

    def reload(self) -> None:
        if self.should_exit:
            return  # it was told to end
        self.is_to_begin_anew = self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._reloads:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)
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
    if settings.api.workers > 1 and told.ready is None:
        check_address(settings)
        shutil.rmtree(shared, ignore_errors=True)  # counters begin anew with this process
    with _listening(settings, told.listening) as listening:
        fd = listening.fileno()
        if told.ready is not None:
            _serve(settings, listening, ready=told.ready, shared=shared)
        elif settings.api.workers > 1:
            workers.run(settings.api.workers, lambda ready: _command(fd, ready), shared=[fd])
        elif _serve(settings, listening):
            _begin_anew(fd)


def _told(arguments: Sequence[str]) -> Namespace:
    """A process alone is told nothing."""
    parser = ArgumentParser(description="The API, as its settings say.")
    parser.add_argument("--listening", type=int, help=SUPPRESS)
    parser.add_argument("--ready", type=int, help=SUPPRESS)
    return parser.parse_args(arguments)


def _listening(settings: Settings, given: int | None) -> socket.socket:
    if given is not None:
        return socket.socket(fileno=given)
    listening = socket.socket(_family(settings.api.host))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    host, port = settings.api.host, settings.api.port
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise BrokenEnvironment(
            f"the API cannot listen on {host}, port {port}: {error.strerror}",
            "set GITINSIGHT_API__HOST and GITINSIGHT_API__PORT, or stop whoever does",
        ) from error
    return listening


def _command(listening: int, ready: int | None = None) -> list[str]:
    command = [sys.executable, "-m", "api.serve", "--listening", str(listening)]
    return command if ready is None else [*command, "--ready", str(ready)]


def _begin_anew(listening: int) -> None:
    """The same process, with what is installed by now. Who connects meanwhile waits in the queue of
    the socket, which stays open.
    """
    os.set_inheritable(listening, True)  # noqa: FBT003 - it has no name
    os.execv(sys.executable, _command(listening))  # noqa: S606 - a command of our own


def _serve(
    settings: Settings, listening: socket.socket, *, ready: int | None = None,
    shared: Path | None = None,
) -> bool:  # fmt: skip
    """Whether it is to begin anew."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    traces.configure(settings.tracing, service="gitinsight-api")
    app = create_app(
        settings,
        warehouse_url=settings.warehouse_url,
        admin_key=state.admin_key(settings.state_dir),
        shared=shared,
        sink=_write if settings.log_level in {"DEBUG", "INFO"} else None,
    )
    config = configuration(
        app, host=settings.api.host, port=settings.api.port,
        trusted=settings.gateway.trusted_proxies,
    )  # fmt: skip
    server = Server(config, ready=ready, reloads=ready is None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it once more
    with suppress(KeyboardInterrupt):  # it has stopped in order by then
        server.run([listening.dup()])  # which it closes
    traces.stop()
    return server.is_to_begin_anew


def configuration(
    app: FastAPI, *, host: str, port: int, http: type[HttpToolsProtocol] = FastLane,
    trusted: Sequence[str] = (),
) -> uvicorn.Config:  # fmt: skip
    """Frames are made before it is known whom they go to: there is no compression that has been
    agreed on with each. Who asks is whoever is connected, unless that is one of the ``trusted``,
    whose ``X-Forwarded-For`` is read from its end up to the first who is not.
    """
    return uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, http=http, ws=Wire,
        ws_max_size=MOST_SAID_BYTES, ws_per_message_deflate=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        proxy_headers=bool(trusted), forwarded_allow_ips=list(trusted),
    )  # fmt: skip


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _write(lines: bytes) -> None:
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenEnvironment as broken:
        sys.exit(f"gitinsight: {broken}")
