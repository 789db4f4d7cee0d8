"""Merges by the command line: suggested with what speaks for them, made, listed, taken back."""

import json

from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"
ALIAS = "unclaimed@example.invalid"


def test_suggestions_come_with_their_evidence_until_they_are_merged(
    gitinsight: Gitinsight, analysed: Settings
) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update raw.git_commits set author_name = 'Else, Somebody'"
            " where author_email = 'brook@example.invalid'"
        )
    warehouse.dispose()

    code, out, _ = gitinsight("identities", "suggest", NAME, "--json")
    assert code == 0
    assert json.loads(out) == [
        {
            "repository": NAME, "alias": ALIAS, "person": "brook", "score": 0.95,
            "evidence": "same name: else somebody",
        }
    ]  # fmt: skip
    assert json.loads(gitinsight("identities", "suggest", "--least", "0.96", "--json")[1]) == []

    gitinsight("identities", "merge", ALIAS, "brook", "--reason", "same name", "--by", "eve")
    assert json.loads(gitinsight("identities", "suggest", "--json")[1]) == []


def test_merges_are_listed_with_who_and_why_those_taken_back_on_demand(
    gitinsight: Gitinsight,
) -> None:
    gitinsight("identities", "merge", ALIAS, "brook", "--reason", "told me", "--by", "eve")
    [row] = json.loads(gitinsight("identities", "list", "--json")[1])
    assert (row["alias"], row["person"], row["reason"]) == (ALIAS, "brook", "told me")

    gitinsight("identities", "unmerge", ALIAS, "--by", "bob")
    assert json.loads(gitinsight("identities", "list", "--json")[1]) == []
    [row] = json.loads(gitinsight("identities", "list", "--all", "--json")[1])
    assert (row["merged_by"], row["unmerged_by"]) == ("eve", "bob")
    code, _, err = gitinsight("identities", "unmerge", ALIAS)
    assert (code, f"a merge of {ALIAS}" in err) == (1, True)
