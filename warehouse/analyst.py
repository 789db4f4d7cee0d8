"""What analysts may do by hand: read marts and insights, so long and so much as they are told."""

import hmac
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import Error, errors
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier
from psycopg.sql import Literal as Value
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from gitinsight.errors import BrokenEnvironment, first_line
from warehouse import past
from warehouse.engine import UNFIT, UNREACHABLE, Connection, driver
from warehouse.statements import (
    AnswerTooLarge,
    Guarded,
    Known,
    QueryFailed,
    StatementTooCostly,
)

ROLE = "gitinsight_analyst"
SCHEMAS = ("marts", "insights")
_PAST = {"marts": past.MARTS, "insights": past.INSIGHTS}
_TIMEOUT = "30s"
_LOCK_KEY = 7_105_204
_SESSION = (
    "-c timezone=UTC -c standard_conforming_strings=on -c default_transaction_read_only=on"
    " -c intervalstyle=iso_8601"
)
_KNOWN = """
select nspname, relname, array_agg(attname::text order by attnum)
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
where nspname = any(%s) and relkind in ('r', 'p', 'v', 'm')
group by nspname, relname
"""
# The last column counts before anything is sent, for one row alone may be a gigabyte.
# PostgreSQL has no way to fail on purpose but to be given something that is none.
_BOUNDED = """
select * from (
    select answer.*,
        sum(octet_length((answer.*)::text)) over (rows unbounded preceding) as {bytes}
    from (
{statement}
    ) as answer
    limit {rows}
) as counted
where case when {bytes} <= {most} then true else ({bytes} || ' bytes')::pg_lsn is null end
"""
_BYTES = "gitinsight_bytes"
_BIGINT_DIGITS = 19
_MAX_LEVELS = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """``cost`` is what PostgreSQL plans with, and is no unit of time; null is no limit."""

    rows: int
    seconds: int = 5
    bytes: int = 16 * 2**20
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """``columns`` are names and types as PostgreSQL has them; ``is_cut`` where there are more rows
    than were asked for; ``tables`` as the gate tells them.
    """

    columns: list[tuple[str, str]]
    rows: list[tuple[Any, ...]]
    is_cut: bool
    tables: Mapping[tuple[str, str], tuple[str, ...]]


def ask(
    connection: Connection, text: str, limits: Limits, *, readable: Collection[int] | None = None,
    is_past: bool = False,
) -> Answer:  # fmt: skip
    """The answer to a stranger's statement, which has passed the gate, in a session that logged in
    as an analyst. ``connection`` is the owner's, and only looks up which tables there are; one of
    QueryFailed says why not. ``readable`` are the repositories whose rows may be seen; null: all.
    """
    # Whoever is never asked does not load the parser.
    from warehouse.sql_gate import guarded  # noqa: PLC0415

    moved = _PAST if is_past else {}
    known = _known(connection, moved)
    found = guarded(text, known, readable=readable, moved=moved)
    return run(connection, found, limits, role=past.ROLE if is_past else ROLE)


def run(
    connection: Connection, found: Guarded, limits: Limits, *, role: str = ROLE
) -> Answer:  # fmt: skip
    """The same without the gate: what the rights of the role alone allow."""
    statement = _BOUNDED.format(
        statement=found.statement, rows=limits.rows + 1, most=limits.bytes, bytes=_BYTES
    ).encode()
    with _login(connection, role) as session, session.cursor() as cursor:
        try:
            cursor.execute("set transaction read only")
            cursor.execute("set local search_path = ''")
            cursor.execute(
                SQL("set local statement_timeout = {}").format(Value(limits.seconds * 1_000))
            )
            _check_cost(cursor, statement, limits.cost)
            cursor.execute(statement, prepare=True)  # what is prepared is one statement
            rows = [row[:-1] for row in cursor.fetchall()]
            columns = _columns(cursor)
        except errors.QueryCanceled as error:
            raise StatementTooCostly(f"it takes longer than {limits.seconds} seconds") from error
        except (errors.ConfigurationLimitExceeded, errors.OutOfMemory) as error:
            raise StatementTooCostly(_reason(error)) from error
        except errors.InvalidTextRepresentation as error:
            if "pg_lsn" not in str(error):
                raise QueryFailed(_reason(error)) from error
            raise AnswerTooLarge(f"its answer has more than {limits.bytes} bytes") from error
        except (*UNFIT, errors.ReadOnlySqlTransaction) as error:
            raise QueryFailed(_reason(error)) from error
        except UNREACHABLE:
            raise  # the server is away, which is no fault of the statement
        except (Error, ValueError, OverflowError) as error:
            raise QueryFailed(_reason(error)) from error
        except RecursionError as error:
            raise QueryFailed("a value of its answer is nested too deeply") from error
        finally:
            session.rollback()
    return Answer(columns[:-1], rows[: limits.rows], len(rows) > limits.rows, found.tables)


def select(connection: Connection, text: str, *, is_past: bool = False) -> list[dict[str, Any]]:
    """The rows of one statement of our own, a formula of the catalogue, with the rights of an
    analyst; QueryFailed says why not. A statement of a stranger is for ``ask``: a role that is only
    put on can be taken off. Of the past another role reads what was built last of it, and nothing
    that is of today.
    """
    role, schemas = (past.ROLE, past.MARTS) if is_past else (ROLE, "marts, insights")
    raw = driver(connection)
    cursor = raw.cursor(row_factory=dict_row)
    try:
        cursor.execute("set transaction read only")
        cursor.execute(SQL("set local role {}").format(Identifier(role)))
        cursor.execute(SQL("set local search_path = " + schemas))
        cursor.execute(SQL("set local statement_timeout = {}").format(_TIMEOUT))
        cursor.execute(text.encode(), prepare=True)  # one statement: what is prepared has no `;`
        return cursor.fetchall() if cursor.description else []
    except Error as error:
        raise QueryFailed(first_line(error)) from error
    finally:
        raw.rollback()  # and with it the role; SQLAlchemy knows of no transaction here


def _known(connection: Connection, moved: Mapping[str, str]) -> Known:
    real = {moved.get(one, one): one for one in SCHEMAS}
    known: dict[str, dict[str, list[str]]] = {one: {} for one in SCHEMAS}
    for schema, table, columns in driver(connection).execute(_KNOWN, (list(real),)):
        known[real[schema]][table] = columns
    return known


def _check_cost(
    cursor: psycopg.Cursor[tuple[Any, ...]], statement: bytes, most: int | None
) -> None:
    if most is None:
        return
    cursor.execute(b"explain (format json) " + statement)
    ((plans,),) = cursor.fetchall()
    cost = plans[0]["Plan"]["Total Cost"]
    if cost > most:
        raise StatementTooCostly(f"PostgreSQL plans a cost of {cost:.3g}, more than {most:.3g}")


def _columns(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[tuple[str, str]]:
    found = cursor.description or []
    cursor.execute(
        "select oid, format_type(oid, null) from pg_type where oid = any(%s::oid[])",
        ([one.type_code for one in found],),
    )
    types = dict(cursor.fetchall())
    return [(one.name, types.get(one.type_code, "unknown")) for one in found]


def _reason(error: BaseException) -> str:
    hint = error.diag.message_hint if isinstance(error, Error) else None
    return f"{first_line(error)}. {hint}" if hint else first_line(error)


def _login(connection: Connection, role: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A session that was never the owner's, so no statement can go back to be the owner. Its
    password follows from the owner's: whoever knows that one needs no other.
    """
    url = connection.engine.url
    password = url.password and hmac.digest(url.password.encode(), role.encode(), "sha256").hex()
    analyst = url.set(drivername="postgresql", username=role, password=password)
    address = analyst.render_as_string(hide_password=False)
    try:
        return _connected(address)
    except psycopg.OperationalError as error:
        if password is None or "password authentication failed" not in str(error):
            raise
    try:
        with connection.engine.begin() as owner:
            raw = driver(owner)
            raw.execute("select pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
            raw.execute(SQL("alter role {} password {}").format(Identifier(role), Value(password)))
    except (errors.InsufficientPrivilege, errors.UndefinedObject) as error:
        raise BrokenEnvironment(
            f"{role} cannot log in: {first_line(error)}",
            "let an administrator make this role, and let the owner of the warehouse change it",
        ) from error
    return _connected(address)


def _connected(address: str) -> psycopg.Connection[tuple[Any, ...]]:
    session = psycopg.connect(
        address, application_name="gitinsight-sql", options=_SESSION, connect_timeout=10
    )
    set_json_loads(_json, session)
    session.adapters.register_loader("interval", TextLoader)  # a month is not thirty days
    return session


def _json(text: str | bytes) -> Any:
    """Whoever passes a value on does so level by level, and has not many."""
    found = json.loads(text, parse_int=_integer)
    inside = [found]
    for _ in range(_MAX_LEVELS):
        inside = [deeper for one in inside for deeper in _within(one)]
        if not inside:
            return found
    raise RecursionError


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _integer(digits: str) -> int | Decimal:
    """What has more than 64 bits no reader of JSON takes for an integer."""
    return int(digits) if len(digits) < _BIGINT_DIGITS else Decimal(digits)
