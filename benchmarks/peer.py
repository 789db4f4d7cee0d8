"""Other programs that read GitHub, each in an environment of its own, as its users run it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Measured

_HERE = Path(__file__).parent
_ENVIRONMENTS = _HERE / ".environments"
_TIMEOUT_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Peer:
    """``package`` is its name in the index; ``reader`` the module in ``peers/`` that drives it,
    with its pinned requirements beside it.
    """

    name: str
    package: str
    reader: str

    @property
    def python(self) -> Path:
        return _ENVIRONMENTS / self.reader / "bin" / "python"

    @property
    def script(self) -> Path:
        return _HERE / "peers" / f"{self.reader}.py"

    @property
    def requirements(self) -> Path:
        return self.script.with_suffix(".txt")

    @property
    def version(self) -> str:
        """As pinned."""
        for line in self.requirements.read_text("utf-8").splitlines():
            name, _, version = line.partition("==")
            if name.partition("[")[0] == self.package:
                return version.strip()
        raise LookupError(f"{self.requirements} does not pin {self.package}")


TAP_GITHUB = Peer("tap-github", "meltanolabs-tap-github", "tap_github_records")
AIRBYTE = Peer("airbyte-source-github", "airbyte-source-github", "airbyte_records")
PERCEVAL = Peer("perceval", "perceval", "perceval_records")
DLT = Peer("dlt", "dlt", "dlt_records")
PEERS = (TAP_GITHUB, AIRBYTE, PERCEVAL, DLT)


@dataclass(frozen=True, slots=True)
class Read:
    """``records`` counts what the peer has put into its sink, by thing."""

    measured: Measured
    records: Mapping[str, int]

    @property
    def records_per_second(self) -> float:
        return sum(self.records.values()) / self.measured.seconds


def read(
    peer: Peer, *, url: str, repository: str, sink: str = "", is_everything: bool = False
) -> Read:
    """What every peer can read, from the start of the peer's process to its end; ``is_everything``
    has dlt read every list that we read.

    ``sink`` is the URL of a database for those that can load one; without it, and where a peer has
    no loader, it writes a file. dlt always needs one.
    """
    install(peer)
    with tempfile.TemporaryDirectory() as home:
        measured = measure.run(
            [
                peer.python, peer.script, url, repository, sink,
                "everything" if is_everything else "",
            ],
            directory=Path(home), timeout_seconds=_TIMEOUT_SECONDS, env={"HOME": home},
        )  # fmt: skip
    records: dict[str, int] = json.loads(measured.output.splitlines()[-1])
    return Read(measured, records)


def install(peer: Peer) -> None:
    """Once, and again when its requirements have changed."""
    home = peer.python.parents[1]
    stamp = home / "requirements.txt"
    wanted = peer.requirements.read_text("utf-8")
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    print(f"installing {peer.name} {peer.version}", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    uv = _uv()
    _call([uv, "venv", "--quiet", "--python", sys.executable, str(home)])
    _call([
        uv, "pip", "install", "--quiet", "--python", str(peer.python),
        "--requirement", str(peer.requirements),
    ])  # fmt: skip
    stamp.write_text(wanted, "utf-8")


def _uv() -> str:
    own = _HERE.parent / ".uv" / "bin" / "uv"
    found = str(own) if own.is_file() else shutil.which("uv")
    if found is None:
        raise measure.Failed("uv is missing: run `make setup`")
    return found


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    if done.returncode != 0:
        raise measure.Failed(f"{' '.join(command[1:3])}: {done.stderr.strip()[-1_000:]}")
