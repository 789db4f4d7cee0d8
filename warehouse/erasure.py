"""Takes a person out of every table that there is, and looks for him in every table afterwards.

Tables and columns come from PostgreSQL's own catalogue, so that none can be forgotten. The two do
not share how they find: what is written goes by words (``gitinsight/veil.py``), what is proved by
expressions over the whole text of a column.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any

import msgspec
from psycopg import errors
from psycopg.rows import class_row
from psycopg.sql import SQL, Composable, Composed, Identifier

from gitinsight.github.payloads import content_hash
from gitinsight.veil import Ghost, Veil
from warehouse import forgotten
from warehouse.engine import Connection, Engine, driver
from warehouse.forgotten import Person

_COLUMNS = """
select space.nspname as schema, held.relname as table, attname as name,
    format_type(atttypid, atttypmod) as type,
    case when attname in ('content_hash', 'digest', 'salt', 'start', 'vector') then 'digest'
        when kind.typname in ('json', 'jsonb') then 'json'
        when kind.typname = 'bytea' then 'bytes'
        when kind.typcategory = 'S' then 'text'
        when kind.typcategory = 'A' and item.typcategory = 'S' then 'texts'
        when kind.typcategory = 'N' then 'number'
        else 'other' end as kind,
    exists (select from pg_index where indrelid = held.oid and indisunique
        and attnum = any(indkey::int2[])) as is_key
from pg_attribute
join pg_class as held on held.oid = attrelid
join pg_namespace as space on space.oid = relnamespace
join pg_type as kind on kind.oid = atttypid
left join pg_type as item on item.oid = kind.typelem
where relkind = 'r' and attnum > 0 and not attisdropped and attgenerated = ''
    and nspname !~ '^(pg_|information_schema$)'
    and kind.typcategory not in ('B', 'D', 'T') and kind.typname <> 'uuid'
order by 1, 2, attnum
"""
"""But for truths and times, which name nobody; nor do digests, and numbers made of a text."""

_ACCOUNTS = re.compile(r"github_users(?:_history)?$")
_ACCOUNT_ID = re.compile(r"(?:^|_)(?:user|actor|author|owner|sender|creator)_id$")
_PERSONAL = re.compile(r"(?:author_name|committer_name|login|person)$")
_ERASED = {"json", "bytes", "text", "texts"}
_EDGE = "[A-Za-z0-9_-]"


@dataclass(frozen=True, slots=True)
class Column:
    schema: str
    table: str
    name: str
    type: str
    kind: str
    is_key: bool

    @property
    def is_account(self) -> bool:
        """Whether its numbers are those of accounts."""
        if self.kind != "number":
            return False
        is_own = self.name == "id" and bool(_ACCOUNTS.search(self.table))
        return is_own or bool(_ACCOUNT_ID.search(self.name))


@dataclass(slots=True)
class Changes:
    """``rows`` by column, ``removed`` rows by table: what they say stood there for another address
    already; repositories by what of them was changed.
    """

    rows: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    repositories: dict[str, set[int]] = field(default_factory=dict)

    def of(self, table: str) -> set[int]:
        return self.repositories.get(table, set())

    def add(self, further: "Changes") -> None:
        self.rows += further.rows
        self.removed += further.removed
        for table, ids in further.repositories.items():
            self.repositories.setdefault(table, set()).update(ids)


def tables(connection: Connection) -> list[list[Column]]:
    """Every table that holds data, with the columns that may name somebody."""
    cursor = driver(connection).cursor(row_factory=class_row(Column))
    found = cursor.execute(_COLUMNS.encode()).fetchall()
    return [list(those) for _, those in groupby(found, lambda one: (one.schema, one.table))]


def erase(
    connection: Connection, columns: Sequence[Column], whom: Mapping[Person, Ghost],
    changes: Changes, *, veil: Veil, is_dry_run: bool = False,
) -> None:  # fmt: skip
    """Write the rows of one table anew that name one of these persons, reading it once for all.
    Nobody else writes meanwhile.
    """
    mine = [one for one in columns if one.kind in _ERASED or one.is_account]
    if not mine:
        return
    raw, table = driver(connection), Identifier(mine[0].schema, mine[0].table)
    name = f"{mine[0].schema}.{mine[0].table}"
    if not is_dry_run:
        raw.execute(SQL("lock table {} in share row exclusive mode").format(table))
    has = {one.name for one in columns}
    ids = {number: ghost.id for person, ghost in whom.items() for number in person.ids}
    with raw.cursor("erased") as cursor:
        cursor.itersize = 500
        cursor.execute(
            SQL("select ctid::text, {}, {} from {} where {}").format(
                SQL("repository_id" if "repository_id" in has else "null::bigint"),
                SQL(", ").join(_readable(one) for one in mine), table,
                SQL(" or ").join(_may_name(one) for one in mine),
            ),
            {"pattern": "|".join(chain.from_iterable(map(_loose, whom))), "ids": list(ids)},
        )  # fmt: skip
        for place, repository_id, *values in cursor:
            changed = {
                one: new
                for one, old in zip(mine, values, strict=True)
                if old is not None and (new := _veiled(one, old, veil, ids)) != old
            }
            if not changed:
                continue
            for one in changed:
                changes.rows[f"{name}.{one.name}"] += 1
            if repository_id is not None:
                changes.repositories.setdefault(name, set()).add(repository_id)
            told = {one.name: (one.type, new) for one, new in changed.items()}
            if "content_hash" in has and "payload" in told:
                told["content_hash"] = ("bytea", content_hash(told["payload"][1].encode()))
            is_key = any(one.is_key for one in changed)
            if not is_dry_run and not _write(connection, table, place, told, is_key=is_key):
                changes.removed[name] += 1


def remains(connection: Connection, person: Person) -> dict[str, int]:
    """Rows that still name the person, column by column; nothing where he is gone."""
    raw = driver(connection)
    known = {
        "pattern": "|".join(patterns(person)), "ids": list(person.ids),
        "alone": "|".join(f"^{_escaped(one)}$" for one in (*person.logins, *person.names)),
    }  # fmt: skip
    found: dict[str, int] = {}
    for columns in tables(connection):
        mine = [one for one in columns if one.kind in {*_ERASED, "other"} or one.is_account]
        if not mine:
            continue
        counted = raw.execute(
            SQL("select {} from {}").format(
                SQL(", ").join(
                    SQL("count(*) filter (where {})").format(_names(one)) for one in mine
                ),
                Identifier(mine[0].schema, mine[0].table),
            ),
            known,
        ).fetchall()[0]
        for one, count in zip(mine, counted, strict=True):
            if count:
                found[f"{one.schema}.{one.table}.{one.name}"] = count
    return found


def patterns(person: Person) -> Iterator[str]:
    """Expressions, without case, for PostgreSQL and for Python, that find what names the person.

    A login that is a common word counts where it is an account; a name of one word only where
    nothing else stands, which ``remains`` asks for by itself.
    """
    for login in map(_escaped, person.logins):
        if person.is_common_word:
            end = f"(?!{_EDGE})"
            yield rf"@{login}{end}"
            yield rf'"login": ?"{login}"'
            yield rf"://[^/\s]+/(?:api/v3/)?(?:users/|repos/)?{login}{end}"
            yield rf"\+{login}@"
        else:
            yield rf"(?<!{_EDGE}){login}(?:-patch-|(?!{_EDGE}))"
    for email in map(_escaped, person.emails):
        yield rf"(?<![\w.+-]){email}(?![\w-])"
    for name in person.names:
        if len(name.split()) > 1:
            yield rf"(?<!\w){_escaped(name)}(?!\w)"
    for number in person.ids:
        yield rf"/u/{number}(?!\d)"
        yield rf"(?<!\d){number}\+[\w-]+@users\.noreply"
        yield rf'"(?:id|databaseId)": ?{number}(?!\d)[^{{}}]*"login"'


def learn(engine: Engine, email: str, ghost: Ghost) -> None:
    """An address turns out to be that of a person who was forgotten: it goes, and stays away."""
    with engine.begin() as connection:
        person = forgotten.known_by(connection, email)
        forgotten.add_terms(connection, person.terms(), ghost=ghost.number)
        veil = forgotten.load(connection)
        every = tables(connection)
    for columns in every:
        with engine.begin() as connection:
            erase(connection, columns, {person: ghost}, Changes(), veil=veil)


def show_change(connection: Connection, changes: Changes) -> None:
    """Figures that were changed are another publication: whoever holds them asks again."""
    shown = set[int]().union(
        *(ids for table, ids in changes.repositories.items()
          if table.startswith(("marts.", "insights.")))
    )  # fmt: skip
    driver(connection).execute(
        "update ops.publications set publication = publication + 1 where repository_id = any(%s)",
        (list(shown),),
    )


def wipe(engine: Engine, changes: Changes) -> None:
    """Write the tables anew that were changed: no old version stays in a file, and no value in
    what the planner knows.
    """
    every = sorted({one.rpartition(".")[0].partition(".")[::2] for one in changes.rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw = driver(connection)
        for schema, name in every:
            table = Identifier(schema, name)
            # One that was begun before may tell of a table that is no more.
            if raw.execute("select to_regclass(%s)", (table.as_string(raw),)).fetchone() != (None,):
                raw.execute(SQL("vacuum (full, analyze) {}").format(table))


def _readable(column: Column) -> Composed:
    cast = {"json": "::text", "text": "::text", "texts": "::text[]"}.get(column.kind, "")
    return SQL("{}" + cast).format(Identifier(column.name))


def _as_text(column: Column) -> Composable:
    if column.kind == "bytes":
        return SQL("encode({}, 'escape')").format(Identifier(column.name))
    return SQL("{}::text").format(Identifier(column.name))


def _may_name(column: Column) -> Composed:
    if column.is_account:
        return SQL("{} = any(%(ids)s)").format(Identifier(column.name))
    return SQL("{} ~* %(pattern)s").format(_as_text(column))


def _names(column: Column) -> Composed:
    if column.is_account or not _PERSONAL.search(column.name):
        return _may_name(column)
    return SQL("{0} ~* %(pattern)s or {0} ~* %(alone)s").format(_as_text(column))


def _loose(person: Person) -> Iterator[str]:
    """Finds every row that ``patterns`` finds, and more, but quickly."""
    yield from map(_escaped, (*person.logins, *person.emails, *person.names))
    yield from (rf"(?:/u/|: ?){one}(?!\d)|(?<!\d){one}\+" for one in map(str, person.ids))


def _escaped(text: str) -> str:
    return r"\s+".join("".join(map(_spelt, part)) for part in text.split())


def _spelt(letter: str) -> str:
    """As it stands, as JSON escapes it, and as bytes are shown that are no text for PostgreSQL."""
    if letter.isascii():
        return letter if re.match(r"[\w\s@]", letter) else rf"\{letter}"
    forms: set[str] = set()
    for one in {letter, letter.lower(), letter.upper()}:
        units = one.encode("utf-16-be").hex()
        escaped = (rf"\\{{1,2}}u{units[at : at + 4]}" for at in range(0, len(units), 4))
        shown = (rf"\\{byte:o}" for byte in one.encode())
        forms |= {one, "".join(escaped), "".join(shown)}
    return f"(?:{'|'.join(sorted(forms))})"


def _veiled(column: Column, value: Any, veil: Veil, ids: Mapping[int, int]) -> Any:
    """The value as it is to be held; the same one where nobody is named."""
    if column.kind == "number":
        return ids.get(value, value)
    if column.kind == "texts":
        return [one if one is None else veil.text(one, column.name) for one in value]
    if column.kind == "bytes":
        return veil.json(bytes(value))
    if column.kind == "json":
        held = msgspec.json.decode(value)
        found = veil.value(held, column.name)
        return value if found == held else msgspec.json.encode(found).decode()
    return veil.text(value, column.name)


def _write(
    connection: Connection, table: Identifier, place: str, told: Mapping[str, tuple[str, Any]], *,
    is_key: bool,
) -> bool:  # fmt: skip
    """False where the key is taken: the row says what another one says, and is removed."""
    raw = driver(connection)
    update = SQL("update {} set {} where ctid = %s::tid").format(
        table,
        SQL(", ").join(
            # The type is text that PostgreSQL itself has written.
            SQL(f"{{}} = %s::{kind}").format(Identifier(name))
            for name, (kind, _) in told.items()
        ),
    )
    values = (*(value for _, value in told.values()), place)
    if not is_key:
        raw.execute(update, values)
        return True
    try:
        with raw.transaction():
            raw.execute(update, values)
    except errors.UniqueViolation:
        raw.execute(SQL("delete from {} where ctid = %s::tid").format(table), (place,))
        return False
    return True
