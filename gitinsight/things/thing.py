"""What a thing is: one kind of record that GitHub or git holds, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reading(StrEnum):
    """The ways to read a list from GitHub; each is one function of the extraction engine."""

    OBJECT = "object"
    """One object of its own, asked for with its ETag."""
    SINCE = "since"
    """A list in ascending order of update, read from a watermark on."""
    WHOLE = "whole"
    """A short list read completely; what a complete answer no longer shows is deleted upstream."""
    NEWEST = "newest"
    """An append-only list read from its newest entry back to the newest one already held."""
    HYDRATED = "hydrated"
    """Read by GraphQL for the records that a list showed as changed."""
    EMBEDDED = "embedded"
    """Comes inside other records and costs nothing."""
    COUNTED = "counted"
    """Only its total is kept, for the completeness ledger."""
    GIT = "git"
    """Read from the git remote."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A declaration; the engine does the rest.

    ``path`` is the REST list below ``/repos/{owner}/{name}``; ``envelope`` the key that holds the
    list where GitHub wraps it; ``catalogue`` marks a short list that an unchanged repository is
    asked for in turns, one of them per run, so that a quiet run stays within five requests.
    """

    name: str
    reading: Reading
    path: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    page_size: int = 100
    envelope: str | None = None
    query: str | None = None
    catalogue: bool = False

    @property
    def table(self) -> str:
        return f"git_{self.name}" if self.reading is Reading.GIT else f"github_{self.name}"

    @property
    def has_table(self) -> bool:
        return self.reading is not Reading.COUNTED
