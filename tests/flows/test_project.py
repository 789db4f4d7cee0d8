"""dbt compiles the project once for each version of its files; what nobody here does is refused."""

import json
import shutil
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from flows import project
from gitinsight.errors import BrokenEnvironment
from warehouse.project import PREFIX

PROFILE = (project.DIRECTORY / "profiles.yml").read_text("utf-8")
PROJECT = """
name: small
version: "1.0"
profile: gitinsight
models: {small: {+schema: candidate, +materialized: table}}
seeds: {small: {+schema: staging}}
"""
MART = "select n::bigint as n from {{ source('raw', 'things') }}, {{ ref('kinds') }}"
MODELS = """
models:
  - name: mart
    description: A mart.
    config: {contract: {enforced: true}}
    constraints: [{type: primary_key, columns: [n]}]
    columns:
      - {name: n, data_type: bigint, description: a number, constraints: [{type: not_null}]}
sources:
  - name: raw
    schema: "{{ env_var('GITINSIGHT_DBT_SCHEMA_PREFIX', '') }}raw"
    tables: [{name: things}]
seeds:
  - name: kinds
    config: {column_types: {kind: text}}
    columns:
      - name: kind
        description: a kind
        data_tests: [{not_null: {config: {severity: warn}}}]
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project that can be written to."""
    shutil.copytree(project.DIRECTORY / "macros", tmp_path / "dbt" / "macros")
    for name, body in {
        "dbt_project.yml": PROJECT, "profiles.yml": PROFILE, "models/_models.yml": MODELS,
        "models/mart.sql": MART,
        "seeds/kinds.csv": "kind\nodd\n",
    }.items():  # fmt: skip
        (tmp_path / "dbt" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "dbt" / name).write_text(body)
    return tmp_path / "dbt"


def test_a_project_is_compiled_once_and_again_when_a_file_of_it_changes(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    first = project.compiled(home, directory=small)
    kinds, mart, test = first.nodes

    assert (kinds.kind, kinds.sql, kinds.columns[0].type) == ("seed", "kind\nodd\n", "text")
    assert (mart.schema, mart.comment, mart.key, mart.has_contract) == (
        "candidate", "A mart.", ("n",), True,
    )  # fmt: skip
    assert mart.sql == (
        f'select n::bigint as n from "{PREFIX}raw"."things", "{PREFIX}staging"."kinds"'
    )
    assert set(mart.needs) == {kinds.unique_id}
    assert (test.kind, test.subject, test.severity) == ("test", "kinds", "warn")
    kept = list((small / "target").glob("compiled-*.json"))
    assert len(kept) == 1
    with monkeypatch.context() as patched:
        patched.setattr(project, "_DBT", "/nowhere/dbt")
        assert project.compiled(home, directory=small) == first

    (small / "seeds" / "kinds.csv").write_text("kind\neven\n")
    second = project.compiled(home, directory=small)

    assert second.version != first.version
    assert second.nodes[0].sql == "kind\neven\n"
    assert list((small / "target").glob("compiled-*.json")) != kept
    assert len(list((small / "target").glob("compiled-*.json"))) == 1
    assert not home.exists()

    # Where the project cannot be written it is kept in the state directory.
    shutil.rmtree(small / "target")
    (small / "target").write_text("no directory")
    assert project.compiled(home, directory=small) == second
    assert [one.name for one in home.glob("*.json")] == [f"compiled-{second.version}.json"]


def test_what_nobody_here_does_is_refused(small: Path) -> None:
    asked = {
        "materialized='incremental'": "materialized incremental",
        "post_hook='vacuum'": "hooks",
        "alias='other'": "an alias",
        "grants={'select': ['x']}": "grants",
    }
    for number, words in enumerate(asked):
        (small / "models" / f"model_{number}.sql").write_text(f"{{{{ config({words}) }}}} select 1")

    nodes = project._compile(small)["nodes"]  # noqa: SLF001 - once for all: dbt takes its time

    for number, what in enumerate(asked.values()):
        with pytest.raises(BrokenEnvironment, match=f"model_{number} asks for {what}"):
            project._check(nodes[f"model.small.model_{number}"])  # noqa: SLF001


def test_a_project_that_is_broken_is_said_to_be(small: Path, tmp_path: Path) -> None:
    (small / "dbt_project.yml").write_text("name: [")

    with pytest.raises(BrokenEnvironment, match="dbt does not compile"):
        project.compiled(tmp_path, directory=small)


def test_our_own_project_is_compiled_in_an_order_that_can_be_followed(tmp_path: Path) -> None:
    found = project.compiled(tmp_path)

    seen: set[str] = set()
    for node in found.nodes:
        assert seen >= set(node.needs)
        seen.add(node.unique_id)
    assert {"repository_summary", "stg_github__issues", "known_bots"} <= {
        one.name for one in found.nodes
    }
    assert all(one.columns for one in found.nodes if one.schema == "candidate")


def test_what_is_unique_in_a_mart_is_so_within_its_repository(tmp_path: Path) -> None:
    marts = [one for one in project.compiled(tmp_path).nodes if one.schema == "candidate"]
    unique = [(one.name, one.key) for one in marts if one.kind == "model"] + [
        (one.name, columns) for one in marts for is_unique, columns in one.indexes if is_unique
    ]

    assert len(unique) >= 32
    assert [name for name, columns in unique if "repository_id" not in columns] == []


def test_the_manifest_is_read_without_a_database(tmp_path: Path) -> None:
    manifest = project.manifest(tmp_path)

    json.dumps(manifest, default=str)
    assert "model.gitinsight.repository_summary" in manifest["nodes"]


def test_what_all_repositories_hold_is_read_of_those_of_the_job_alone(tmp_path: Path) -> None:
    """A join by the repository is enough: PostgreSQL carries the constant over."""
    nodes = project.compiled(tmp_path).nodes
    shared = {one.name for one in nodes if one.is_view and "repository_id" in one.sql}
    unbounded = [
        (node.name, read)
        for node in nodes
        if node.kind == "model" and not node.is_view
        for select in sqlglot.parse_one(node.sql, read="postgres").find_all(exp.Select)
        for schema, read in _reads(select)
        if read in shared or schema not in _BUILT
        if not _is_of_job(select)
    ]

    assert len(shared) >= 30
    assert unbounded == []


_BUILT = {"", *(f"{PREFIX}{one}" for one in ("staging", "intermediate", "candidate"))}
"""Or a part of the query itself."""


def _reads(select: exp.Select) -> set[tuple[str, str]]:
    """Schema, none for a CTE, and name."""
    parts = [select.args.get("from_"), *(select.args.get("joins") or ())]
    return {
        (one.this.db, one.this.name) for one in parts if one and isinstance(one.this, exp.Table)
    }


def _is_of_job(select: exp.Select) -> bool:
    return any(
        one.name == "any_repository__" and one.find_ancestor(exp.Select) is select
        for one in select.find_all(exp.Anonymous)
    )
