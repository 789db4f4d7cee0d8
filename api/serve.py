"""The API as a process."""

import uvicorn

from api.app import create_app
from gitinsight import logs
from gitinsight.runtime import state
from gitinsight.settings import Settings


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    app = create_app(
        settings,
        warehouse_url=settings.warehouse_url,
        admin_key=state.admin_key(settings.state_dir),
    )
    uvicorn.run(
        app, host=settings.api.host, port=settings.api.port, log_config=None, access_log=False,
        timeout_graceful_shutdown=3,
    )  # fmt: skip


if __name__ == "__main__":
    main()
