"""Simulated GitHubs to be changed by the tests of one module, and clients of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gitinsight.simulator import serve
from tests.support.github import GitHub


@pytest.fixture(scope="module")
def panel(git_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """Of one module: each test undoes what it sets, and builds on no data of another."""
    own = tmp_path_factory.mktemp("own") / "git"
    shutil.copytree(git_dir, own)
    with serve.serving(git_dir=own) as served, GitHub(served.url) as github:
        yield github


@pytest.fixture
def caller(panel: GitHub) -> Iterator[httpx2.Client]:
    """With a token, on a GitHub that is calm before and after."""
    headers = {"authorization": "Bearer t"}
    panel.control(calm=True)
    with httpx2.Client(base_url=panel.url, headers=headers, timeout=10) as client:
        yield client
    panel.control(calm=True)
