"""What a thing is: one kind of record that GitHub or git holds, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reading(StrEnum):
    """The ways to read a thing; each is one function of the extraction engine."""

    OBJECT = "object"
    """One object of its own, asked for with its ETag."""
    SINCE = "since"
    """A list in ascending order of update, read from a watermark on."""
    WHOLE = "whole"
    """A short list read completely; what a complete answer no longer shows is deleted upstream."""
    NEWEST = "newest"
    """A list read from its newest entry back to the newest one already held."""
    WINDOWED = "windowed"
    """A list that shows a thousand records at most, and so is asked for by windows of creation."""
    PER_PARENT = "per parent"
    """A short list for each record of another thing that has changed."""
    CONNECTION = "connection"
    """A connection of the repository in GraphQL, read from its newest back to what is held."""
    HYDRATED = "hydrated"
    """Read by GraphQL for the records that a list showed as changed."""
    EMBEDDED = "embedded"
    """Comes inside other records and costs nothing, but for what does not fit into them."""
    GIT = "git"
    """Read from the git remote."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A declaration; the engine does the rest.

    ``path`` is the REST list below ``/repos/{owner}/{name}``, with ``{id}`` of the parent's record
    where there is one; ``envelope`` the key that holds the list where GitHub wraps it. ``query`` is
    the GraphQL query that reads it, ``connection`` what it is called there. ``parent`` is the thing
    whose records it comes with.

    ``key`` leads to what identifies a record: GitHub's own number, or, where GitHub gives none, a
    text that is unique within the parent. ``number`` leads to the number of the issue or
    pull request that it is about, or to a URL that ends in it. ``total`` is the connection of
    the repository whose ``totalCount`` counts it; ``counter`` the field of the parent that counts
    it a second time; ``most`` how many GitHub shows of one parent. ``copies`` are fields that
    repeat another record whole: of each is kept which one it is.

    ``catalogue`` marks what an unchanged repository is asked for in turns, one of them per run, so
    that a quiet run stays within six requests; ``moves_alone`` what begins and ends while nothing
    else of a repository changes, and has no turn: each run asks for it. ``is_optional`` is what not
    every GitHub offers.
    """

    name: str
    reading: Reading
    path: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    page_size: int = 100
    envelope: str | None = None
    query: str = ""
    connection: str = ""
    parent: str = ""
    key: str = "id"
    number: str = ""
    total: str = ""
    counter: str = ""
    most: int | None = None
    copies: tuple[str, ...] = ()
    catalogue: bool = False
    moves_alone: bool = False
    is_optional: bool = False

    @property
    def list_key(self) -> str:
        """What identifies a record in the REST list; ``key`` is GraphQL's where that reads it."""
        return "id" if self.query else self.key

    @property
    def table(self) -> str:
        return f"git_{self.name}" if self.reading is Reading.GIT else f"github_{self.name}"
