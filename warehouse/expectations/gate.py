"""The Great Expectations gate: schema, volume, freshness and distribution of one repository.

What dbt can test row by row it tests; here is what only a comparison over time can tell, and what
dbt never sees: the payloads as they came.
"""

import importlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql

from warehouse.engine import Connection, Engine, driver
from warehouse.expectations import distribution, schema, volume
from warehouse.expectations.measure import Measure, count
from warehouse.quality import Check
from warehouse.schemas import NOW, Schemas


def run(
    engine: Engine, *, repository_id: int, job_id: UUID, as_of: datetime, at: datetime,
    previous_counts: Mapping[str, int], volume_drop_ratio: float, fresh_hours: float,
    has_figures: bool, schemas: Schemas = NOW,
) -> list[Check]:  # fmt: skip
    """Measure with SQL, judge with Great Expectations. ``previous_counts`` are the rows, table by
    table, of the job whose figures are shown now. Without figures, because dbt could not make them,
    the payloads alone are judged: they may say why.
    """
    with engine.begin() as connection:
        measures = [*schema.run(connection, repository_id, job_id=job_id, at=at)]
        if has_figures:
            fresh_for = timedelta(hours=fresh_hours)
            measures += [
                *volume.held(connection, repository_id, previous_counts, volume_drop_ratio),
                *volume.arrivals(connection, repository_id, as_of, schemas),
                *_freshness(connection, repository_id, as_of, fresh_for),
                *_clock(connection, repository_id, as_of),
                *distribution.run(connection, repository_id, schemas),
            ]
    failed = _failed(measures)
    return [_check(measure, is_failed=measure.check_name in failed) for measure in measures]


def prepare() -> None:
    """Import what the judgement needs: seconds that can pass while something else runs."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    importlib.import_module("great_expectations.expectations.core")
    # It tells at INFO which temporary directory it made, whatever the root logger says.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)


def _freshness(
    connection: Connection, repository_id: int, as_of: datetime, fresh_for: timedelta
) -> Iterator[Measure]:
    """When each thing was looked at last."""
    least = as_of - fresh_for
    for thing, looked_at in driver(connection).execute(
        "select thing, min(updated_at) from ops.cursors where repository_id = %s"
        " group by thing order by thing",
        (repository_id,),
    ):
        yield Measure(
            f"freshness:{thing}", "ops.cursors", "warn", looked_at.timestamp(), least.timestamp(),
            f"looked at {looked_at.isoformat()}", f"{least.isoformat()} or later",
        )  # fmt: skip


def _clock(connection: Connection, repository_id: int, as_of: datetime) -> Iterator[Measure]:
    """Nothing was read after the figures were made, but for a day of clock skew."""
    latest = as_of + timedelta(days=1)
    late = sum(
        count(
            connection,
            sql.SQL(
                "select count(*) from raw.{} where repository_id = %s and extracted_at > %s"
            ).format(sql.Identifier(table)),
            repository_id,
            latest,
        )
        for table in volume.TOMBSTONED
    )
    yield Measure(
        "clock", "raw", "warn", -late, 0, f"{late} records were read later",
        f"all were read by {latest.isoformat()}",
    )  # fmt: skip


def _failed(measures: Sequence[Measure]) -> set[str]:
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


def _check(measure: Measure, *, is_failed: bool) -> Check:
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
