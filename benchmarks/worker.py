"""Our own side of a comparison: a warehouse, and a worker process that extracts into it."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Measured
from gitinsight.runtime import postgres, state
from gitinsight.runtime.postgres import EmbeddedPostgres
from warehouse.engine import make_engine
from warehouse.migrate import migrate

_PACE = (
    "GITINSIGHT_GITHUB__REQUESTS_PER_MINUTE", "GITINSIGHT_GITHUB__QUERIES_PER_MINUTE",
    "GITINSIGHT_GITHUB__SECONDS_PER_MINUTE", "GITINSIGHT_GITHUB__GRAPHQL_SECONDS_PER_MINUTE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Extracted:
    """``seconds`` are those of the extract stage; ``peak_bytes`` those of the worker process, git
    beside it left out; ``rows`` is everything that was read, ``records`` what peers read too.
    """

    measured: Measured
    seconds: float
    peak_bytes: int
    rows: int
    records: Mapping[str, int]

    @property
    def records_per_second(self) -> float:
        """From the start of the process to its end, as for every peer."""
        return sum(self.records.values()) / self.measured.seconds


@dataclass(frozen=True, slots=True)
class Place:
    """An embedded PostgreSQL as `make run` has it, with files under ``directory``."""

    directory: Path
    server: EmbeddedPostgres

    def database(self, name: str) -> str:
        return self.server.ensure_database(name)

    def environment(self, replay_url: str, database: str) -> dict[str, str]:
        """What a worker is told: the recorded repositories are GitHub."""
        return {
            "GITINSIGHT_STATE_DIR": str(self.directory),
            "GITINSIGHT_WAREHOUSE__URL": self.database(database),
            "GITINSIGHT_GITHUB__API_URL": replay_url,
            "GITINSIGHT_GITHUB__CLONE_URL": replay_url + "/{owner}/{name}.git",
            "GITINSIGHT_GITHUB__TOKENS": "a-token",
            **dict.fromkeys(_PACE, "0"),  # what is measured is us, not how long we hold back
        }

    def extract(self, repository: str, *, url: str, database: str) -> Extracted:
        """A second time with the same database it is a poll. Tables are there before it begins."""
        engine = make_engine(self.database(database), process="bench")
        migrate(engine)
        engine.dispose()
        measured = measure.run(
            [sys.executable, "-m", "benchmarks.extraction", repository],
            env=self.environment(url, database), directory=Path(__file__).parents[1],
            timeout_seconds=7_200,
        )  # fmt: skip
        said = measured.last_line
        return Extracted(
            measured, said["seconds"], said["peak_bytes"], said["rows"], said["records"]
        )


@contextmanager
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="gitinsight-bench-") as name:
        home = Path(name)
        home.chmod(0o711)  # PostgreSQL may have to run as somebody else
        state.prepare(home)
        with postgres.running(home, port=0) as server:
            yield Place(home, server)
