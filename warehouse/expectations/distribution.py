"""What things are like: shares of unknown values, of ghosts and of bots, hours of the day, and the
past, in the figures that were made beside those that are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from warehouse.engine import Connection, driver
from warehouse.expectations.measure import Measure, columns
from warehouse.schemas import NOW, Schemas

_RATIO = 0.25
"""How far a share may move from one publication to the next."""
_LEAST_ROWS = 50
"""Fewer rows than these say nothing about a share."""
_UNKNOWN: Mapping[str, Sequence[str]] = {
    "issue_responsiveness": ("closed_at", "first_response_at"),
    "pull_request_cycle_time": ("merged_at", "first_response_at", "size_class"),
    "contributor": ("login", "first_at"),
}
_CLASSED = ("issue_responsiveness", "pull_request_cycle_time")
"""Marts whose authors have a class: when many more are `ghost` at once, logins were lost."""
_BY_HUMANS = (
    "commits", "issues_opened", "pull_requests_opened", "issue_comments", "reviews",
    "review_comments",
)  # fmt: skip
"""What is counted of all and of humans alone: when that moves, accounts are classed otherwise."""
_HOURS: Mapping[str, tuple[str, str, str]] = {
    "issue_responsiveness": ("created_at", "extract(hour from {})", "1"),
    "pull_request_cycle_time": ("created_at", "extract(hour from {})", "1"),
    "work_pattern": ("hour_of_day", "{}", "commits_human_count"),
}
"""Mart -> its column, the hour of the day in that, and how many a row stands for."""
_SETTLED_DAYS = 30
_REWRITTEN_RATIO = 0.05
_HISTORY = (
    "commits_count", "issues_opened_count", "issues_closed_count", "pull_requests_opened_count",
    "pull_requests_merged_count", "issue_comments_count", "reviews_count",
    "review_comments_count",
)  # fmt: skip
"""Of days that are long past: what happened then does not change, but for what is deleted."""

_Columns = Mapping[str, Mapping[str, set[str]]]
"""Schema -> table -> its columns."""


@dataclass(frozen=True, slots=True)
class _Share:
    """How many of how many, both as SQL over ``column``."""

    column: str
    part: str
    whole: str
    what: str


def run(connection: Connection, repository_id: int, schemas: Schemas = NOW) -> Iterator[Measure]:
    known = {
        schema: columns(connection, schemas.named(schema)) for schema in ("marts", "candidate")
    }
    yield from _drift(connection, repository_id, known, schemas)
    yield from _hours(connection, repository_id, known, schemas)
    yield from _history(connection, repository_id, known, schemas)


def _drift(
    connection: Connection, repository_id: int, known: _Columns, schemas: Schemas
) -> Iterator[Measure]:
    for mart, shares in _shares():
        before, after = (
            _ratios(connection, schemas.table(schema, mart), repository_id, [
                share for share in shares if share.column in known[schema].get(mart, ())
            ])
            for schema in ("marts", "candidate")
        )  # fmt: skip
        for share in shares:
            if share.column in before and share.column in after:
                was, is_now = before[share.column], after[share.column]
                moved = abs(is_now - was)
                yield Measure(
                    f"drift:{mart}.{share.column}", f"candidate.{mart}", "warn", -moved, -_RATIO,
                    f"{is_now:.0%} {share.what}, {was:.0%} before",
                    f"moved by {_RATIO:.0%} at most",
                )  # fmt: skip


def _shares() -> Iterator[tuple[str, Sequence[_Share]]]:
    for mart, names in _UNKNOWN.items():
        shares = [
            _Share(name, "count(*) filter (where {} is null)", "count(*)", "unknown")
            for name in names
        ]
        if mart in _CLASSED:
            ghosts = "count(*) filter (where {} = 'ghost')"
            shares.append(_Share("author_class", ghosts, "count(*)", "ghosts"))
        yield mart, shares
    yield (
        "daily_activity",
        [
            _Share(f"{name}_human_count", "sum({})", f"sum({name}_count)", "by humans")
            for name in _BY_HUMANS
        ],
    )


def _ratios(
    connection: Connection, table: sql.Identifier, repository_id: int, shares: Sequence[_Share]
) -> dict[str, float]:
    """Column -> its share; none where there are too few rows to tell."""
    if not shares:
        return {}
    asked = sql.SQL(", ").join(
        # Both are texts of this module.
        sql.SQL(f"{share.part}, {share.whole}").format(sql.Identifier(share.column))
        for share in shares
    )
    query = sql.SQL("select {} from {} where repository_id = %s").format(asked, table)
    found = driver(connection).execute(query, (repository_id,)).fetchone() or ()
    return {
        share.column: float(part) / float(whole)
        for share, part, whole in zip(shares, found[::2], found[1::2], strict=True)
        if part is not None and whole is not None and whole >= _LEAST_ROWS
    }


def _hours(
    connection: Connection, repository_id: int, known: _Columns, schemas: Schemas
) -> Iterator[Measure]:
    """By how much of all that happened the hours of the day differ: clocks and time zones that were
    read otherwise move all of it at once.
    """
    for mart, (column, hour, weight) in _HOURS.items():
        if any(column not in known[schema].get(mart, ()) for schema in ("marts", "candidate")):
            continue
        query = sql.SQL(
            """
            select
                sum(abs(
                    coalesce(new.n / nullif(new.whole, 0), 0)
                    - coalesce(old.n / nullif(old.whole, 0), 0)
                )) / 2,
                min(new.whole), min(old.whole)
            from (
                select {hour} as hour, sum({weight}) as n, sum(sum({weight})) over () as whole
                from {shown} where repository_id = %(id)s group by 1
            ) as old
            full join (
                select {hour} as hour, sum({weight}) as n, sum(sum({weight})) over () as whole
                from {made} where repository_id = %(id)s group by 1
            ) as new using (hour)
            """
        ).format(
            hour=sql.SQL(hour).format(sql.Identifier(column)), weight=sql.SQL(weight),
            shown=schemas.table("marts", mart), made=schemas.table("candidate", mart),
        )  # fmt: skip
        moved, made, shown = (
            driver(connection).execute(query, {"id": repository_id}).fetchone() or ()
        )
        if made is not None and shown is not None and min(made, shown) >= _LEAST_ROWS:
            yield Measure(
                f"hours:{mart}", f"candidate.{mart}", "warn", -float(moved), -_RATIO,
                f"{moved:.0%} of all moved to another hour of the day",
                f"{_RATIO:.0%} at most from one publication to the next",
            )  # fmt: skip


def _history(
    connection: Connection, repository_id: int, known: _Columns, schemas: Schemas
) -> Iterator[Measure]:
    """Days that were long past when the figures were shown, beside what is shown of them."""
    in_both = known["marts"].get("daily_activity", set()) & known["candidate"].get(
        "daily_activity", set()
    )
    for column in _HISTORY:
        if column not in in_both:
            continue
        found = (
            driver(connection)
            .execute(
                sql.SQL(
                    """
                    select
                        sum(abs(coalesce(new.{0}, 0) - coalesce(old.{0}, 0))),
                        sum(old.{0})
                    from (
                        select day, {0} from marts.daily_activity where repository_id = %(id)s
                    ) as old
                    full join (
                        select day, {0} from {2} where repository_id = %(id)s
                    ) as new using (day)
                    where day <= (
                        select max(day) from marts.daily_activity where repository_id = %(id)s
                    ) - {1}
                    """
                ).format(
                    sql.Identifier(column),
                    sql.Literal(_SETTLED_DAYS),
                    schemas.table("candidate", "daily_activity"),
                ),
                {"id": repository_id},
            )
            .fetchone()
        )
        moved, before = found or (None, None)
        if before is not None and before >= _LEAST_ROWS:
            ratio = float(moved or 0) / float(before)
            yield Measure(
                f"history:{column}", "candidate.daily_activity", "warn", -ratio,
                -_REWRITTEN_RATIO, f"{ratio:.1%} of {before} moved to another day or are gone",
                f"{_REWRITTEN_RATIO:.0%} at most of what is over for {_SETTLED_DAYS} days",
            )  # fmt: skip
