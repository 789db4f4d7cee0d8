"""What a stranger's SQL may be: one statement that reads marts and insights.

Everything that is not known to be harmless is refused, and what was read is what runs: PostgreSQL
gets the statement as it is written anew, never the text. The rights of the role that runs it are
the wall behind this.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError

from warehouse.sql_words import FUNCTIONS, NODES, TYPES
from warehouse.statements import MAX_CHARACTERS, Guarded, Known, StatementRefused

_MAX_TOKENS = 8_000
_DIALECT = "postgres"
_OWNER = "repository_id"
_MAX_NAME_BYTES = 63
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_DEPTH = 12
"""The parser goes back over some of what is nested, each level twice, and meanwhile it holds the
whole process: fifteen levels take seconds.
"""
_MAX_DEPTH_WRITTEN = 100
"""Each cast of a chain is a level when it is written anew, and some thousand of them are more than
the stack of the process holds: from Python 3.12 on, compiled code falls from it without an error.
"""
_MOST = {TokenType.JOIN: 30, TokenType.L_BRACKET: 50, TokenType.L_BRACE: 0}
_MOST_FUNCTIONS = 30
_FIRST = frozenset({
    TokenType.SELECT, TokenType.WITH, TokenType.VALUES, TokenType.TABLE, TokenType.L_PAREN,
})  # fmt: skip
_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.END})
_CONDITIONS = frozenset({TokenType.ON, TokenType.USING})
_COLUMNS = {
    "jsonb_each": ("key", "value"), "jsonb_each_text": ("key", "value"),
    "jsonb_array_elements": ("value",), "jsonb_array_elements_text": ("value",),
}  # fmt: skip
"""Of functions whose columns have names of their own; the one column of the others has the name
that the function goes by.
"""
_READS = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)


def guarded(
    text: str, known: Known, *, readable: Collection[int] | None = None,
    moved: Mapping[str, str] | None = None,
) -> Guarded:  # fmt: skip
    """StatementRefused says why not. With ``readable`` each table is its rows of these repositories
    alone, whatever the statement says of it; ``moved`` says where a schema really is.
    """
    tree = _parsed(text)
    _check(tree, text)
    for column in tree.find_all(exp.Column):
        for part in ("db", "catalog"):
            column.set(part, None)  # a table goes by its name or its alias from here on
    _check_values(tree, text)
    words = {one.name.lower() for one in tree.find_all(exp.Identifier)}
    is_all = any(not isinstance(one.parent, exp.Count) for one in tree.find_all(exp.Star))
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in [one for one in tree.find_all(exp.Table) if isinstance(one.this, exp.Identifier)]:
        if not _is_of_the_warehouse(table):
            # Without quotes it may be a function: current_user.
            table.set("this", exp.to_identifier(_folded(table.this), quoted=True))
            continue
        schema, name = _home(table, known, text)
        table.set("db", exp.to_identifier((moved or {}).get(schema, schema), quoted=True))
        columns = known[schema][name]
        found[schema, name] = tuple(one for one in columns if is_all or one in words)
        if readable is not None:
            if _OWNER not in columns:
                reason = f"{schema}.{name} does not say of which repository its rows are"
                raise StatementRefused(reason, _position(table, text))
            _narrow(table, readable)
    return Guarded(_written(tree), found)


def _parsed(text: str) -> exp.Expr:
    if len(text) > MAX_CHARACTERS:
        raise StatementRefused(f"a statement has {MAX_CHARACTERS} characters at most")
    if "\0" in text:
        raise StatementRefused("a NUL is no part of a statement")
    try:
        tokens = sqlglot.tokenize(text, read=_DIALECT)
        _check_tokens(tokens, text)
        found = [one for one in sqlglot.parse(text, read=_DIALECT) if one is not None]
    except ParseError as error:
        raise StatementRefused(*_told(error)) from error
    except (SqlglotError, RecursionError) as error:
        raise StatementRefused("this is no SQL that can be read") from error
    if len(found) != 1:
        raise StatementRefused("one statement at a time")
    return found[0]


def _check_tokens(tokens: list[Token], text: str) -> None:
    """Before anything is parsed: what the parser would take too long over, or fall from."""
    if not tokens:
        raise StatementRefused("there is no statement")
    if len(tokens) > _MAX_TOKENS:
        raise StatementRefused(f"a statement has {_MAX_TOKENS} words and signs at most")
    if tokens[0].token_type not in _FIRST:
        raise StatementRefused("a statement is a select", _place(text, tokens[0].start))
    levels = [0]  # of each the joins that wait for their condition
    seen = Counter[TokenType]()
    for token in tokens:
        kind = token.token_type
        seen[kind] += 1
        if seen[kind] > _MOST.get(kind, len(text)):
            reason = f"{_MOST[kind]} of {token.text.lower()} at most"
            raise StatementRefused(reason, _place(text, token.start))
        if kind in _OPEN:
            levels.append(kind == TokenType.L_BRACKET)
        elif kind in _CLOSE and len(levels) > 1:
            levels.pop()
        levels[-1] = max(0, levels[-1] + (kind == TokenType.JOIN) - (kind in _CONDITIONS))
        if len(levels) - 1 + sum(levels) > _MAX_DEPTH:
            raise StatementRefused("this is nested too deeply", _place(text, token.start))


def _check(tree: exp.Expr, text: str) -> None:
    if not isinstance(tree, _READS):
        raise StatementRefused("a statement is a select")
    for node in tree.walk():
        reason = _fault(node)
        if reason is not None:
            raise StatementRefused(reason, _position(node, text))


def _fault(node: exp.Expr) -> str | None:
    """What is wrong with a part of a statement by itself."""
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return None if name in FUNCTIONS else f"function {name} is not allowed"
    if type(node) not in NODES:
        what = f"function {node.sql_name().lower()}" if isinstance(node, exp.Func) else node.key
        return f"{what} is not allowed"
    return _fault_within(node)


def _fault_within(node: exp.Expr) -> str | None:
    """Of a part that is allowed in itself."""
    if isinstance(node, exp.Table) and node.this is None:
        return "rows from is not allowed"
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return "a function has no schema here" if node.db else None
    if isinstance(node, exp.With):
        return "with recursive is not allowed" if node.recursive else None
    if isinstance(node, exp.DataType):
        is_ours = node.this in TYPES
        return None if is_ours else f"type {node.sql(_DIALECT).lower()} is not allowed"
    is_quoted = isinstance(node, exp.Identifier) and node.quoted
    if isinstance(node, exp.Identifier | exp.Var) and not is_quoted:
        is_plain = _PLAIN.fullmatch(node.name)
        return None if is_plain else f"{node.name!r} is no plain name: write it in double quotes"
    return None


def _is_function(node: exp.Expr) -> bool:
    """Where tables stand."""
    if isinstance(node, exp.Unnest):
        return not isinstance(node.parent, exp.Lateral)
    if isinstance(node, exp.Lateral):
        return not isinstance(node.this, exp.Subquery)
    return isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier)


def _check_values(tree: exp.Expr, text: str) -> None:
    """Of a function that gives values PostgreSQL takes ``alias.name`` for a call of the function
    ``name``, be it one that runs a text as a statement, unless it has a column of that name. Hence
    its columns are told, and no others may be asked for.
    """
    sources = [one for one in tree.walk() if _is_function(one)]
    if len(sources) > _MOST_FUNCTIONS:
        raise StatementRefused(f"{_MOST_FUNCTIONS} functions in place of tables at most")
    columns = [one for one in tree.find_all(exp.Column) if one.table and not one.is_star]
    for source in sources:
        name, known = _columns_named(source)
        outer = source.parent_select or tree
        for column in columns:
            is_of_it = _folded(column.args["table"]) == name and _is_within(column, outer)
            if is_of_it and _folded(column.this) not in known:
                reason = f"{name} has no column {column.name}"
                raise StatementRefused(reason, _position(column, text))


def _columns_named(source: exp.Expr) -> tuple[str | None, set[str | None]]:
    """What it goes by, and its columns, which it is given as names where it had none."""
    function = source if isinstance(source, exp.Unnest) else source.this
    called = function.sql(_DIALECT).partition("(")[0].lower()
    alias = source.args.get("alias") or exp.TableAlias()
    if alias.this is None:
        alias.set("this", exp.to_identifier(called, quoted=True))
    name = _folded(alias.this)
    rest = _COLUMNS.get(called, (name,))[len(alias.columns) :]
    columns = [*alias.columns, *(exp.to_identifier(one, quoted=True) for one in rest)]
    if not (isinstance(function, exp.Unnest) and len(function.expressions) > 1):
        alias.set("columns", columns)
    source.set("alias", alias)
    number = source.args.get("offset")
    numbers = [number] if isinstance(number, exp.Identifier) else []
    return name, {"ordinality", *map(_folded, [*columns, *numbers])}


def _is_within(node: exp.Expr, outer: exp.Expr) -> bool:
    inner: exp.Expr | None = node
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer


def _home(table: exp.Table, known: Known, text: str) -> tuple[str, str]:
    """Schema and name, in quotes from now on: PostgreSQL folds nothing and looks for nothing."""
    schema, name = _folded(table.args.get("db")), _folded(table.this) or ""
    schemas = known if schema is None else {schema} & known.keys()
    found = next((one for one in schemas if name in known[one]), None)
    if found is None or table.catalog:
        told = table.sql(_DIALECT, comments=False).split(" ")[0]
        reason = f"{told} is no table of {' or '.join(known)}"
        raise StatementRefused(reason, _position(table, text))
    alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
    table.set("this", exp.to_identifier(name, quoted=True))
    table.set("alias", alias)
    return found, name


def _folded(name: exp.Expr | None) -> str | None:
    """As PostgreSQL reads it."""
    if name is None:
        return None
    is_quoted = isinstance(name, exp.Identifier) and name.quoted
    whole = name.name if is_quoted else name.name.lower()
    return whole.encode()[:_MAX_NAME_BYTES].decode(errors="ignore")


def _is_of_the_warehouse(table: exp.Table) -> bool:
    """And no part of a ``with`` that goes by this name where it stands."""
    return bool(table.db) or _folded(table.this) not in set(_parts_in_sight(table))


def _parts_in_sight(table: exp.Table) -> Iterator[str | None]:
    inner: exp.Expr = table
    while inner.parent is not None:
        outer = inner.parent
        if isinstance(outer, exp.With):
            earlier = outer.expressions[: outer.expressions.index(inner)]
            yield from (_folded(one.args["alias"].this) for one in earlier)
        elif (listed := outer.args.get("with_")) is not None and listed is not inner:
            yield from (_folded(one.args["alias"].this) for one in listed.expressions)
        inner = outer


def _narrow(table: exp.Table, readable: Collection[int]) -> None:
    """Its readable rows alone. ``offset 0`` keeps every condition of the statement outside: one
    that fails for a row would tell of rows which it may not see.
    """
    ids = ", ".join(str(int(one)) for one in sorted(readable)) or "null"
    bare = exp.Table(this=table.this.copy(), db=table.args["db"].copy())
    condition = f"{_OWNER} in ({ids})"
    rows = exp.select("*").from_(bare).where(condition, dialect=_DIALECT).offset(0)
    alias, joins = table.args["alias"], table.args.get("joins")
    table.replace(exp.Subquery(this=rows, alias=alias, joins=joins))


def _written(tree: exp.Expr) -> str:
    """The statement anew, without comments. Read once more it must be what it was: no quote that a
    writer forgets lets anything else in.
    """
    try:
        statement = tree.sql(dialect=_DIALECT, comments=False)
        if _depth(statement) > _MAX_DEPTH_WRITTEN:
            raise StatementRefused("this is nested too deeply")
        (again,) = sqlglot.parse(statement, read=_DIALECT)
        if again is None or again.sql(dialect=_DIALECT, comments=False) != statement:
            raise StatementRefused("this cannot be read in one way alone")
    except (SqlglotError, RecursionError, ValueError) as error:
        raise StatementRefused("this is no SQL that can be read") from error
    _check(again, statement)
    return statement


def _depth(statement: str) -> int:
    kinds = [one.token_type for one in sqlglot.tokenize(statement, read=_DIALECT)]
    return max(accumulate((kind in _OPEN) - (kind in _CLOSE) for kind in kinds))


def _position(node: exp.Expr, text: str) -> tuple[int, int] | None:
    start = next((one.meta["start"] for one in node.walk() if "start" in one.meta), None)
    return None if start is None else _place(text, start)


def _place(text: str, start: int) -> tuple[int, int]:
    """Line and column, from 1 on."""
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _told(error: ParseError) -> tuple[str, tuple[int, int] | None]:
    first = error.errors[0] if error.errors else {}
    line, last = first.get("line"), first.get("col")
    if line is None or last is None:
        return "this is no SQL that can be read", None
    word = first.get("highlight") or ""
    said = str(first.get("description") or "this is no SQL that can be read")
    return f"{said.rstrip('.')} at {word!r}", (line, max(1, last - len(word) + 1))
