"""Definitions are read whole or refused, and what they name is there."""

from typing import Any

import pytest
import yaml

from flows.project import manifest
from gitinsight.errors import NotFound
from gitinsight.metrics import catalogue
from gitinsight.metrics.catalogue import Metric, metrics
from gitinsight.settings import Settings
from models import bus_factor, review_latency
from warehouse import analyst
from warehouse.engine import make_engine
from warehouse.tables.shape import metadata

TOLD: dict[str, Any] = {
    "id": "open-issues", "version": 1, "title": "Open issues", "words": "Issues that are open.",
    "formula": "select repository_id, issues_open_count as value from marts.repository_summary",
    "sources": {"marts.repository_summary": ["issues_open_count"]}, "unit": "count",
    "edge_cases": ["Pull requests are none."], "reference": {"name": "GitInsight"},
}  # fmt: skip
EARLIER = {key: TOLD[key] for key in ("version", "words", "formula", "sources")}
every_metric = pytest.mark.parametrize("metric", metrics().values(), ids=metrics())


def read(**changes: Any) -> Metric:
    return catalogue.read("open_issues.yml", yaml.safe_dump(TOLD | changes))


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Of every table that a formula may read: its columns and their descriptions."""
    nodes = manifest(tmp_path_factory.mktemp("dbt"))["nodes"].values()
    return {
        f"marts.{node['name']}": {
            name: column["description"] for name, column in node["columns"].items()
        }
        for node in nodes
        if node["resource_type"] == "model" and node["schema"].endswith("candidate")
    } | {
        f"insights.{table.name}": {column.name: column.comment or "" for column in table.columns}
        for table in metadata.tables.values()
        if table.schema == "insights"
    }


def test_a_file_is_read_whole() -> None:
    found = read()

    assert found.definition == "open-issues@1"
    assert found.sources == {"marts.repository_summary": ("issues_open_count",)}
    assert found.versions == (found,)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "Open issues"}, {"version": 0}, {"words": "  "}, {"unit": "minutes"},
        {"sources": {}}, {"sources": {"raw.github_issues": ["id"]}}, {"edge_cases": []},
        {"better": "bigger"}, {"column": "issues_open_count"}, {"colour": "red"},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_says_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        read(**changes)


def test_a_file_is_called_as_its_metric() -> None:
    with pytest.raises(ValueError, match=r"issues\.yml is the metric open-issues"):
        catalogue.read("issues.yml", yaml.safe_dump(TOLD))


@pytest.mark.parametrize(("version", "earlier"), [(2, []), (1, [1]), (3, [1]), (3, [2, 1])])
def test_a_version_that_is_missing_is_noticed(version: int, earlier: list[int]) -> None:
    told = [EARLIER | {"version": number, "replaced": "It was wrong."} for number in earlier]

    with pytest.raises(ValueError, match=r"not 1, 2, \.\.\. in order"):
        read(version=version, earlier=told)


def test_a_version_is_found_by_its_definition() -> None:
    now = catalogue.metric("issue-first-response")

    assert catalogue.version("issue-first-response@1") is now.earlier[0]
    assert catalogue.version("issue-first-response@2") is now
    assert catalogue.version("issue-first-response") is now


@pytest.mark.parametrize("definition", ["nothing", "nothing@1"])
def test_a_metric_that_is_not_there_is_not_found(definition: str) -> None:
    with pytest.raises(NotFound, match="metric nothing is not known"):
        catalogue.version(definition)


@pytest.mark.parametrize("number", ["0", "9", "one", "1@1"])
def test_a_version_that_is_not_there_is_not_found(number: str) -> None:
    with pytest.raises(NotFound, match=f"version {number} of metric bus-factor is not known"):
        catalogue.version(f"bus-factor@{number}")


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("commits_count", "commits@1"), ("commits_human_count", "commits@1"),
        ("bus_factor", "bus-factor@1"), ("nothing_count", None),
    ],
)  # fmt: skip
def test_a_name_in_an_address_has_its_definition(name: str, definition: str | None) -> None:
    assert catalogue.definition_of(name) == definition


@pytest.mark.parametrize(
    ("mart", "definition"), [("repository_summary", "bus-factor@1"), ("bus_factor", None)]
)
def test_a_column_has_the_definition_of_what_it_holds(mart: str, definition: str | None) -> None:
    assert catalogue.definition_of_column(mart, "caf_50_count") == definition


@every_metric
def test_what_a_formula_reads_is_there(metric: Metric, columns: dict[str, dict[str, str]]) -> None:
    missing = [
        f"{table}.{name}"
        for version in metric.versions
        for table, names in version.sources.items()
        for name in names
        if name not in columns.get(table, {}) or name not in version.formula
    ]

    assert missing == []


@every_metric
def test_a_column_that_holds_a_metric_is_described_by_it(
    metric: Metric, columns: dict[str, dict[str, str]]
) -> None:
    if metric.column is None:
        return
    table, _, name = metric.column.partition(".")

    assert columns[f"marts.{table}"][name] == metric.words


def test_every_count_of_the_daily_series_has_its_definition(
    columns: dict[str, dict[str, str]],
) -> None:
    counts = [name for name in columns["marts.daily_activity"] if name.endswith("_count")]

    assert [name for name in counts if catalogue.definition_of(name) is None] == []


@pytest.mark.parametrize("definition", [bus_factor.DEFINITION, review_latency.DEFINITION])
def test_what_an_insight_says_it_is_can_be_looked_up(definition: str) -> None:
    name, _, number = definition.partition("@")

    assert catalogue.version(definition) == catalogue.metric(name)
    assert catalogue.metric(name).version == int(number)


def test_every_formula_gives_one_value_per_repository(analysed: Settings) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    wrong = []
    with engine.connect() as connection:
        for metric in metrics().values():
            for version in metric.versions:
                rows = analyst.select(connection, version.formula)
                if [list(row) for row in rows] != [["repository_id", "value"]]:
                    wrong.append(f"{metric.id}@{version.version}: {rows}")
    engine.dispose()

    assert wrong == []
