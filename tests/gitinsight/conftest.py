"""GitHubs: one that says what a test tells it to, and the made-up one to be read by many tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitinsight.simulator import serve
from gitinsight.simulator.serve import Simulated
from tests.support.upstream import Reply, Upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Answers an empty list until its ``replies`` are set."""
    with Upstream(Reply()) as server:
        yield server


@pytest.fixture(scope="session")
def git_dir(_repositories: Path) -> Path:
    """The repositories of the made-up organisation, not to be changed."""
    return _repositories


@pytest.fixture(scope="module")
def simulated(git_dir: Path) -> Iterator[Simulated]:
    """The made-up GitHub of one module, not to be changed."""
    with serve.serving(git_dir=git_dir) as served:
        yield served
