"""The state directory: the one place on disk where the product keeps anything."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gitinsight import vault
from gitinsight.errors import BrokenEnvironment

_NEEDED_BYTES = 500 * 2**20


def prepare(state_dir: Path, *, needed_bytes: int = _NEEDED_BYTES) -> None:
    """Make it, and make sure of it before anything starts; BrokenEnvironment says what to do."""
    hint = (
        "give it 500 MB that you may write to, or set GITINSIGHT_STATE_DIR to another directory,"
        " which holds nothing yet"
    )
    try:
        state_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        probe = state_dir / ".probe"
        probe.write_bytes(b"x")
        probe.unlink(missing_ok=True)
        for name in ("logs", "run", "mirrors"):
            (state_dir / name).mkdir(exist_ok=True)
        free = shutil.disk_usage(state_dir).free
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BrokenEnvironment(
            f"the state directory {state_dir} cannot be written: {reason}", hint
        ) from error
    if free < needed_bytes:
        problem = f"the disk of the state directory {state_dir} is full: {free >> 20} MB free"
        raise BrokenEnvironment(problem, hint)


def write_whole(path: Path, body: bytes) -> None:
    """Whole or not at all: who reads it meanwhile has what was there before."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        part = Path(file.name)
        try:
            file.write(body)
            file.flush()
            part.replace(path)
        except OSError:
            part.unlink()
            raise


def secret(path: Path, make: Callable[[], str] | None = None) -> str:
    """What the file holds; a new one, readable by the owner alone, where there is none."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        pass
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(make() if make else secrets.token_urlsafe(24))
        # Written whole under another name: nobody ever reads half a secret, or none.
        with suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        Path(part).unlink()
    return path.read_text("ascii").strip()


def admin_key(state_dir: Path) -> str:
    """The key that writes need in ``local`` mode; the command line uses it by itself."""
    return secret(state_dir / "admin.key")


def encryption_key(state_dir: Path) -> str:
    """What seals the secrets in the warehouse where the settings name no key."""
    return secret(state_dir / "encryption.key", vault.new_key)
