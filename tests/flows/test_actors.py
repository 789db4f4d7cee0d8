"""What is said by hand about an account goes before every rule, and can be taken back."""

import json

from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.support.analyses import analyse, rows
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"


def test_a_class_that_is_set_moves_the_figures_and_comes_back(
    gitinsight: Gitinsight, analysed: Settings
) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    actors = (
        "select actor_class, bot_source, evidence from marts.dim_actor where login = 'synthetic-ci'"
    )
    people = "select participants_count from marts.repository_summary"
    before, [(persons,)] = rows(warehouse, actors), rows(warehouse, people)
    assert before[0][:2] == ("bot", "list")

    code, out, _ = gitinsight(
        "actors", "set", "Synthetic-CI", "--class", "human", "--reason", "a person after all"
    )
    assert (code, "is human" in out) == (0, True)
    assert analyse(analysed, warehouse, NAME).state == "succeeded"
    [(actor_class, source, evidence)] = rows(warehouse, actors)
    assert (actor_class, source) == ("human", "override")
    assert evidence[0] == "override: human, a person after all"
    assert rows(warehouse, people) == [(persons + 1,)]

    assert gitinsight("actors", "unset", "synthetic-ci")[0] == 0
    assert analyse(analysed, warehouse, NAME).state == "succeeded"
    assert rows(warehouse, actors) == before
    assert rows(warehouse, people) == [(persons,)]
    warehouse.dispose()


def test_an_account_is_shown_with_all_that_speaks(
    gitinsight: Gitinsight, analysed: Settings
) -> None:
    _, out, _ = gitinsight("actors", "show", "Synthetic-CI", "--json")
    [row] = json.loads(out)
    assert (row["repository"], row["login"], row["bot_source"]) == (NAME, "synthetic-ci", "list")
    assert row["evidence"][0].startswith("list: bot")
    _, out, _ = gitinsight("actors", "show", "synthetic-ci")
    assert "name: it is named like a machine" in " ".join(out.split())

    code, _, err = gitinsight("actors", "show", "nobody-there")
    assert (code, "an account nobody-there" in err) == (1, True)


def test_classes_are_listed_with_their_reasons(gitinsight: Gitinsight) -> None:
    for actor_class, reason in (("bot", "first"), ("ai_agent", "then")):
        gitinsight("actors", "set", "ann", "--class", actor_class, "--reason", reason)

    _, out, _ = gitinsight("actors", "list", "--json")

    [row] = json.loads(out)
    assert (row["login"], row["actor_class"], row["reason"]) == ("ann", "ai_agent", "then")


def test_what_was_not_set_cannot_be_taken_back(gitinsight: Gitinsight) -> None:
    code, _, err = gitinsight("actors", "unset", "nobody")
    assert code == 1
    assert "a class that was set for nobody" in err


def test_an_unknown_class_is_refused(gitinsight: Gitinsight) -> None:
    code, _, err = gitinsight("actors", "set", "ann", "--class", "ghost", "--reason", "x")
    assert code == 1
    assert "ai_agent" in err


def test_a_hidden_account_is_shown_nowhere_until_it_is_shown_again(
    gitinsight: Gitinsight, analysed: Settings
) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    ask = "select login from marts.dim_actor where login in ('ada', 'hidden.1')"
    persons = "select top_persons::text like '%%\"ada\"%%' from insights.bus_factor"
    assert gitinsight("actors", "hide", "Ada")[0] == 0
    assert rows(warehouse, ask) == [("hidden.1",)]
    _, out, _ = gitinsight("actors", "hidden", "--json")
    assert json.loads(out) == [{"login": "ada"}]

    assert analyse(analysed, warehouse, NAME, is_full=True).state == "succeeded"
    assert rows(warehouse, ask) == [("hidden.1",)]
    assert {held for (held,) in rows(warehouse, persons)} == {False}

    assert gitinsight("actors", "unhide", "ada")[0] == 0
    assert analyse(analysed, warehouse, NAME, is_full=True).state == "succeeded"
    assert rows(warehouse, ask) == [("ada",)]
    warehouse.dispose()
