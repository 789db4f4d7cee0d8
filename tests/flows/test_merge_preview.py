"""A merge moves what its preview said, and taken back it leaves no trace."""

import json

from gitinsight.metrics import catalogue
from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.flows.test_past import hashes
from tests.support.analyses import analyse, rows
from warehouse import analyst, dirty
from warehouse.engine import Engine, make_engine

NAME = "synthetic-labs/borealis"


def figures(warehouse: Engine) -> dict[str, float | None]:
    """The value of every metric, which has one repository."""
    found: dict[str, float | None] = {}
    with warehouse.connect() as connection:
        for metric in catalogue.metrics().values():
            values = analyst.select(connection, metric.formula)
            value = values[0]["value"] if values else None
            found[metric.definition] = None if value is None else float(value)
    return found


def test_a_merge_moves_what_its_preview_said_and_can_be_taken_back(
    gitinsight: Gitinsight, analysed: Settings
) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    before, shown = figures(warehouse), hashes(warehouse, "marts")
    # Nobody grows older meanwhile, so that a merge alone is what moves figures.
    [(as_of,)] = rows(warehouse, "select data_as_of from marts.repository_summary")

    code, out, _ = gitinsight("identities", "preview", "Brook", "ada", "--json")
    told = {one["metric"]: (one["before"], one["after"]) for one in json.loads(out)}
    assert code == 0
    assert told["bus-factor@1"] == (2, 1)
    # One that a mart has, and one that Python computes.
    assert {"participants@1", "commit-inequality@1"} <= told.keys()
    assert hashes(warehouse, "marts") == shown

    code, out, _ = gitinsight("identities", "merge", "Brook", "ada", "--reason", "one desk")
    assert (code, "analysis of 1 repositories" in out) == (0, True)
    # Nothing has changed on GitHub: what was said is enough to make figures anew.
    job = analyse(analysed, warehouse, NAME, as_of=as_of)
    assert (job.state, (job.outcome or {})["is_unchanged"]) == ("succeeded", False)
    after = figures(warehouse)
    assert told == {
        one: (before[one], after[one]) for one in before if before[one] != after[one]
    }  # fmt: skip
    with warehouse.begin() as connection:
        assert dirty.due(connection, job.repository_id) == []

    assert gitinsight("identities", "unmerge", "brook")[0] == 0
    assert analyse(analysed, warehouse, NAME, as_of=as_of).state == "succeeded"
    assert hashes(warehouse, "marts") == shown
    assert figures(warehouse) == before
    warehouse.dispose()


def test_a_merge_that_cannot_be_made_has_no_preview(gitinsight: Gitinsight) -> None:
    code, _, err = gitinsight("identities", "preview", "nobody@x", "ada")
    assert code == 1
    assert "nobody@x in the mart dim_actor" in err
