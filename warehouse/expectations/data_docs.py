"""Data Docs: the newest checks of one repository as pages that Great Expectations renders.

A job judges in a second and writes rows; the pages are made of those rows when somebody asks.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from warehouse.expectations.gate import prepare

_LEVELS = {"block": "critical", "warn": "warning"}


def write(checks: Sequence[Mapping[str, Any]], directory: Path, *, title: str) -> Path:
    """The page to open first. One suite for each kind of check, one expectation for each check:
    that nothing is wrong, with what was seen and what was wanted beside it.
    """
    prepare()
    # Seconds, which only a process that makes the pages pays for.
    import great_expectations as gx  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    from great_expectations.checkpoint.actions import UpdateDataDocsAction  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    name = title.replace("/", " ")  # it becomes part of a path
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    for site in list(context.get_site_names()):
        context.delete_data_docs_site(site)
    context.add_data_docs_site(
        site_name=name,
        site_config={
            "class_name": "SiteBuilder",
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(directory.absolute()),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    asset = context.data_sources.add_pandas("quality").add_dataframe_asset(name)
    whole = asset.add_batch_definition_whole_dataframe("newest")
    definitions = [
        context.validation_definitions.add(
            gx.ValidationDefinition(
                name=kind,
                data=whole,
                suite=context.suites.add(
                    gx.ExpectationSuite(name=kind, expectations=[_expected(one) for one in those])
                ),
            )
        )
        for kind, those in _by_kind(checks).items()
    ]
    if definitions:
        frame = pd.DataFrame({one["check_name"]: [_wrong(one)] for one in checks})
        gx.Checkpoint(
            name=name, validation_definitions=definitions,
            actions=[UpdateDataDocsAction(name="pages")],
        ).run(batch_parameters={"dataframe": frame})  # fmt: skip
    else:
        context.build_data_docs()
    return directory / "index.html"


def _expected(check: Mapping[str, Any]) -> Any:
    from great_expectations.expectations.core.expect_column_max_to_be_between import (  # noqa: PLC0415
        ExpectColumnMaxToBeBetween,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415

    seen = f"{check['subject']}: {check['observed'] or 'nothing to say'}"
    wanted = f"; expected: {check['expected']}" if check["expected"] else ""
    severity = FailureSeverity(_LEVELS[check["severity"]])
    return ExpectColumnMaxToBeBetween(
        column=check["check_name"], max_value=0, severity=severity,
        description=f"{check['check_name']} {check['status']}. {seen}{wanted}",
    )  # fmt: skip


def _by_kind(checks: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """volume, freshness, types, ...; and dbt, whose checks are named by what they are."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in checks:
        kind = "dbt" if one["tool"] == "dbt" else one["check_name"].partition(":")[0]
        found.setdefault(kind, []).append(one)
    return found


def _wrong(check: Mapping[str, Any]) -> int:
    """How much is wrong; of a check that says only that it failed, one."""
    return max(check["failures"] or 0, 1) if check["status"] == "failed" else 0
