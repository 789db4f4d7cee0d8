"""The API as a process."""

from collections.abc import Callable
from typing import Any

import msgspec
import uvicorn

from api.app import create_app
from gitinsight import logs
from gitinsight.github.client import GitHubClient
from gitinsight.runtime import state
from gitinsight.settings import Settings


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    app = create_app(
        settings,
        warehouse_url=settings.warehouse_url,
        admin_key=state.admin_key(settings.state_dir),
        resolve=make_resolve(settings),
    )
    uvicorn.run(
        app, host=settings.api.host, port=settings.api.port, log_config=None, access_log=False,
        timeout_graceful_shutdown=3,
    )  # fmt: skip


def make_resolve(settings: Settings) -> Callable[[str], dict[str, Any]]:
    """Asks GitHub about a name; NotVisible where it shows no such repository."""
    token = settings.tokens[0].get_secret_value() if settings.tokens else None
    client = GitHubClient(
        api_url=settings.github.api_url, graphql_url=settings.github.graphql, token=token,
        timeout_seconds=settings.github.timeout_seconds, wait_seconds=0,
    )  # fmt: skip

    def resolve(full_name: str) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(client.get(f"repos/{full_name}").body)
        client.drain()
        return found

    return resolve


if __name__ == "__main__":
    main()
