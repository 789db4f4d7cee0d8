"""What comes from what is shown as it is, from GitHub to the routes."""

import re
from functools import cache

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from api.app import create_app
from flows import catalog, lineage
from flows.project import DIRECTORY
from gitinsight.settings import Settings
from tests.support.checkout import ROOT
from warehouse.insights import ORDER
from warehouse.tables.catalogue import metadata

OF_ALL_GITHUB = {"gharchive_events"}


@cache
def graph() -> AssetGraph:
    return catalog.definitions(Settings()).resolve_asset_graph()


def keys(schema: str) -> set[str]:
    return {one.path[-1] for one in graph().get_all_asset_keys() if one.path[0] == schema}


def names(found: set[dg.AssetKey]) -> set[str]:
    return {one.to_user_string() for one in found}


def test_the_definitions_are_valid() -> None:
    dg.Definitions.validate_loadable(catalog.definitions(Settings()))


def test_every_table_of_figures_is_an_asset() -> None:
    written = {path.stem for path in (DIRECTORY / "models" / "marts").glob("*.sql")}
    held = [one for one in metadata.sorted_tables if not one.name.endswith("_history")]
    computed = {one.name for one in held if one.schema == "insights"}
    extracted = {one.name for one in held if one.schema == "raw"}

    assert keys("marts") == written
    assert keys("insights") == computed
    assert keys("raw") >= extracted - OF_ALL_GITHUB - {"git_commit_parents"}
    assert lineage.INSIGHTS.keys() == ORDER.keys()


def test_an_insight_comes_from_the_models_that_its_queries_read() -> None:
    code = "".join(
        (ROOT / "warehouse" / f"{one}.py").read_text("utf-8") for one in ("insights", "trends")
    )
    read = {name for _, name in re.findall(r"\b(intermediate|candidate)\.(\w+)", code)}

    assert {one for models in lineage.INSIGHTS.values() for one in models} == read


def test_every_figure_is_followed_from_github_to_a_route() -> None:
    before = {
        key.to_user_string(): names(graph().get_ancestor_asset_keys(key))
        for key in graph().get_all_asset_keys()
    }

    origins = {"source/github", "source/git"}
    shown = {"raw", "marts", "insights", "api", "exposure"}
    lost = {key for key, ancestors in before.items() if not ancestors & origins}
    assert {key for key in lost if key.partition("/")[0] in shown} == set()
    marts = {f"marts/{one}" for one in keys("marts")}
    insights = {f"insights/{one}" for one in lineage.INSIGHTS}
    assert before["api/v1/marts/mart/rows"] >= marts
    assert before["api/v1/repositories/repository_id/insights"] >= insights
    assert before["ops/publications"] >= marts | insights


def test_every_route_that_is_shown_is_there() -> None:
    app = create_app(Settings(), warehouse_url="postgresql://127.0.0.1/none", admin_key=None)
    there = {lineage.key_of_route(path).to_user_string() for path in app.openapi()["paths"]}
    shown = {key.to_user_string() for key in graph().get_all_asset_keys() if key.path[0] == "api"}

    assert shown <= there
    assert len(shown) >= 15
