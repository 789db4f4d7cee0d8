"""What goes wrong in one storm, drawn from its seed alone: faults, changes, kills, restarts."""

import random
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["change", "kill", "restart"]
_RARE = ("convert_issue", "delete_comment")
SLOW = frozenset(
    {
        *_RARE, "new_deployment", "new_deployment_status", "new_discussion",
        "new_discussion_comment",
    }
)  # fmt: skip
"""Changes that show in nothing a poll asks for: the next walk or the weekly sweep finds them."""
SOON = (
    "new_issue", "edit_issue", "close_issue", "reopen_issue", "delete_issue", "transfer_issue",
    "new_comment", "edit_comment", "rename_label", "merge_pull_request", "new_review", "new_star",
    "new_run", "finish_run", "new_deployment", "new_deployment_status", "new_discussion",
    "new_discussion_comment", "new_release", "new_commit", "force_push", "move_tag", "delete_tag",
)  # fmt: skip
_SECONDARY = (
    {"secondary_retry_after": "seconds", "secondary_seconds": 1},
    {"secondary_retry_after": "seconds", "secondary_seconds": 60},
    {"secondary_retry_after": "date", "secondary_seconds": 2, "secondary_status": 429},
    {"secondary_retry_after": "none", "secondary_seconds": 60},
)


@dataclass(frozen=True, slots=True)
class Event:
    """It happens when GitHub has been asked ``after`` times since the squall began."""

    after: int
    action: Action
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Squall:
    faults: dict[str, Any]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Storm:
    """``begins_calm``: everything has been read once before it."""

    seed: int
    begins_calm: bool
    secondary: dict[str, Any]
    squalls: list[Squall] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> "Storm":
        chance = random.Random(f"storm {seed}")  # noqa: S311 - reproducible, not secret
        begins_calm = chance.random() < 0.5
        storm = cls(seed, begins_calm, chance.choice(_SECONDARY))
        restarts = chance.randrange(4)  # which of the squalls, if there are so many
        for place in range(chance.randint(2, 4)):
            storm.squalls.append(_squall(chance, storm, restarts=place == restarts))
        return storm

    @property
    def operations(self) -> set[str]:
        return {event.operation for squall in self.squalls for event in squall.events} - {""}


def _squall(chance: random.Random, storm: Storm, *, restarts: bool) -> Squall:
    drawn = chance.sample(_faults(chance, storm), chance.randint(1, 3))
    faults = {name: value for several in drawn for name, value in several.items()}
    events = [
        Event(chance.randint(0, 40), "change", _operation(chance))
        for _ in range(chance.randint(1, 6))
    ]
    if chance.random() < 0.7:
        events.append(Event(chance.randint(3, 45), "kill"))
    if restarts:
        events.append(Event(chance.randint(3, 45), "restart"))
    return Squall(faults, sorted(events, key=lambda one: one.after))


def _operation(chance: random.Random) -> str:
    return chance.choice(_RARE) if chance.random() < 0.1 else chance.choice(SOON)


def _faults(chance: random.Random, storm: Storm) -> list[dict[str, Any]]:
    return [
        {"error_rate": chance.uniform(0.05, 0.2)},
        {"reset_rate": chance.uniform(0.05, 0.2)},
        {"truncate_rate": chance.uniform(0.05, 0.2)},
        {"html_rate": chance.uniform(0.05, 0.2), "html_status": chance.choice((200, 502))},
        {"empty_rate": chance.uniform(0.05, 0.15)},
        {"gzip_rate": chance.uniform(0.05, 0.15)},
        {"hang_rate": chance.uniform(0.02, 0.05), "hang_seconds": 5.0},
        {"secondary_every": chance.randint(4, 15), **storm.secondary},
        {"revoke_after": chance.randint(8, 30)},
        {"stale": True},
        {"graphql_heavy_nodes": chance.randint(60, 2_000)},
        {"graphql_partial_nodes": chance.randint(5, 20)},
        {"graphql_null_rate": chance.uniform(0.1, 0.3)},
        {"page_cap": chance.randint(1, 2)},
        {"clock_skew": chance.uniform(-300, 300)},
    ]
