"""The API as a process, or as several that share its address."""

import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn

from api import workers
from api.app import check_address, create_app
from api.fast.lane import FastLane
from gitinsight import logs
from gitinsight.runtime import state
from gitinsight.settings import Settings


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: they are what would be waited for."""
        self.config.app.state.announcer.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    count = settings.api.workers
    if count == 1:
        _serve(settings)
        return
    check_address(settings)
    shared = settings.state_dir / "run" / "traffic"
    shutil.rmtree(shared, ignore_errors=True)  # counters begin anew with this process
    with socket.socket(_family(settings.api.host)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.api.host, settings.api.port))
        workers.run(count, lambda: _serve(settings, listening=listening, shared=shared))


def _serve(
    settings: Settings, *, listening: socket.socket | None = None, shared: Path | None = None
) -> None:
    app = create_app(
        settings,
        warehouse_url=settings.warehouse_url,
        admin_key=state.admin_key(settings.state_dir),
        shared=shared,
        sink=_write if settings.log_level in {"DEBUG", "INFO"} else None,
    )
    config = uvicorn.Config(
        app, host=settings.api.host, port=settings.api.port, log_config=None, access_log=False,
        ws="websockets-sansio", http=FastLane, timeout_graceful_shutdown=3,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # it has stopped in order by then
        _Server(config).run(None if listening is None else [listening])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _write(lines: bytes) -> None:
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()


if __name__ == "__main__":
    main()
