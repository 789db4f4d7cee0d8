"""The dbt project keeps to its layers, and every mart says what it is."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.checkout import ROOT

PROJECT = ROOT / "dbt"
_REFERENCE = re.compile(r"""ref\(['"](\w+)['"]\)|["'](stg_\w+|int_\w+)["']""")
_SOURCE = re.compile(r"source\('(\w+)', '(\w+)'\)")
_LAYERS = {
    "staging": {"staging", "seeds"},
    "intermediate": {"staging", "intermediate", "seeds"},
    "marts": {"staging", "intermediate", "marts", "seeds"},
}
"""Each layer and those that it may read."""
_NAMES = {"staging": r"stg_(github|git|ops)__\w+", "intermediate": r"int_\w+", "marts": r"\w+"}
SQL = {path.stem: path for layer in _LAYERS for path in (PROJECT / "models" / layer).glob("*.sql")}
LAYERS = {name: path.parent.name for name, path in SQL.items()} | {
    path.stem: "seeds" for path in (PROJECT / "seeds").glob("*.csv")
}
DESCRIBED = {
    one["name"]: one
    for path in (PROJECT / "models").rglob("*.yml")
    for one in yaml.safe_load(path.read_text("utf-8")).get("models", ())
}
MARTS = [name for name, layer in LAYERS.items() if layer == "marts"]


def reads(path: Path) -> set[str]:
    return {one or other for one, other in _REFERENCE.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("layer", _LAYERS)
def test_a_layer_reads_no_later_one(layer: str) -> None:
    models = {name: path for name, path in SQL.items() if LAYERS[name] == layer}

    wrong = {
        name: found
        for name, path in models.items()
        if (found := {one for one in reads(path) if LAYERS[one] not in _LAYERS[layer]})
    }
    assert wrong == {}
    assert [name for name in models if not re.fullmatch(_NAMES[layer], name)] == []


def test_what_was_extracted_is_read_by_staging_alone() -> None:
    found = {
        name: schemas
        for name, path in SQL.items()
        if (schemas := {schema for schema, _ in _SOURCE.findall(path.read_text("utf-8"))})
    }

    assert {LAYERS[name] for name, schemas in found.items() if "raw" in schemas} == {"staging"}
    assert [name for name in found if LAYERS[name] == "marts"] == []


def test_every_model_is_read_and_described() -> None:
    python = "".join(
        path.read_text("utf-8")
        for package in ("warehouse", "flows")
        for path in (ROOT / package).rglob("*.py")
    )
    read = set().union(*(reads(path) for path in SQL.values()))

    unread = {name for name in SQL if LAYERS[name] != "marts" and name not in read}
    assert {name for name in unread if f".{name}" not in python} == set()
    assert SQL.keys() == DESCRIBED.keys()
    assert [name for name, one in DESCRIBED.items() if not one["description"].strip()] == []


@pytest.mark.parametrize("name", MARTS)
def test_a_mart_has_an_owner_a_contract_a_key_and_says_what_each_column_is(name: str) -> None:
    mart: dict[str, Any] = DESCRIBED[name]
    columns = {one["name"]: one for one in mart["columns"]}
    (key,) = [one["columns"] for one in mart["constraints"] if one["type"] == "primary_key"]

    assert mart["config"]["meta"]["owner"]
    assert mart["config"]["contract"] == {"enforced": True}
    assert mart["description"].startswith("One row per ")
    assert [one for one in columns.values() if not one.get("description")] == []
    assert [one for one in columns.values() if not one.get("data_type")] == []
    assert key[0] == "repository_id"
    for column in key:
        assert {"type": "not_null"} in columns[column]["constraints"]
    assert [column for column in columns if not re.fullmatch(r"[a-z][a-z0-9_]*", column)] == []


def test_how_somebody_sounds_is_no_figure_of_a_person() -> None:
    """What is made of tones is by repository, time or thread: nobody is in it, or ranked by it."""
    toned, before = {"int_texts"}, set[str]()
    while toned != before:
        before, toned = toned, toned | {name for name, path in SQL.items() if reads(path) & toned}
    shown = [name for name in toned if LAYERS[name] == "marts"]
    wrong = [
        f"{name}.{column['name']}"
        for name in shown
        for column in DESCRIBED[name]["columns"]
        if re.search(r"login|person(?!s_count)|actor|author|email", column["name"])
    ]

    assert {"sentiment_daily", "sentiment_thread"} <= set(shown)
    assert wrong == []
    assert "text_tone" not in "".join(
        path.read_text("utf-8") for name, path in SQL.items() if name != "int_texts"
    )
