"""The API as a process."""

import socket
from contextlib import suppress

import uvicorn

from api.app import create_app
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
    app = create_app(
        settings,
        warehouse_url=settings.warehouse_url,
        admin_key=state.admin_key(settings.state_dir),
    )
    config = uvicorn.Config(
        app, host=settings.api.host, port=settings.api.port, log_config=None, access_log=False,
        ws="websockets-sansio", http=FastLane, timeout_graceful_shutdown=3,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # it has stopped in order by then
        _Server(config).run()


if __name__ == "__main__":
    main()
