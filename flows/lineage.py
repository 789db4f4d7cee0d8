"""What comes from what, as assets of Dagster: from GitHub through every table to the routes.

An asset is called what its table is called. ``made`` are those that an analysis makes, ``outside``
those that stand before and after it.
"""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from gitinsight.things.catalogue import THINGS
from warehouse import activities, tones

GITHUB, GIT, PEOPLE = (dg.AssetKey(["source", one]) for one in ("github", "git", "people"))
PUBLICATION = dg.AssetKey(["ops", "publications"])
INSIGHTS: Mapping[str, tuple[str, ...]] = {
    "anomalies": ("daily_activity", "int_contributions", "int_actors", "int_releases"),
    "bus_factor": ("int_commit_shares",),
    "forecast_accuracy": ("weekly_activity", "stars_growth", "pull_request_weekly"),
    "forecasts": ("weekly_activity", "stars_growth", "pull_request_weekly"),
    "review_centrality": ("int_coverage", "int_reviews", "int_actors"),
    "review_latency": (
        "int_coverage",
        "int_items",
        "int_first_responses",
        "int_repositories",
        "pull_request_cycle_time",
    ),
    "truck_factor": ("int_coverage", "int_commits", "int_actors", "int_first_parents"),
}
"""Each insight and the models that it reads."""
_JUDGED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("insights", "code_blobs"): ("git_branches", "git_tags"),
    ("insights", "code_files"): ("git_branches", "git_tags"),
    ("insights", "code_looks"): ("git_branches", "git_tags"),
    ("insights", "code_snapshots"): ("git_branches", "git_tags"),
    ("insights", "issue_vectors"): ("github_issues",),
    ("insights", "text_tone"): tones.SOURCES,
    ("ops", "actor_scores"): activities.SOURCES,
}
"""What is measured and judged of records before figures are made of it, and the raw tables."""
_INSIGHT_ROUTES: Mapping[str, tuple[str, ...]] = {
    "/api/v1/repositories/{repository_id}/insights": tuple(INSIGHTS),
    "/api/v1/repositories/{repository_id}/insights/{insight}": tuple(INSIGHTS),
    "/api/v1/repositories/{repository_id}/forecasts": ("forecasts", "forecast_accuracy"),
    "/api/v1/repositories/{repository_id}/anomalies": ("anomalies",),
    "/api/v1/ai/duplicates": ("issue_vectors",),
}
"""Routes that read insights, which the exposures of dbt cannot name."""
_SAID_BY_PEOPLE = frozenset({"actor_overrides", "affiliations", "identity_merges"})
_SHOWN = frozenset({"model", "seed"})


class Translator(DagsterDbtTranslator):
    """Checked rows of `candidate` become `marts`."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        schema = dbt_resource_props["schema"].replace("candidate", "marts")
        return dg.AssetKey([schema, dbt_resource_props.get("alias") or dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return self.get_asset_key(dbt_resource_props).path[0]


def made(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """Every table that an analysis fills, what comes from another one after it."""
    specs = [
        *_raw(manifest), *_dbt(manifest),
        *(_python(where, [["raw", one] for one in raw]) for where, raw in _JUDGED.items()),
        *(
            _python(("insights", insight), [[_schema(one), one] for one in models])
            for insight, models in INSIGHTS.items()
        ),
        *_ledger(),
    ]  # fmt: skip
    shown = [one.key for one in specs if one.key.path[0] == "marts"]
    shown += [dg.AssetKey(["insights", insight]) for insight in INSIGHTS]
    publication = dg.AssetSpec(
        PUBLICATION, deps=shown, group_name="ops", kinds={"postgres"},
        description="All of them at once, in one transaction: what readers see, and since when.",
    )  # fmt: skip
    return _ordered([*specs, publication])


def outside(manifest: Mapping[str, Any]) -> Iterator[dg.AssetSpec]:
    """What an analysis reads, and who shows what it has made."""
    yield _source(GITHUB, "GitHub, by REST and GraphQL.", {"github"})
    yield _source(GIT, "The repository itself, as git fetches it.", {"git"})
    yield _source(PEOPLE, "What people have said about accounts and persons.", set())
    for name in sorted(_SAID_BY_PEOPLE):
        yield dg.AssetSpec(["ops", name], deps=[PEOPLE], group_name="ops", kinds={"postgres"})
    translator = Translator()
    for exposure in manifest["exposures"].values():
        deps = [
            translator.get_asset_key(manifest["nodes"][one])
            for one in exposure["depends_on"]["nodes"]
            if one in manifest["nodes"]
        ]
        routes = exposure["config"].get("meta", {}).get("routes", ())
        for route in routes:
            yield _route(route, deps, exposure["description"])
        if not routes:
            yield dg.AssetSpec(
                ["exposure", exposure["name"]], deps=deps, group_name="exposure",
                description=exposure["description"], metadata={"url": exposure["url"]},
            )  # fmt: skip
    for route, insights in _INSIGHT_ROUTES.items():
        read = [dg.AssetKey(["insights", one]) for one in insights]
        yield _route(route, read, "What was computed in Python.")


def key_of_route(route: str) -> dg.AssetKey:
    """``/api/v1/marts/{mart}`` is called api/v1/marts/mart."""
    return dg.AssetKey([one.strip("{}") for one in route.strip("/").split("/")])


def _raw(manifest: Mapping[str, Any]) -> Iterator[dg.AssetSpec]:
    """Tables of things, and what else dbt reads that was extracted."""
    tables = {one.table: one.name for one in THINGS}
    for one in manifest["sources"].values():
        if one["source_name"] == "raw":
            tables.setdefault(one["name"], one["name"].partition("_")[2])
    for table, thing in tables.items():
        origin = table.partition("_")[0]
        before = table.removesuffix("_history")
        if origin == "git":
            upstream = GIT
        else:
            upstream = dg.AssetKey(["raw", before]) if before != table else GITHUB
        if before != table and before not in tables:  # stars are a history themselves
            upstream = GITHUB
        yield dg.AssetSpec(
            ["raw", table], deps=[upstream], group_name="raw", kinds={origin, "postgres"},
            description=f"{thing.replace('_', ' ')} as {origin} gave them",
        )  # fmt: skip


def _dbt(manifest: Mapping[str, Any]) -> Iterator[dg.AssetSpec]:
    translator = Translator()
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in _SHOWN:
            yield translator.get_asset_spec(manifest, unique_id, project=None)


def _python(where: tuple[str, str], deps: Iterable[list[str]]) -> dg.AssetSpec:
    return dg.AssetSpec(
        where, deps=[dg.AssetKey(one) for one in deps], group_name=where[0],
        kinds={"python", "postgres"},
    )  # fmt: skip


def _ledger() -> Iterator[dg.AssetSpec]:
    for name, words in {
        "repositories": "What is followed, as GitHub calls it now.",
        "completeness": "What GitHub says exists beside what is held.",
    }.items():
        yield dg.AssetSpec(
            ["ops", name], deps=[GITHUB], group_name="ops", kinds={"github", "postgres"},
            description=words,
        )  # fmt: skip


def _source(key: dg.AssetKey, words: str, kinds: set[str]) -> dg.AssetSpec:
    return dg.AssetSpec(key, group_name="source", description=words, kinds=kinds)


def _route(route: str, deps: list[dg.AssetKey], words: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key_of_route(route), deps=deps, group_name="api", kinds={"fastapi"}, description=words,
        metadata={"route": route},
    )  # fmt: skip


def _schema(model: str) -> str:
    return "intermediate" if model.startswith("int_") else "marts"


def _ordered(specs: Iterable[dg.AssetSpec]) -> list[dg.AssetSpec]:
    by_key = {spec.key: spec for spec in specs}
    sources = {key: [one.asset_key for one in spec.deps] for key, spec in by_key.items()}
    return [by_key[key] for key in TopologicalSorter(sources).static_order() if key in by_key]
