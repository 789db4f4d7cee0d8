"""Builds the tables and views of a dbt project from the SQL that dbt has compiled.

dbt knows what depends on what and writes the SQL; it also spends its twentieth of a second on each
of hundreds of nodes, for every job. The relations are made once, and filled by each job.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from queue import SimpleQueue
from typing import Any, Literal

import msgspec
import psycopg
from psycopg.sql import SQL, Composable, Identifier
from psycopg.sql import Literal as Text

from gitinsight.errors import BrokenEnvironment
from warehouse.engine import NOTICED, NOTICING, UNREACHABLE, Address
from warehouse.schemas import MADE, NOW, Schemas

Kind = Literal["model", "seed", "test"]
Session = psycopg.Connection[tuple[Any, ...]]

PREFIX = "any_prefix__"
"""Stands before the name of every schema in compiled SQL."""
_SCHEMA = re.compile(rf"{PREFIX}(\w+)")
_OF_JOB = re.compile(r"any_repository__\(([\w.\"]+)\)")
"""Asks whether the repository that a column names is one of the job's."""
_MARK = "candidate"
"""The schema whose comment says which project its relations are of."""


class Column(msgspec.Struct, frozen=True):
    """``type`` is empty where the query decides."""

    name: str
    type: str
    is_required: bool
    comment: str


class Node(msgspec.Struct, frozen=True):
    """A relation, or a question about one.

    ``sql`` is the query, or the rows of a seed as CSV. ``subject`` is the relation that a test is
    about. A test fails by ``fails_if`` of ``counted``, both SQL, over what its query finds.
    """

    unique_id: str
    name: str
    kind: Kind
    sql: str
    needs: tuple[str, ...] = ()
    subject: str = ""
    schema: str = ""
    is_view: bool = False
    comment: str = ""
    columns: tuple[Column, ...] = ()
    has_contract: bool = False
    key: tuple[str, ...] = ()
    indexes: tuple[tuple[bool, tuple[str, ...]], ...] = ()
    severity: str = "error"
    counted: str = "count(*)"
    fails_if: str = "!= 0"

    @property
    def is_filled(self) -> bool:
        """By each job."""
        return self.kind == "model" and not self.is_view


class Project(msgspec.Struct, frozen=True):
    """``nodes`` by what they need: nothing comes before what it reads."""

    version: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` is success of a relation, pass, warn or fail of a test, error of whatever
    PostgreSQL refuses, and skipped of whatever reads that.
    """

    node: Node
    status: str
    failures: int | None = None
    message: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which schemas a query reads, and which repositories, null for all."""

    schemas: Schemas
    repository_ids: tuple[int, ...] | None = None

    def condition(self, column: str) -> str:
        """A constant, which PostgreSQL carries over to whatever is joined by it."""
        match self.repository_ids:
            case None:
                return "true"
            case (one,):
                return f"{column} = {one:d}"
            case these:
                return f"{column} = any('{{{','.join(f'{one:d}' for one in these)}}}'::bigint[])"


Tell = Callable[[Node, int, int], None]
"""What is done, how many are, and how many there are."""


def build(
    where: Address, project: Project, *, settings: Mapping[str, str],
    repository_ids: Sequence[int] | None = None, schemas: Schemas = NOW, with_tests: bool = True,
    threads: int = 2, tell: Tell = lambda *_: None,
) -> list[Outcome]:  # fmt: skip
    """Fill every table with what its query finds of these repositories, or of all, in a session of
    these ``settings``, and ask every test. Relations of another project, or none, are made anew
    first. One caller at a time.

    A node that PostgreSQL refuses is an outcome; a server that is away is raised, as is whatever
    ``tell`` raises: what runs is then ended.
    """
    with ExitStack() as stack:
        sessions = [stack.enter_context(_session(where, settings)) for _ in range(threads)]
        make(sessions[0], project, schemas)
        scope = _Scope(schemas, None if repository_ids is None else tuple(repository_ids))
        nodes = [one for one in project.nodes if with_tests or one.kind != "test"]
        made = [
            Outcome(one, "success") for one in nodes if one.kind != "test" and not one.is_filled
        ]
        asked = [one for one in nodes if one.kind == "test" or one.is_filled]
        return made + _run(sessions, asked, scope, len(made), tell)


def make(session: Session, project: Project, schemas: Schemas = NOW) -> None:
    """Make every relation that the project has, empty, unless they are there: all or none."""
    mark = f"What the models of dbt make; of the project {project.version}"
    with session.transaction():
        held = session.execute(
            "select obj_description(oid) from pg_namespace where nspname = %s",
            (schemas.named(_MARK),),
        ).fetchone()
        if held == (mark,):
            return
        for schema in MADE:
            name = Identifier(schemas.named(schema))
            session.execute(SQL("drop schema if exists {} cascade").format(name))
            session.execute(SQL("create schema {}").format(name))
        for node in project.nodes:
            if node.kind != "test":
                _make(session, node, schemas)
        session.execute(
            SQL("comment on schema {} is {}").format(Identifier(schemas.named(_MARK)), Text(mark))
        )


@contextmanager
def _session(where: Address, settings: Mapping[str, str]) -> Iterator[Session]:
    with psycopg.connect(
        host=where.host, port=where.port, user=where.user, password=where.password,
        dbname=where.database, autocommit=True, connect_timeout=10,
        application_name="gitinsight-models", **NOTICED,
        # A job that is killed leaves nothing running. What is lost with the server is made again
        # by whoever builds next, so nobody waits for a disk.
        options="-c timezone=UTC -c jit=off -c synchronous_commit=off"
        f" -c client_connection_check_interval=1s {NOTICING}",
    ) as session:  # fmt: skip
        for name, value in settings.items():
            session.execute("select set_config(%s, %s, false)", (f"gitinsight.{name}", value))
        yield session


def _run(
    sessions: list[Session], asked: list[Node], scope: _Scope, made: int, tell: Tell
) -> list[Outcome]:
    nodes = {one.unique_id: one for one in asked}
    order = TopologicalSorter({one.unique_id: set(one.needs) & nodes.keys() for one in asked})
    order.prepare()
    free: SimpleQueue[Session] = SimpleQueue()
    for session in sessions:
        free.put(session)
    bad: set[str] = set()
    found: list[Outcome] = []
    running: set[Future[Outcome]] = set()

    def work(node: Node) -> Outcome:
        if not bad.isdisjoint(node.needs):
            return Outcome(node, "skipped")
        session = free.get()
        try:
            return _answer(session, node, scope)
        finally:
            free.put(session)

    with ThreadPoolExecutor(len(sessions), "models") as pool:
        try:
            while order.is_active():
                running |= {pool.submit(work, nodes[name]) for name in order.get_ready()}
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for outcome in (one.result() for one in ended):
                    found.append(outcome)
                    node = outcome.node
                    if node.kind != "test":
                        if outcome.status != "success":
                            bad.add(node.unique_id)
                        tell(node, made + len(found), made + len(nodes))
                    order.done(node.unique_id)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for session in sessions:
                session.cancel_safe()
            raise
    return found


def _answer(session: Session, node: Node, scope: _Scope) -> Outcome:
    started = time.perf_counter()
    try:
        if node.kind == "test":
            status, failures, message = _ask(session, node, scope)
        else:
            _fill(session, node, scope)
            status, failures, message = "success", None, None
    except psycopg.Error as error:
        if isinstance(error, UNREACHABLE):
            raise
        status, failures, message = "error", None, str(error).strip()
    return Outcome(node, status, failures, message, time.perf_counter() - started)


def _fill(session: Session, node: Node, scope: _Scope) -> None:
    table, query = _relation(node, scope.schemas), _query(node, scope)
    if node.has_contract:
        names = _listed(one.name for one in node.columns)
        query = SQL("({0}) select {0} from ({1}) as found").format(names, query)
    with session.transaction():
        session.execute(SQL("truncate {}").format(table))
        session.execute(SQL("insert into {} {}").format(table, query))
        # Nobody else takes the statistics of a table before the next model reads it.
        session.execute(SQL("analyze {}").format(table))


def _ask(session: Session, node: Node, scope: _Scope) -> tuple[str, int, str | None]:
    [(failures, is_failed)] = session.execute(
        SQL("select {0}, {0} {1} from ({2}) as found").format(
            _ours(node.counted), _ours(node.fails_if), _query(node, scope)
        )
    ).fetchall()
    if not is_failed:
        return "pass", failures, None
    status = "warn" if node.severity == "warn" else "fail"
    return status, failures, f"{failures} found, fails if {node.fails_if}"


def _make(session: Session, node: Node, schemas: Schemas) -> None:
    relation = _relation(node, schemas)
    if node.kind == "seed" or node.has_contract:
        session.execute(SQL("create table {} ({})").format(relation, SQL(", ").join(_parts(node))))
        if node.has_contract:
            _compare(session, node, schemas)
    else:
        form = "create view {} as {}" if node.is_view else "create table {} as {} with no data"
        session.execute(SQL(form).format(relation, _query(node, _Scope(schemas))))
    for is_unique, columns in node.indexes:
        session.execute(
            SQL("create {} index on {} ({})").format(
                SQL("unique" if is_unique else ""), relation, _listed(columns)
            )
        )
    if node.kind == "seed":
        names = _listed(one.name for one in node.columns)
        with session.cursor().copy(
            SQL("copy {} ({}) from stdin (format csv, header)").format(relation, names)
        ) as copy:
            copy.write(node.sql)
    session.execute(
        SQL("comment on {} {} is {}").format(
            SQL("view" if node.is_view else "table"), relation, Text(node.comment)
        )
    )
    for column in node.columns:
        session.execute(
            SQL("comment on column {}.{} is {}").format(
                relation, Identifier(column.name), Text(column.comment)
            )
        )


def _compare(session: Session, node: Node, schemas: Schemas) -> None:
    """BrokenEnvironment where the query gives other columns than the contract says."""
    said, given = (
        {
            column.name: column.type_display
            for column in session.execute(
                SQL("select * from ({}) as found limit 0").format(query)
            ).description or ()
        }
        for query in (
            SQL("table {}").format(_relation(node, schemas)), _query(node, _Scope(schemas)),
        )
    )  # fmt: skip
    if wrong := sorted(said.items() ^ given.items()):
        raise BrokenEnvironment(
            f"{node.name} does not give what its contract says: {wrong}", "see its .sql and .yml"
        )


def _parts(node: Node) -> Iterator[Composable]:
    for one in node.columns:
        yield SQL("{} {} {}").format(
            Identifier(one.name), _ours(one.type), SQL("not null" if one.is_required else "")
        )
    if node.key:
        yield SQL("primary key ({})").format(_listed(node.key))


def _listed(names: Iterable[str]) -> Composable:
    return SQL(", ").join(map(Identifier, names))


def _relation(node: Node, schemas: Schemas) -> Identifier:
    return schemas.table(node.schema, node.name)


def _query(node: Node, scope: _Scope) -> Composable:
    """On lines of its own: its last one may be a comment."""
    told = _OF_JOB.sub(lambda found: scope.condition(found[1]), node.sql)
    return _ours(f"\n{_SCHEMA.sub(lambda found: scope.schemas.named(found[1]), told)}\n")


def _ours(text: str) -> SQL:
    """What stands in the project's own files."""
    return SQL(text)
