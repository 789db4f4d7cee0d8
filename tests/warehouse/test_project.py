"""Relations of a compiled project are made once, filled by each job, and asked by its tests."""

import threading
import time
from collections.abc import Callable

import msgspec
import psycopg
import pytest

from gitinsight.errors import BrokenEnvironment, Cancelled
from tests.support.analyses import rows
from warehouse import project
from warehouse.engine import Engine, address
from warehouse.project import PREFIX, Column, Node, Outcome, Project
from warehouse.schemas import Schemas

COLUMNS = (
    Column("number", "bigint", is_required=True, comment="which it is; 100% {ours}"),
    Column("kind", "text", is_required=False, comment="its kind, 'odd' or even"),
)
KINDS = Node(
    "seed.kinds", "kinds", "seed", 'rest,kind\n0,even\n1,"odd, as ""they"" say"\n2,\n',
    subject="kinds", schema="staging", comment="Kinds.",
    columns=(
        Column("rest", "integer", is_required=False, comment="of two"),
        Column("kind", "text", is_required=False, comment="kind"),
    ),
)  # fmt: skip
VIEW = Node(
    "model.stg", "stg", "model",
    "select n from generate_series(1, current_setting('gitinsight.most')::int) as n -- all",
    subject="stg", schema="staging", is_view=True, comment="A view.",
    columns=(Column("n", "", is_required=False, comment="a number"),),
)  # fmt: skip
PLAIN = Node(
    "model.int", "int", "model",
    f'select n % 2 as rest, n from "{PREFIX}staging"."stg" where n::text like \'%\'',
    ("model.stg",), "int", "intermediate", indexes=((True, ("n",)),),
)  # fmt: skip
MART = Node(
    "model.mart", "mart", "model",
    f"""with held as (select * from "{PREFIX}intermediate"."int")
    select kind, n::bigint as number from held
    left join "{PREFIX}staging"."kinds" as kinds using (rest) -- {{ no more }}""",
    ("model.int", "seed.kinds"), "mart", "candidate", comment="A mart.", columns=COLUMNS,
    has_contract=True, key=("number",),
)  # fmt: skip
TEST = Node(
    "test.few", "few", "test", f'select 1 from "{PREFIX}candidate"."mart" where number > 3',
    ("model.mart",), "mart",
)  # fmt: skip
ALL = Project("one", (KINDS, VIEW, PLAIN, MART, TEST))


@pytest.fixture
def build(warehouse: Engine) -> Callable[..., dict[str, Outcome]]:
    def build(these: Project = ALL, most: int = 3, **options: object) -> dict[str, Outcome]:
        done = project.build(
            address(warehouse), these, settings={"most": str(most)},
            **options,  # type: ignore[arg-type]
        )  # fmt: skip
        return {one.node.name: one for one in done}

    return build


def changed(node: Node, **parts: object) -> Project:
    """ALL with one node that is another."""
    other = msgspec.structs.replace(node, **parts)
    return Project(f"{parts}", tuple(other if one is node else one for one in ALL.nodes))


@pytest.mark.parametrize("threads", [1, 4])
def test_every_relation_is_filled_anew_by_each_job(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine, threads: int
) -> None:
    told: list[tuple[str, int, int]] = []

    first = build(
        threads=threads, tell=lambda node, done, total: told.append((node.name, done, total))
    )
    held = rows(warehouse, "select number, kind from candidate.mart order by 1")
    again = build(most=5, threads=threads)

    assert {one.status for one in first.values()} == {"success", "pass"}
    assert set(first) == {"kinds", "stg", "int", "mart", "few"}
    assert told == [("int", 3, 5), ("mart", 4, 5)]
    assert held == [(1, 'odd, as "they" say'), (2, "even"), (3, 'odd, as "they" say')]
    assert rows(warehouse, "select kind is null from staging.kinds where rest = 2") == [(True,)]
    assert (again["few"].status, again["few"].failures) == ("fail", 2)
    assert again["few"].message == "2 found, fails if != 0"
    assert rows(
        warehouse,
        "select reltuples from pg_class where relname = 'mart' and relkind = 'r'"
        " and relnamespace = 'candidate'::regnamespace",
    ) == [(5.0,)]


def test_what_is_made_is_described_and_made_once(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine
) -> None:
    def relations() -> list[tuple[object, ...]]:
        return rows(
            warehouse,
            "select oid, relname from pg_class where relname in ('kinds', 'stg', 'int', 'mart')"
            " and relnamespace::regnamespace::text in ('staging', 'intermediate', 'candidate')"
            " order by oid",
        )  # fmt: skip

    build()
    made = relations()
    build(most=9)

    assert len(made) == 4
    assert relations() == made
    assert rows(
        warehouse,
        "select attname, format_type(atttypid, null), attnotnull, col_description(attrelid, attnum)"
        " from pg_attribute where attrelid = 'candidate.mart'::regclass and attnum > 0"
        " order by attnum",
    ) == [
        ("number", "bigint", True, "which it is; 100% {ours}"),
        ("kind", "text", False, "its kind, 'odd' or even"),
    ]
    assert rows(warehouse, "select obj_description('staging.stg'::regclass, 'pg_class')") == [
        ("A view.",)
    ]
    assert rows(
        warehouse, "select indisunique from pg_index where indrelid = 'intermediate.int'::regclass"
    ) == [(True,)]


def test_another_project_leaves_nothing_of_the_one_before(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine
) -> None:
    build()
    build(Project("two", (KINDS, VIEW, PLAIN)))

    assert rows(warehouse, "select to_regclass('candidate.mart')") == [(None,)]


def test_schemas_of_another_prefix_are_others(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine
) -> None:
    build()
    done = build(most=2, schemas=Schemas(made="past_"), with_tests=False)

    assert set(done) == {"kinds", "stg", "int", "mart"}
    assert rows(
        warehouse,
        "select (select count(*) from candidate.mart), (select count(*) from past_candidate.mart)",
    ) == [(3, 2)]


@pytest.mark.parametrize(
    ("repository_ids", "held"), [(None, [1, 2, 3]), ([2], [2]), ([3, 1], [1, 3]), ([], [])]
)
def test_a_job_is_about_its_repositories(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine,
    repository_ids: list[int] | None, held: list[int],
) -> None:  # fmt: skip
    of_job = f'select n % 2 as rest, n from "{PREFIX}staging"."stg" where any_repository__(stg.n)'

    build(changed(PLAIN, sql=of_job), repository_ids=repository_ids)

    assert rows(warehouse, "select number from candidate.mart order by 1") == [(n,) for n in held]


def test_what_reads_a_model_that_fails_is_skipped(build: Callable[..., dict[str, Outcome]]) -> None:
    done = build(changed(PLAIN, sql=f'select 1 / (n - 2) as rest, n from "{PREFIX}staging"."stg"'))

    assert {name: one.status for name, one in done.items()} == {
        "kinds": "success", "stg": "success", "int": "error", "mart": "skipped", "few": "skipped",
    }  # fmt: skip
    assert done["int"].message == "division by zero"


def test_a_row_that_breaks_a_contract_is_refused(build: Callable[..., dict[str, Outcome]]) -> None:
    done = build(changed(MART, sql="select 'x' as kind, null::bigint as number"), with_tests=False)

    assert done["mart"].status == "error"
    assert "not-null" in str(done["mart"].message)


@pytest.mark.parametrize(
    "query",
    [
        "select 'x' as kind, 1 as number",
        "select 'x' as kind, 1::bigint as number, 2 as more",
        "select 'x' as kind",
    ],
)
def test_columns_that_break_a_contract_are_refused_before_anything_is_made(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine, query: str
) -> None:
    build()

    with pytest.raises(BrokenEnvironment, match="mart does not give what its contract says"):
        build(changed(MART, sql=query))

    assert rows(warehouse, "select count(*) from candidate.mart") == [(3,)]


def test_a_test_may_only_warn_and_counts_by_its_own_rule(
    build: Callable[..., dict[str, Outcome]],
) -> None:
    warned = build(changed(TEST, severity="warn", fails_if="> 1", counted="sum(2)"), most=4)
    passed = build(changed(TEST, severity="warn", fails_if="> 2"), most=4)

    assert (warned["few"].status, warned["few"].failures) == ("warn", 2)
    assert (passed["few"].status, passed["few"].failures) == ("pass", 1)


def test_a_job_that_is_cancelled_ends_what_runs(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine
) -> None:
    slow = Node(
        "model.slow", "slow", "model", "select pg_sleep(60)::text as n", (), "slow", "candidate"
    )

    def tell(node: Node, _done: int, _total: int) -> None:
        raise Cancelled("the job")

    started = time.monotonic()
    with pytest.raises(Cancelled):
        build(Project("slow", (slow, *ALL.nodes)), tell=tell)

    assert time.monotonic() - started < 20
    assert not running(warehouse)


def test_a_server_that_goes_away_is_no_outcome(
    build: Callable[..., dict[str, Outcome]], warehouse: Engine
) -> None:
    slow = changed(PLAIN, sql="select 1 as rest, 2 as n, pg_sleep(60)::text")

    def end() -> None:
        while not running(warehouse):
            time.sleep(0.05)
        rows(
            warehouse, "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'gitinsight-models' and datname = current_database()",
        )  # fmt: skip

    ender = threading.Thread(target=end)
    ender.start()
    with pytest.raises(psycopg.OperationalError):
        build(slow)
    ender.join()


def running(warehouse: Engine) -> bool:
    return bool(
        rows(
            warehouse,
            "select 1 from pg_stat_activity where application_name = 'gitinsight-models'"
            " and datname = current_database() and state = 'active' and query ~ 'pg_sleep'",
        )
    )
