"""What a merge of identities would change: every metric of the repositories that it concerns, as it
is shown and as it would be, made by the same models from what is held.
"""

import re
from dataclasses import dataclass
from typing import Any

from flows import past as earlier
from gitinsight import clock
from gitinsight.metrics import catalogue
from gitinsight.settings import Settings
from warehouse import analyst, identities, past, repositories
from warehouse.engine import Engine

_SCHEMA = re.compile(r"\b(marts|insights)\.")
_THEN = {"marts": past.MARTS, "insights": past.INSIGHTS}
_Values = dict[int, float | None]
"""By repository."""


@dataclass(frozen=True, slots=True)
class Move:
    """Null is a value that is not known."""

    metric: str
    repository: str
    before: float | None
    after: float | None
    repository_id: int


def moves(settings: Settings, engine: Engine, alias: str, person: str) -> list[Move]:
    """By metric, then by repository; raises what ``identities.check`` does."""
    with engine.begin() as connection:
        alias, person = identities.check(connection, alias, person)
        concerned = identities.concerned(connection, [alias])
        names = {
            one: repositories.by_id(connection, one).full_name for one in concerned
        }  # fmt: skip
    if not concerned:
        return []
    with earlier.figures(
        settings, engine, clock.now(), repository_ids=concerned, if_merged=(alias, person),
        with_insights=True,
    ):  # fmt: skip
        return [
            Move(metric.definition, names[one], before.get(one), after.get(one), one)
            for metric in catalogue.metrics().values()
            for before, after in [_beside(engine, metric)]
            for one in concerned
            if before.get(one) != after.get(one)
        ]


def _beside(engine: Engine, metric: catalogue.Metric) -> tuple[_Values, _Values]:
    """As it is shown, and as it would be."""
    formula = _SCHEMA.sub(lambda found: f"{_THEN[found[1]]}.", metric.formula)
    with engine.connect() as connection:
        return (
            _by_repository(analyst.select(connection, metric.formula)),
            _by_repository(analyst.select(connection, formula, is_past=True)),
        )


def _by_repository(rows: list[dict[str, Any]]) -> _Values:
    return {
        row["repository_id"]: None if row["value"] is None else float(row["value"]) for row in rows
    }
