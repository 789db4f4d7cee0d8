"""The Great Expectations gate: small aggregates of raw tables and candidate marts, judged."""

import importlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Literal

from psycopg import sql

from gitinsight.things.catalogue import GITHUB_THINGS
from warehouse.engine import Connection, Engine, driver
from warehouse.quality import Check

_FRESH_FOR = timedelta(hours=24)
_TOMBSTONED = (*(thing.table for thing in GITHUB_THINGS), "git_tags", "git_branches")
_PLAIN = ("git_commits", "git_commit_files", "git_identities")
_ESSENTIAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "github_issues": ("id", "number", "created_at", "updated_at", "state"),
    "github_issue_comments": ("id", "created_at"),
    "github_releases": ("id", "tag_name"),
}
_AGED_MARTS = ("issue_responsiveness", "pull_request_cycle_time")


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
    engine: Engine,
    *,
    repository_ids: Sequence[int],
    as_of: datetime,
    previous_counts: Mapping[str, int],
    volume_drop_ratio: float,
    oldest_extraction: datetime | None,
) -> list[Check]:
    """Measure with SQL, judge with Great Expectations.

    ``oldest_extraction`` replaces the 24 hours before ``as_of`` as what still counts as fresh.
    """
    fresh_from = oldest_extraction or as_of - _FRESH_FOR
    with engine.connect() as connection:
        measures = [
            *_volume(connection, repository_ids, previous_counts, volume_drop_ratio),
            *_freshness(connection, repository_ids, fresh_from),
            *_columns(connection),
            *_keys(connection, repository_ids),
            *_ages(connection, repository_ids),
        ]
    failed = _failed(measures)
    return [_check(measure, is_failed=measure.check_name in failed) for measure in measures]


def prepare() -> None:
    """Import what the judgement needs: seconds that can pass while something else runs."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    importlib.import_module("great_expectations.expectations.core")


def counts(connection: Connection, repository_id: int) -> dict[str, int]:
    """Raw table -> rows that are not deleted, for the next run to compare with."""
    return {
        table: _count(
            connection,
            sql.SQL("select count(*) from raw.{} where repository_id = any(%s){}").format(
                sql.Identifier(table),
                sql.SQL(" and deleted_at is null" if table in _TOMBSTONED else ""),
            ),
            [repository_id],
        )
        for table in (*_TOMBSTONED, *_PLAIN)
    }


def _volume(
    connection: Connection, repository_ids: Sequence[int], previous: Mapping[str, int], drop: float
) -> Iterable[_Measure]:
    held: dict[str, int] = {}
    for repository_id in repository_ids:
        for table, rows in counts(connection, repository_id).items():
            held[table] = held.get(table, 0) + rows
    for table, before in previous.items():
        if table in held:
            rows, least = held[table], math.ceil(before * (1 - drop))
            yield _Measure(
                f"volume:{table}", f"raw.{table}", "block", rows, least,
                f"{rows} rows", f"at least {least} rows, {before} before",
            )  # fmt: skip


def _freshness(
    connection: Connection, repository_ids: Sequence[int], fresh_from: datetime
) -> Iterable[_Measure]:
    rows = driver(connection).execute(
        "select repository_id, greatest(checked_at, (select max(updated_at) from ops.cursors"
        " where cursors.repository_id = repositories.repository_id))"
        " from ops.repositories where repository_id = any(%s)",
        (list(repository_ids),),
    )
    for repository_id, newest in rows.fetchall():
        yield _Measure(
            f"freshness:{repository_id}", "ops.cursors", "warn",
            newest.timestamp() if newest else 0.0, fresh_from.timestamp(),
            newest.isoformat() if newest else "never", f"{fresh_from.isoformat()} or later",
        )  # fmt: skip


def _columns(connection: Connection) -> Iterable[_Measure]:
    """The candidate marts against the stored contract, where there is one."""
    stored = files("warehouse.expectations") / "mart_columns.json"
    if not stored.is_file():
        return
    contract: dict[str, dict[str, str]] = json.loads(stored.read_text())
    for mart, expected in contract.items():
        found = _candidate_columns(connection, mart)
        wrong = sorted(name for name, kind in expected.items() if found.get(name) != kind)
        unknown = sorted(found.keys() - expected.keys())
        if found:
            yield _none_of("columns", f"candidate.{mart}", "block", wrong, "missing or retyped")
            yield _none_of("unknown_columns", f"candidate.{mart}", "warn", unknown, "unknown")


def _none_of(
    kind: str, subject: str, severity: Literal["block", "warn"], names: Sequence[str], what: str
) -> _Measure:
    return _Measure(
        f"{kind}:{subject}", subject, severity, -len(names), 0,
        f"{what}: {', '.join(names)}" if names else f"none {what}", f"none {what}",
    )  # fmt: skip


def _keys(connection: Connection, repository_ids: Sequence[int]) -> Iterable[_Measure]:
    for table, keys in _ESSENTIAL_KEYS.items():
        query = sql.SQL(
            "select count(*) from raw.{} where repository_id = any(%s) and not payload ?& %s"
        ).format(sql.Identifier(table))
        bad = _count(connection, query, list(repository_ids), list(keys))
        yield _Measure(
            f"keys:{table}", f"raw.{table}", "block", -bad, 0,
            f"{bad} records without", f"every record has {', '.join(keys)}",
        )  # fmt: skip


def _ages(connection: Connection, repository_ids: Sequence[int]) -> Iterable[_Measure]:
    for mart in _AGED_MARTS:
        if {"created_at", "closed_at"} <= _candidate_columns(connection, mart).keys():
            query = sql.SQL(
                "select count(*) from candidate.{} where repository_id = any(%s)"
                " and (closed_at < created_at or created_at < '2000-01-01')"
            ).format(sql.Identifier(mart))
            bad = _count(connection, query, list(repository_ids))
            yield _Measure(
                f"ages:{mart}", f"candidate.{mart}", "warn", -bad, 0,
                f"{bad} rows", "created since 2000 and closed after that",
            )  # fmt: skip


def _candidate_columns(connection: Connection, mart: str) -> dict[str, str]:
    return dict(
        driver(connection)
        .execute(
            "select column_name::text, data_type::text from information_schema.columns"
            " where table_schema = 'candidate' and table_name = %s",
            (mart,),
        )
        .fetchall()
    )


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
    shortfall = max(1, math.ceil(measure.least - measure.observed)) if is_failed else 0
    return Check(
        check_name=measure.check_name,
        tool="great_expectations",
        subject=measure.subject,
        severity=measure.severity,
        status="failed" if is_failed else "passed",
        failures=shortfall,
        observed=measure.observed_text,
        expected=measure.expected_text,
    )
