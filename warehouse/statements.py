"""What is said of a stranger's statement. Whoever does not read one loads no parser."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gitinsight.errors import GitInsightError

MAX_CHARACTERS = 20_000


class QueryFailed(GitInsightError):
    """``at`` is the line and the column of what is wrong, where that is known."""

    http_status = 422

    def __init__(self, reason: str, at: tuple[int, int] | None = None) -> None:
        super().__init__(reason, at)
        self.reason = reason
        self.at = at

    def __str__(self) -> str:
        where = f" (line {self.at[0]}, column {self.at[1]})" if self.at else ""
        return f"the query failed: {self.reason}{where}"


class StatementRefused(QueryFailed):
    """A statement that is not run."""


class StatementTooCostly(QueryFailed):
    """It takes longer than it may, or would."""


class AnswerTooLarge(QueryFailed):
    pass


Known = Mapping[str, Mapping[str, Collection[str]]]
"""The columns of each table of each schema that may be read; what names no schema is looked for in
the first one first.
"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """``statement`` is what may run, and says of each table in which schema it is; ``tables`` are
    those that it reads, each with those of its columns that the statement has a word for.
    """

    statement: str
    tables: Mapping[tuple[str, str], tuple[str, ...]]
