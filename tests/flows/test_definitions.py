"""The commands about what figures mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from gitinsight.metrics.catalogue import metrics
from tests.flows.conftest import Gitinsight


def test_the_metrics_are_listed(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("metrics", "--json")

    listed = json.loads(out)
    assert code == 0
    assert [row["metric"] for row in listed] == [one.definition for one in metrics().values()]


def test_one_is_told_whole(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("metrics", "issue-first-response")

    found = metrics()["issue-first-response"]
    assert code == 0
    assert found.words in out
    assert found.formula in out
    assert found.earlier[0].replaced in out

    _, out, _ = gitinsight("metrics", "issue-first-response@1", "--json")
    assert json.loads(out)["formula"] == found.earlier[0].formula


def test_the_tables_and_who_reads_them_are_one_page(gitinsight: Gitinsight, tmp_path: Path) -> None:
    file = tmp_path / "docs.html"

    code, out, _ = gitinsight("docs", "--output", str(file))

    page = file.read_text("utf-8")
    manifest, catalog = (_embedded(page, name) for name in ("manifest", "catalog"))
    dora = manifest["nodes"]["model.gitinsight.dora"]
    overview = manifest["docs"]["doc.gitinsight.__overview__"]["block_contents"]
    assert (code, out.strip()) == (0, str(file))
    assert 'src="http' not in page
    assert all(one["description"] for one in dora["columns"].values())
    assert manifest["exposures"].keys() >= {"exposure.gitinsight.api_summary"}
    assert (
        "model.gitinsight.int_mainline"
        in manifest["child_map"]["model.gitinsight.int_first_parents"]
    )
    assert "model.gitinsight.dora" in manifest["child_map"]["model.gitinsight.int_deployments"]
    assert catalog["nodes"]["model.gitinsight.dora"]["columns"].keys() == dora["columns"].keys()
    assert overview.startswith("# GitInsight")


def _embedded(page: str, name: str) -> dict[str, Any]:
    """One of the two documents that dbt puts into the page."""
    start = page.index(f'{name}:{{"metadata"') + len(name) + 1
    found: dict[str, Any] = json.JSONDecoder().raw_decode(page, start)[0]
    return found


def test_what_another_version_changes_is_told(gitinsight: Gitinsight) -> None:
    versions = "issue-first-response@1", "issue-first-response@2"

    code, out, _ = gitinsight("impact", *versions, "--json")

    [row] = json.loads(out)
    assert code == 0
    assert (row["full_name"], row["kind"]) == ("synthetic-labs/borealis", "moved")
    assert row["change"] == row["new_value"] - row["old_value"] != 0

    _, out, _ = gitinsight("impact", *versions)
    assert out.splitlines()[-1] == "of 1: 1 moved"

    _, out, _ = gitinsight("impact", versions[0], versions[0])
    assert out.splitlines() == ["of 1: 1 same"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("metrics", "nothing"), "metric nothing is not known here"),
        (("impact", "bus-factor@1", "bus-factor@9"), "version 9 of metric bus-factor is not known"),
        (("impact", "bus-factor", "bus-factor@1"), "metric bus-factor without a version, METRIC@1"),
    ],
)
def test_a_definition_that_is_not_there_is_said_so(
    gitinsight: Gitinsight, arguments: tuple[str, ...], reason: str
) -> None:
    code, out, err = gitinsight(*arguments)

    assert (code, out) == (1, "")
    assert err.startswith(f"gitinsight: {reason}")
    assert len(err.splitlines()) == 1
