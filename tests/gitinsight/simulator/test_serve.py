"""The simulated GitHub as a server."""

import socket
from pathlib import Path

import httpx2
import pytest

from gitinsight.runtime.process import free_port
from gitinsight.simulator import serve


def test_it_answers_where_it_is_asked_to_until_the_block_ends(git_dir: Path) -> None:
    port = free_port(0)

    with serve.serving(port=port, git_dir=git_dir) as served:
        assert served.url == f"http://127.0.0.1:{port}"
        assert served.clone_url == f"http://127.0.0.1:{port}/{{owner}}/{{name}}.git"
        shown = httpx2.get(f"{served.url}/repos/synthetic-labs/aurora").json()
        assert shown["id"] == served.simulator.organisation.repositories["aurora"].id

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{served.url}/repos/synthetic-labs/aurora")


def test_another_port_is_taken_where_the_wanted_one_is_in_use(git_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with serve.serving(port=port, git_dir=git_dir) as served:
            assert not served.url.endswith(f":{port}")
