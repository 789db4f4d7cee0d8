"""How old the figures of each repository are, beside how old they may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Freshness:
    """``as_of`` and ``seconds``, since the instant that the figures describe, are null until there
    are figures.
    """

    repository_id: int
    full_name: str
    as_of: datetime | None
    seconds: float | None
    target_seconds: float

    @property
    def is_fresh(self) -> bool | None:
        return None if self.seconds is None else self.seconds <= self.target_seconds


def several(
    connection: Connection, *, now: datetime, fresh_for: timedelta,
    repository_ids: Sequence[int] | None = None,
) -> list[Freshness]:  # fmt: skip
    """Of these, else of all that GitHub shows: what is overdue by most first, what has no figures
    last. ``fresh_for`` is how old figures may be where a repository says nothing else.
    """
    cursor = driver(connection).cursor(row_factory=class_row(Freshness))
    return cursor.execute(
        """
        select r.repository_id, r.full_name, p.as_of,
            extract(epoch from %(now)s - p.as_of)::float8 as seconds,
            coalesce(r.fresh_hours * 3600, %(target)s)::float8 as target_seconds
        from ops.repositories as r left join ops.publications as p using (repository_id)
        where case
            when %(ids)s::bigint[] is null then r.state = 'active'
            else r.repository_id = any(%(ids)s)
        end
        order by extract(epoch from %(now)s - p.as_of) - coalesce(r.fresh_hours * 3600, %(target)s)
            desc nulls last, r.repository_id
        """,
        {
            "now": now, "target": fresh_for.total_seconds(),
            "ids": None if repository_ids is None else list(repository_ids),
        },
    ).fetchall()  # fmt: skip
