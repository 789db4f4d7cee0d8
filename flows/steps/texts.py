"""Who reads what people have written in a repository: an analysis, or whoever does it for all."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gitinsight import clock, logs
from gitinsight.ai_settings import EmbeddingsSettings, SentimentSettings
from warehouse.engine import Connection, Engine
from warehouse.repositories import Repository

_LOG = logs.get(__name__)


class TextReader(Protocol):
    """What reading texts needs; ``flows.steps.run.Run`` is one."""

    warehouse: Engine
    repository: Repository
    state_dir: Path
    embeddings: EmbeddingsSettings
    sentiment: SentimentSettings
    stage: str

    def clock(self) -> datetime: ...

    def announce(
        self, stage: str, *, message: str | None = None, resource: str | None = None,
        done: int | None = None,
    ) -> None: ...  # fmt: skip

    def hold(self, connection: Connection) -> None: ...


@dataclass(slots=True)
class Freelance:
    """A reader without a job. Whatever an analysis reads meanwhile of the same texts is the same,
    and the later one of two writes it down.
    """

    warehouse: Engine
    repository: Repository
    state_dir: Path
    embeddings: EmbeddingsSettings
    sentiment: SentimentSettings
    stage: str = "texts"

    def clock(self) -> datetime:
        return clock.now()

    def announce(self, stage: str, **told: Any) -> None:
        _LOG.info("texts_read", stage=stage, repository=self.repository.full_name, **told)

    def hold(self, connection: Connection) -> None:
        """There is nothing that could be taken from it."""
