"""The server of agents as it is made; what it answers is tested over HTTP."""

import logging

from api import agent_server
from api.app import create_app
from gitinsight.settings import Settings


def test_the_log_of_the_process_stays_as_it_is() -> None:
    settings = Settings()
    app = create_app(settings, warehouse_url="postgresql://nobody@127.0.0.1:1/none", admin_key=None)
    root = logging.getLogger()
    held, root.handlers[:] = root.handlers[:], []
    try:
        agent_server.make(app.state, settings.api, path="/mcp")
        found = root.handlers[:]
    finally:
        root.handlers[:] = held

    assert found == []
