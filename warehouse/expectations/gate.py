"""The Great Expectations gate: volume, freshness, types and drift of one repository, judged.

What dbt can test row by row it tests; here is what only a comparison over time can tell, and what
dbt never sees: the payloads as they came.
"""

import importlib
import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from psycopg import sql

from gitinsight.things.catalogue import GITHUB_THINGS
from warehouse.engine import Connection, Engine, driver
from warehouse.quality import Check

_DRIFT_RATIO = 0.25
"""How far the share of unknown values may move from one publication to the next."""
_DRIFT_ROWS = 50
"""Fewer rows than these say nothing about a share."""
_TOMBSTONED = (*(thing.table for thing in GITHUB_THINGS), "git_tags", "git_branches")
_PLAIN = ("git_commits", "git_commit_files", "git_identities")
_KEYS: Mapping[str, Mapping[str, str]] = {
    "github_issues": {
        "number": "number", "state": "string", "created_at": "string", "updated_at": "string",
    },
    "github_issue_comments": {"issue_url": "string", "created_at": "string"},
    "github_review_comments": {"pull_request_url": "string", "created_at": "string"},
    "github_pull_requests": {"number": "number", "state": "string", "title": "string"},
    "github_reviews": {"state": "string", "pullRequestNumber": "number"},
    "github_releases": {"tag_name": "string"},
    "github_issue_events": {"event": "string", "created_at": "string"},
    "github_workflow_runs": {
        "workflow_id": "number", "head_sha": "string", "created_at": "string",
    },
    "github_workflow_jobs": {"run_id": "number"},
    "github_deployments": {"createdAt": "string"},
    "github_labels": {"name": "string"},
    "github_milestones": {"number": "number", "title": "string", "state": "string"},
    "github_users": {"login": "string"},
    "github_repositories": {"full_name": "string", "created_at": "string"},
}  # fmt: skip
"""What the staging models cannot do without, and the JSON type that it has."""
_DRIFTING: Mapping[str, Sequence[str]] = {
    "issue_responsiveness": ("closed_at", "first_response_at"),
    "pull_request_cycle_time": ("merged_at", "first_response_at", "size_class"),
    "contributor": ("login", "first_at"),
}
_CLASSED = ("issue_responsiveness", "pull_request_cycle_time")
"""Marts whose authors have a class: when many more are `ghost` at once, logins were lost."""
_SETTLED_DAYS = 30
_REWRITTEN_RATIO = 0.05
_HISTORY = (
    "commits_count", "issues_opened_count", "issues_closed_count", "pull_requests_opened_count",
    "pull_requests_merged_count", "issue_comments_count", "reviews_count",
    "review_comments_count",
)  # fmt: skip
"""Of days that are long past: what happened then does not change, but for what is deleted."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """Passes where ``observed`` is not below ``least``."""

    check_name: str
    subject: str
    severity: Literal["block", "warn"]
    observed: float
    least: float
    observed_text: str
    expected_text: str


def run(
    engine: Engine, *, repository_id: int, as_of: datetime, previous_counts: Mapping[str, int],
    volume_drop_ratio: float, fresh_hours: float,
) -> list[Check]:  # fmt: skip
    """Measure with SQL, judge with Great Expectations. ``previous_counts`` are the rows, table by
    table, of the job whose figures are shown now.
    """
    with engine.connect() as connection:
        measures = [
            *_volume(connection, repository_id, previous_counts, volume_drop_ratio),
            *_freshness(connection, repository_id, as_of, timedelta(hours=fresh_hours)),
            *_clock(connection, repository_id, as_of),
            *_types(connection, repository_id),
            *_drift(connection, repository_id),
            *_history(connection, repository_id),
        ]
    failed = _failed(measures)
    return [_check(measure, is_failed=measure.check_name in failed) for measure in measures]


def prepare() -> None:
    """Import what the judgement needs: seconds that can pass while something else runs."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    importlib.import_module("great_expectations.expectations.core")
    # It tells at INFO which temporary directory it made, whatever the root logger says.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)


def counts(connection: Connection, repository_id: int) -> dict[str, int]:
    """Raw table -> rows that are not deleted, for the next run to compare with."""
    return {
        table: _count(
            connection,
            sql.SQL("select count(*) from raw.{} where repository_id = %s{}").format(
                sql.Identifier(table),
                sql.SQL(" and deleted_at is null" if table in _TOMBSTONED else ""),
            ),
            repository_id,
        )
        for table in (*_TOMBSTONED, *_PLAIN)
    }


def _volume(
    connection: Connection, repository_id: int, previous: Mapping[str, int], drop_ratio: float
) -> Iterable[_Measure]:
    held = counts(connection, repository_id)
    for table, before in previous.items():
        if table in held:
            rows, least = held[table], math.ceil(before * (1 - drop_ratio))
            yield _Measure(
                f"volume:{table}", f"raw.{table}", "block", rows, least,
                f"{rows} rows", f"at least {least} rows, {before} before",
            )  # fmt: skip


def _freshness(
    connection: Connection, repository_id: int, as_of: datetime, fresh_for: timedelta
) -> Iterable[_Measure]:
    """The thing that has not been looked at for longest."""
    least = as_of - fresh_for
    oldest = (
        driver(connection)
        .execute(
            "select thing, updated_at from ops.cursors where repository_id = %s"
            " order by updated_at, thing limit 1",
            (repository_id,),
        )
        .fetchone()
    )
    if oldest is not None:
        thing, looked_at = oldest
        yield _Measure(
            "freshness", "ops.cursors", "warn", looked_at.timestamp(), least.timestamp(),
            f"{thing} looked at {looked_at.isoformat()}", f"{least.isoformat()} or later",
        )  # fmt: skip


def _clock(connection: Connection, repository_id: int, as_of: datetime) -> Iterable[_Measure]:
    """Nothing was read after the figures were made, but for a day of clock skew."""
    latest = as_of + timedelta(days=1)
    late = sum(
        _count(
            connection,
            sql.SQL(
                "select count(*) from raw.{} where repository_id = %s and extracted_at > %s"
            ).format(sql.Identifier(table)),
            repository_id,
            latest,
        )
        for table in _TOMBSTONED
    )
    yield _Measure(
        "clock", "raw", "warn", -late, 0, f"{late} records were read later",
        f"all were read by {latest.isoformat()}",
    )  # fmt: skip


def _types(connection: Connection, repository_id: int) -> Iterable[_Measure]:
    for table, keys in _KEYS.items():
        wrong = sql.SQL(" or ").join(
            sql.SQL("coalesce(jsonb_typeof(payload -> {}), 'absent') <> {}").format(
                sql.Literal(key), sql.Literal(kind)
            )
            for key, kind in keys.items()
        )
        query = sql.SQL(
            "select count(*) from raw.{} where repository_id = %s and deleted_at is null and ({})"
        ).format(sql.Identifier(table), wrong)
        bad = _count(connection, query, repository_id)
        yield _Measure(
            f"types:{table}", f"raw.{table}", "block", -bad, 0, f"{bad} records are otherwise",
            "each has " + ", ".join(f"{key} ({kind})" for key, kind in keys.items()),
        )  # fmt: skip


def _drift(connection: Connection, repository_id: int) -> Iterable[_Measure]:
    """The share of unknown values in a column, beside the one that readers see now."""
    unknown = sql.SQL("{} is null")
    ghost = sql.SQL("{} = 'ghost'")
    for mart, columns, condition, what in (
        *((mart, columns, unknown, "unknown") for mart, columns in _DRIFTING.items()),
        *((mart, ("author_class",), ghost, "ghosts") for mart in _CLASSED),
    ):
        before = _ratios(
            connection, "marts", mart, columns, condition=condition, repository_id=repository_id
        )
        after = _ratios(
            connection, "candidate", mart, columns, condition=condition, repository_id=repository_id
        )
        for column in columns:
            if column in before and column in after:
                moved = abs(after[column] - before[column])
                yield _Measure(
                    f"drift:{mart}.{column}", f"candidate.{mart}", "warn", -moved, -_DRIFT_RATIO,
                    f"{after[column]:.0%} {what}, {before[column]:.0%} before",
                    f"moved by {_DRIFT_RATIO:.0%} at most",
                )  # fmt: skip


def _history(connection: Connection, repository_id: int) -> Iterable[_Measure]:
    """Days that were long past when the figures were shown, beside what is shown of them."""
    shown, made = (
        _columns(connection, schema, "daily_activity") for schema in ("marts", "candidate")
    )
    for column in _HISTORY:
        if column not in shown & made:
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
                        select day, {0} from candidate.daily_activity where repository_id = %(id)s
                    ) as new using (day)
                    where day <= (
                        select max(day) from marts.daily_activity where repository_id = %(id)s
                    ) - {1}
                    """
                ).format(sql.Identifier(column), sql.Literal(_SETTLED_DAYS)),
                {"id": repository_id},
            )
            .fetchone()
        )
        moved, before = found or (None, None)
        if before is not None and before >= _DRIFT_ROWS:
            ratio = float(moved or 0) / float(before)
            yield _Measure(
                f"history:{column}", "candidate.daily_activity", "warn", -ratio,
                -_REWRITTEN_RATIO, f"{ratio:.1%} of {before} moved to another day or are gone",
                f"{_REWRITTEN_RATIO:.0%} at most of what is over for {_SETTLED_DAYS} days",
            )  # fmt: skip


def _columns(connection: Connection, schema: str, table: str) -> set[str]:
    return {
        name
        for (name,) in driver(connection).execute(
            "select column_name from information_schema.columns"
            " where table_schema = %s and table_name = %s",
            (schema, table),
        )
    }


def _ratios(
    connection: Connection, schema: str, mart: str, columns: Sequence[str], *, condition: sql.SQL,
    repository_id: int,
) -> dict[str, float]:  # fmt: skip
    """Column -> share of rows where it is so; none where there are too few rows to tell."""
    known = _columns(connection, schema, mart)
    present = [column for column in columns if column in known]
    if not present:
        return {}
    found = (
        driver(connection)
        .execute(
            sql.SQL("select count(*), {} from {} where repository_id = %s").format(
                sql.SQL(", ").join(
                    sql.SQL("count(*) filter (where {})").format(
                        condition.format(sql.Identifier(column))
                    )
                    for column in present
                ),
                sql.Identifier(schema, mart),
            ),
            (repository_id,),
        )
        .fetchone()
    )
    rows, *matching = found or (0,)
    if rows < _DRIFT_ROWS:
        return {}
    return {column: count / rows for column, count in zip(present, matching, strict=True)}


def _count(connection: Connection, query: sql.Composed, *values: object) -> int:
    found = driver(connection).execute(query, values).fetchone()
    return int(found[0]) if found else 0


def _failed(measures: Sequence[_Measure]) -> set[str]:
    """Names of the measures below their least value, in one validation of one small frame."""
    if not measures:
        return set()
    prepare()
    # Great Expectations takes seconds to import; only a process that runs the gate pays for it.
    import great_expectations as gx  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415
    from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (  # noqa: E501, PLC0415
        ExpectColumnPairValuesAToBeGreaterThanB,
    )

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("gate").add_dataframe_asset("measures")
    frame = pd.DataFrame(
        [(measure.check_name, measure.observed, measure.least) for measure in measures],
        columns=["check_name", "observed", "least"],
    )
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    result = batch.validate(
        ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="observed", column_B="least", or_equal=True
        ),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": []},
    )
    unexpected = result.result.get("unexpected_index_list") or []
    names = {measures[int(place)].check_name for place in unexpected}
    if bool(result.success) == bool(names):
        raise RuntimeError(f"great expectations could not judge: {result.exception_info}")
    return names


def _check(measure: _Measure, *, is_failed: bool) -> Check:
    return Check(
        check_name=measure.check_name,
        tool="great_expectations",
        subject=measure.subject,
        severity=measure.severity,
        status="failed" if is_failed else "passed",
        failures=int(is_failed),
        observed=measure.observed_text,
        expected=measure.expected_text,
    )
