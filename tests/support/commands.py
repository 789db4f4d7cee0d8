"""The command line as a user runs it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping

from gitinsight.settings import Settings, as_environment
from tests.support.checkout import ROOT

_TIMEOUT_SECONDS = 120


def variables(settings: Settings, **changed: str) -> dict[str, str]:
    """The environment of a process that is told these settings, and those that are changed."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("GITINSIGHT_", "GITHUB_", "GH_", "PYTHONDONTWRITE"))
    }  # fmt: skip
    told = {**kept, **as_environment(settings), "PYTHONPATH": str(ROOT), "COLUMNS": "140"}
    return {name: value for name, value in (told | changed).items() if value}


def gitinsight(
    environment: Mapping[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run to its end; both streams as text."""
    return subprocess.run(
        command(*arguments), env=dict(environment), capture_output=True, text=True, check=False,
        timeout=_TIMEOUT_SECONDS,
    )  # fmt: skip


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flows.cli", *arguments]
