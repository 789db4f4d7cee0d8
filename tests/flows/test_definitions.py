"""The commands about what figures mean."""

import json

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
