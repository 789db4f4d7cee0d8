"""The contract is what the staging models read, no more and no less."""

import re

import pytest

from flows.project import DIRECTORY
from gitinsight.things.catalogue import GITHUB_THINGS
from warehouse.expectations.contract import CONTRACTS

_MACROS = ("repository_counters", "profile_columns")
_KEY = re.compile(r"payload\s*(?:->>?|\?)\s*'(\w+)'|payload\s*#>>?\s*'\{(\w+)|'\$\.(\w+)")
_ONLY_RECONCILED = {"repositories": {"full_name", "open_issues_count"}, "milestones": {"number"}}
"""Read by the ledger and the gate."""
_AT_ONCE = re.compile(r"jsonb_to_record\(held\.payload\)\s+as \w+ \((.*?)\n\s+\)", re.DOTALL)
_COLUMN = re.compile(r"^\s*(\w+) \w+,?$", re.MULTILINE)


def staged(thing: str) -> set[str]:
    """Keys of the payload that the staging models of a thing name."""
    text = (DIRECTORY / "models" / "staging" / f"stg_github__{thing}.sql").read_text("utf-8")
    macros = (DIRECTORY / "macros" / "payloads.sql").read_text("utf-8")
    for name in _MACROS:
        if f"{name}()" in text:
            text += macros[macros.index(f"macro {name}") :].partition("endmacro")[0]
    columns = {name for found in _AT_ONCE.findall(text) for name in _COLUMN.findall(found)}
    return columns | {key for found in _KEY.findall(text) for key in found if key}


@pytest.mark.parametrize("thing", sorted(CONTRACTS))
def test_what_is_read_is_in_the_contract(thing: str) -> None:
    agreed = {path.partition(".")[0] for path in CONTRACTS[thing].read}

    assert agreed - _ONLY_RECONCILED.get(thing, set()) == staged(thing)


def test_everything_that_is_staged_has_a_contract() -> None:
    models = (DIRECTORY / "models" / "staging").glob("stg_github__*.sql")
    names = {one.stem.removeprefix("stg_github__") for one in models}
    things = names - {f"{name}_history" for name in names}

    assert things == CONTRACTS.keys()
    assert CONTRACTS.keys() <= {thing.name for thing in GITHUB_THINGS}


def test_a_path_is_in_one_part_alone_and_below_an_object() -> None:
    for contract in CONTRACTS.values():
        parts = (contract.always, contract.usually, contract.sometimes)
        assert len(contract.read) == sum(map(len, parts))
        for path in contract.read:
            parent = path.rpartition(".")[0]
            assert not parent or contract.read[parent] == "object"
