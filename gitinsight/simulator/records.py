"""What the made-up organisation is made of: repositories, and records as GitHub's REST API shapes
them.

A record lacks the fields that name a host; those are added when it is served.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ORGANISATION = "synthetic-labs"
ORGANISATION_ID = 8_999_999
LABEL = "Synthetic data made by `gitinsight simulate`; nobody in it exists."

Record = dict[str, Any]
_YEAR_OF = 120
"""So many conversations fill the time that there is."""


@dataclass(slots=True)
class Repository:
    id: int
    name: str
    created_at: datetime
    issues: dict[int, Record] = field(default_factory=dict)
    pulls: dict[int, Record] = field(default_factory=dict)
    comments: list[Record] = field(default_factory=list)
    reviews: list[Record] = field(default_factory=list)
    review_comments: list[Record] = field(default_factory=list)
    events: list[Record] = field(default_factory=list)
    labels: list[Record] = field(default_factory=list)
    milestones: list[Record] = field(default_factory=list)
    releases: list[Record] = field(default_factory=list)
    forks: list[Record] = field(default_factory=list)
    runs: list[Record] = field(default_factory=list)
    jobs: list[Record] = field(default_factory=list)
    deployments: list[Record] = field(default_factory=list)
    discussions: dict[int, Record] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """When each of them was given, oldest first; nobody is named, as GitHub names nobody."""
    languages: dict[str, int] = field(default_factory=dict)
    topics: list[str] = field(default_factory=lambda: ["synthetic"])
    deleted: set[int] = field(default_factory=set)
    transferred: dict[int, tuple["Repository", int]] = field(default_factory=dict)
    converted: dict[int, int] = field(default_factory=dict)
    """Number of the issue that was, number of the discussion that it became."""
    previous: dict[int, Record] = field(default_factory=dict)
    """Issues as they were before their latest change: what a replica that lags behind shows."""
    sound: dict[int, Record] = field(default_factory=dict)
    """Issues as they were before they were made hostile."""
    commits_wanted: int = 0

    @property
    def full_name(self) -> str:
        return f"{ORGANISATION}/{self.name}"

    @property
    def next_number(self) -> int:
        """Issues, pull requests and discussions share one sequence; no number is given twice."""
        gone = (self.deleted, self.transferred, self.converted)
        used = (self.issues, self.discussions, *gone)
        return max((number for numbers in used for number in numbers), default=0) + 1


def crowding(size: int) -> float:
    """How much closer to each other things happen where there are more than have time."""
    return min(1.0, _YEAR_OF / size) if size else 1.0


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def touch(record: Record, at: datetime) -> None:
    record["updated_at"] = max(record["updated_at"], iso(at))
