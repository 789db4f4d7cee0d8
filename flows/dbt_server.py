"""dbt that stays loaded: a process that has read the project, and forks for each build.

Starting dbt and reading the project takes longer than building most repositories. The worker keeps
one server, which its jobs find by ``ADDRESS``; whoever has none starts one of his own, which ends
with him. A build is a process by itself: its memory goes when it is done, and it ends when whoever
asked for it hangs up.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NoReturn

from gitinsight.errors import BrokenEnvironment

_INSTALLED = Path(__file__).parent / "dbt_project"
PROJECT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "dbt"
"""The dbt project: in a wheel beside the flows, in a checkout at its top."""
ADDRESS = "DBT_SERVER_SOCKET"
"""The variable that says where the server of a worker listens; it is no setting of anybody."""
_DATABASE, _PREFIX = "GITINSIGHT_DBT_DATABASE", "GITINSIGHT_DBT_SCHEMA_PREFIX"
_QUIET = ("-W", "ignore::UserWarning:multiprocessing.resource_tracker")
"""Builds end without a word to the tracker, which the system does not need to take locks back."""
_OWNER = 0  # the standard input: a pipe that its owner holds open

Event = Mapping[str, Any]
Result = dict[str, Any]


class DbtServer:
    """A server that ends when this process does, however that ends."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="gitinsight-dbt-", ignore_cleanup_errors=True)
        self.address = str(Path(self._directory.name, "socket"))
        listener = socket.socket(socket.AF_UNIX)
        with listener:
            # Whoever asks before dbt is loaded waits, and is not refused.
            listener.bind(self.address)
            listener.listen()
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                [
                    sys.executable, *_QUIET, "-m", "flows.dbt_server", str(listener.fileno()),
                ],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
                pass_fds=[listener.fileno()],
            )  # fmt: skip

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """Builds that run go on."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        self._directory.cleanup()


class _Own:
    """The server of this process, where nobody has said that there is another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: DbtServer | None = None

    def address(self) -> str:
        with self._lock:
            if self._server is None or not self._server.is_running:
                self._server = DbtServer()
            return self._server.address


_own = _Own()


def run(
    arguments: Sequence[str], environment: Mapping[str, str], *, project: Path, target: Path,
    tell: Callable[[Event], None],
) -> list[Result]:  # fmt: skip
    """Run a command of dbt over the project, with what dbt keeps in ``target``; what came of each
    node. ``tell`` hears of each model that is done: its ``name``, ``index`` and ``total``.
    BrokenEnvironment where dbt itself fails.
    """
    target.mkdir(parents=True, exist_ok=True)
    words = [
        # That parser has threads of its own, which are not there after a fork.
        "--no-static-parser", "--log-level", "none", "--log-level-file", "info",
        "--log-path", str(target), "--no-use-colors", "--no-write-json", *arguments,
        "--project-dir", str(project), "--profiles-dir", str(project),
        "--target-path", str(target),
    ]  # fmt: skip
    order = {"arguments": words, "environment": dict(environment), "project": str(project)}
    with _connect() as connection, connection.makefile("rw", encoding="utf-8") as stream:
        stream.write(json.dumps(order) + "\n")
        stream.flush()
        for line in stream:
            said = json.loads(line)
            if "results" in said:
                results: list[Result] = said["results"]
                return results
            if "error" in said:
                raise BrokenEnvironment(f"dbt failed: {said['error']}", f"see {target}/dbt.log")
            tell(said)
    raise BrokenEnvironment("dbt ended before it was done", f"see {target}/dbt.log")


def _connect() -> socket.socket:
    """To the server of the worker; where that is gone, to one of our own."""
    for address in (os.environ.get(ADDRESS), None):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(address or _own.address())
        except OSError:
            connection.close()
            if address is None:
                raise
        else:
            return connection
    raise AssertionError  # the last address is our own


class _Project:
    """A project as dbt has read it, read again when a file of it has changed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._seen: tuple[int, float] | None = None
        self._manifest: Any = None

    def manifest(self) -> Any:
        """None where it cannot be read: the build that asks for it says why."""
        files = [one.stat().st_mtime for one in self.directory.rglob("*") if one.is_file()]
        seen = (len(files), max(files, default=0.0))
        if seen != self._seen:
            self._seen, self._manifest = seen, _parse(self.directory)
        return self._manifest


def _parse(directory: Path) -> Any:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - clients of the server do not load dbt

    with TemporaryDirectory() as scratch:
        return (
            dbtRunner()
            .invoke(
                [
                    "--log-level", "none", "--log-level-file", "none", "--log-path", scratch,
                    "parse", "--project-dir", str(directory), "--profiles-dir", str(directory),
                    "--target-path", scratch,
                ]
            )
            .result
        )  # fmt: skip


def _serve(listener: socket.socket, project: _Project) -> None:
    """Until the owner is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a build
    project.manifest()
    while True:
        ready, _, _ = select.select([listener, _OWNER], [], [])
        if _OWNER in ready:
            return
        connection, _ = listener.accept()
        with connection:
            manifest = project.manifest()
            if os.fork() == 0:
                listener.close()
                _answer(connection, project.directory, manifest)


def _answer(connection: socket.socket, directory: Path, manifest: Any) -> NoReturn:
    """The life of a build."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        with connection.makefile("rw", encoding="utf-8") as stream:
            order = json.loads(stream.readline())
            os.environ.clear()
            os.environ.update(order["environment"])
            threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
            is_ours = Path(order["project"]) == directory and not os.environ.get(_PREFIX)
            _build(order["arguments"], manifest if is_ours else None, stream)
    except Exception:  # noqa: BLE001 - the edge of a process: whoever asked hears that it ended
        traceback.print_exc()
    finally:
        os._exit(0)  # nothing of the server's is this process's to clean up


def _end_with(connection: socket.socket) -> None:
    """When whoever asked hangs up, nobody wants what is being built."""
    if not connection.recv(1):
        os._exit(1)


def _build(arguments: list[str], manifest: Any, stream: IO[str]) -> None:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - the server has loaded it

    def say(**words: Any) -> None:
        stream.write(json.dumps(words) + "\n")
        stream.flush()

    def hear(event: Any) -> None:
        if event.info.name == "LogModelResult":
            facts = event.data
            say(name=facts.node_info.node_name, index=facts.index, total=facts.total)

    if manifest is not None:
        _move(manifest, os.environ[_DATABASE])
    done = dbtRunner(manifest, [hear]).invoke(arguments)
    found: Any = done.result
    if found is None:
        say(error=str(done.exception).strip())
    else:
        say(results=[_result(one) for one in found.results])


def _move(manifest: Any, database: str) -> None:
    """Every relation to another database than the one whose name dbt found when it read them."""
    for one in (*manifest.nodes.values(), *manifest.sources.values()):
        if one.relation_name:
            one.relation_name = one.relation_name.replace(f'"{one.database}"', f'"{database}"', 1)
        one.database = database


def _result(one: Any) -> Result:
    return {
        "unique_id": one.node.unique_id,
        "name": one.node.name,
        "resource_type": str(one.node.resource_type),
        "subject": (getattr(one.node, "attached_node", None) or one.node.unique_id),
        "severity": str(getattr(one.node.config, "severity", "error")).lower(),
        "status": str(one.status),
        "failures": one.failures,
        "message": one.message,
        "seconds": one.execution_time,
    }


def main(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as listener:
        place = Path(listener.getsockname())
        _serve(listener, _Project(PROJECT))
    place.unlink(missing_ok=True)  # an owner that was killed cleans up nothing
    with suppress(OSError):
        place.parent.rmdir()


if __name__ == "__main__":
    main(int(sys.argv[1]))
