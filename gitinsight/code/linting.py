"""Asks ruff, where it is installed, what it finds in texts of Python: a process of its own, which
is bounded in time and memory and runs none of them.
"""

import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gitinsight.errors import TooHard
from gitinsight.runtime.process import dies_with_parent

RULES = ("B", "E9", "F", "PERF", "PLE", "PLR", "PLW", "S", "SIM")
"""S are those of bandit."""
PASSED_OVER = (
    # Sizes of functions and secrets: they are looked for in every language alike.
    "PLR0911", "PLR0912", "PLR0913", "PLR0914", "PLR0915", "PLR0916", "PLR0917", "PLR1702", "S105",
    "S106", "S107",
    "PLR2004",  # numbers without a name
)  # fmt: skip
MISSING = "ruff is not installed, so that Python has no findings of it: pip install gitinsight[ai]"
_MEMORY_BYTES = 2 * 2**30
_CPU_SECONDS = 60
_TARGET = "py311"
_END = dies_with_parent(signal.SIGKILL)

Said = list[dict[str, Any]]


@cache
def engine() -> str | None:
    """The linter and its version; null where there is none."""
    try:
        return f"ruff {version('ruff')}" if _program() else None
    except PackageNotFoundError:
        return None


def lint(texts: Sequence[str], *, seconds: float) -> list[Said]:
    """Text by text, what ruff says of it as JSON. No setting of anybody's changes it. TooHard
    where it takes too long or too much.
    """
    program = _program()
    if program is None or not texts:
        return [[] for _ in texts]
    with TemporaryDirectory(prefix="gitinsight-lint-") as directory:
        for number, text in enumerate(texts):
            path = Path(directory, f"{number}.py")
            path.write_text(text, "utf-8", "replace", newline="")
        command = [
            program, "check", "--isolated", "--no-cache", "--quiet", "--exit-zero",
            "--output-format=json", f"--target-version={_TARGET}", f"--select={','.join(RULES)}",
            f"--ignore={','.join(PASSED_OVER)}", "--no-respect-gitignore", ".",
        ]  # fmt: skip
        said: list[Said] = [[] for _ in texts]
        for one in json.loads(_run(command, directory, seconds)):
            said[int(Path(one["filename"]).stem)].append(one)
    return said


def _run(command: Sequence[str], directory: str, seconds: float) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            command, cwd=directory, env={"RAYON_NUM_THREADS": "1"}, capture_output=True,
            timeout=seconds, check=False, stdin=subprocess.DEVNULL,
            preexec_fn=_bounds(),
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TooHard("ruff", f"more than {seconds:g} s") from error
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason"]
        raise TooHard("ruff", complaint[-1])
    return done.stdout


def _bounds() -> Callable[[], None]:
    def bound() -> None:
        if sys.platform == "linux":  # others know no such limit, or refuse it
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        if _END is not None:
            _END()

    return bound


@cache
def _program() -> str | None:
    beside = Path(sys.executable).parent
    return shutil.which("ruff", path=str(beside)) or shutil.which("ruff")
