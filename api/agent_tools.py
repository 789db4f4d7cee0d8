"""The tools of agents: what the other addresses answer, in the words that an agent is told."""

import json
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi.exceptions import RequestValidationError
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request

from api import metrics as told_metrics
from api import paging
from api import sql as statements
from api.auth import require
from api.envelope import meta, plain
from api.fast.searching import Wanted
from gitinsight.errors import GitInsightError, first_line
from gitinsight.metrics import catalogue
from gitinsight.principal import Principal, Role
from warehouse import ledger, marts, repositories, selections, visibility
from warehouse.engine import UNFIT, UNREACHABLE, Connection
from warehouse.search import Kind
from warehouse.statements import MAX_CHARACTERS
from warehouse.visibility import Readable

_Found = dict[str, Any]
_P = ParamSpec("_P")
_Mart = Annotated[str, Field(description="A name of list_marts, such as daily_activity.")]
_Id = Annotated[int, Field(ge=1, lt=2**63)]
_Limit = Annotated[int, Field(ge=1, le=500, description="Rows at most.")]
_Filters = Annotated[
    Sequence[str],
    Field(
        max_length=selections.MOST,
        description="COLUMN:OPERATOR:VALUE each, such as commits_count:ge:10; rows pass all."
        " Operators: eq, ne, lt, le, gt, ge, in (VALUE,VALUE), is (null or not_null).",
    ),
]
_Fields = Annotated[str | None, Field(description="Only these columns, with commas between them.")]
_Asked = Context[Any, Any]
_SEARCH = b"agents"


def _told(
    tool: Callable[Concatenate["Tools", _P], Coroutine[Any, Any, _Found]],
) -> Callable[Concatenate["Tools", _P], Coroutine[Any, Any, _Found]]:
    """What goes wrong in words that help the agent on."""

    @wraps(tool)
    async def answered(self: "Tools", /, *given: _P.args, **named: _P.kwargs) -> _Found:
        try:
            return await tool(self, *given, **named)
        except GitInsightError as error:
            raise ToolError(str(error)) from error
        except UNFIT as error:
            raise ToolError(first_line(error)) from error
        except UNREACHABLE as error:
            raise ToolError("the warehouse does not answer now; try again") from error

    return answered


class Tools:
    """Over the state of the application: its pool, its search, its settings."""

    def __init__(self, state: State) -> None:
        self._state = state

    def all(self) -> tuple[Callable[..., Coroutine[Any, Any, _Found]], ...]:
        return (
            self.list_marts, self.describe_mart, self.mart_rows, self.list_metrics,
            self.describe_metric, self.repository_summary, self.search, self.query,
        )  # fmt: skip

    @_told
    async def list_marts(self) -> _Found:
        """Every mart (a table of figures) with what one row of it is."""
        return await self._read(lambda session: {"data": marts.names(session)})

    @_told
    async def describe_mart(self, context: _Asked, mart: _Mart) -> _Found:
        """The columns of a mart: type, meaning, and the definition of the metric in each."""
        readable = _principal(context).readable

        def read(session: Connection) -> _Found:
            columns = marts.columns(session, mart)
            found = [
                one | {"definition": catalogue.definition_of_column(mart, one["name"])}
                for one in columns
            ]
            names = [one["name"] for one in columns]
            told = _sources(session, mart, names, readable, rows=len(found))
            return {"data": found, "meta": told}

        return await self._read(read)

    @_told
    async def mart_rows(
        self, context: _Asked, mart: _Mart, repository_id: _Id | None = None,
        filter: _Filters = (), fields: _Fields = None,  # noqa: A002 - as the address calls it
        limit: _Limit = 50,
        cursor: Annotated[str | None, Field(description="next_cursor of the page before.")] = None,
    ) -> _Found:  # fmt: skip
        """Rows of a mart in the order of its key, of one repository or of all, page by page."""
        readable = _principal(context).readable
        selection = selections.parse(filter, fields)

        def read(session: Connection) -> _Found:
            known = {one["name"]: one["type"] for one in marts.columns(session, mart)}
            columns = list(selection.columns(known))
            standing = None
            if repository_id is not None:
                standing = ledger.standing(session, repository_id, readable)
            try:
                found = marts.rows(
                    session, mart, repository_id=repository_id, limit=limit,
                    after=paging.decode(cursor), readable=readable, selection=selection,
                )  # fmt: skip
            except (ValueError, RequestValidationError) as error:
                raise ToolError(f"{cursor} is no cursor of {mart}") from error
            told = _sources(
                session, mart, columns, readable, rows=len(found.rows),
                is_cut=found.end is not None,
            )  # fmt: skip
            if standing is not None:
                told |= meta(standing, definition=None)
            following = paging.following(found.end)
            return {"data": found.rows, "meta": told, "next_cursor": following}

        return await self._read(read)

    @_told
    async def list_metrics(self) -> _Found:
        """Every metric by its definition, title and unit; describe_metric says what it means."""
        return {
            "data": [
                {"definition": one.definition, "title": one.title, "unit": one.unit}
                for one in catalogue.metrics().values()
            ]
        }

    @_told
    async def describe_metric(
        self, metric: Annotated[str, Field(description="Such as bus-factor or bus-factor@1.")]
    ) -> _Found:
        """What a metric means: its words, its SQL, its edge cases, its sources and versions."""
        name = metric.partition("@")[0]
        catalogue.version(metric)
        return {"data": told_metrics.told(catalogue.metric(name)), "meta": {"definition": metric}}

    @_told
    async def repository_summary(
        self,
        context: _Asked,
        repository: Annotated[str, Field(description="OWNER/NAME, or the repository_id.")],
    ) -> _Found:
        """The headline figures of one repository, with coverage, checks and as of when."""
        readable = _principal(context).readable

        def read(session: Connection) -> _Found:
            found = (
                repositories.by_id(session, int(repository), readable=readable)
                if repository.isascii() and repository.isdigit() and len(repository) < 19  # noqa: PLR2004 - digits of a bigint
                else repositories.by_name(session, repository, readable=readable)
            )
            summary = marts.summary(session, found.repository_id)
            told = _sources(session, "repository_summary", list(summary), readable, rows=1)
            told |= meta(ledger.standing(session, found.repository_id), definition=None)
            return {"data": summary, "meta": told}

        return await self._read(read)

    @_told
    async def search(
        self, context: _Asked, q: Annotated[str, Field(min_length=1, max_length=200)],
        type: Kind | None = None,  # noqa: A002 - as the address calls it
        repository_id: _Id | None = None,
        limit: Annotated[int, Field(ge=1, le=100)] = 20,
    ) -> _Found:  # fmt: skip
        """Repositories, issues, pull requests, comments and people by words; typing errors are
        forgiven. What is found is as new as the publication of its repository.
        """
        wanted = Wanted(q, kind=type, repository_id=repository_id, limit=limit)
        # No target of an HTTP request is like this one.
        target = _SEARCH + repr(wanted).encode()
        entry = await self._state.fast.searches.get(
            target, wanted, readable=_principal(context).readable
        )
        hits: list[_Found] = json.loads(entry.body)["data"]

        def read(session: Connection) -> _Found:
            ids = {one["repository_id"] for one in hits if one["repository_id"] is not None}
            known = ledger.known(session, ids)
            return {str(one): meta(told.standing, definition=None) for one, told in known.items()}

        return {"data": hits, "meta": {"repositories": await self._read(read)}}

    @_told
    async def query(
        self, context: _Asked,
        sql: Annotated[
            str, Field(min_length=1, max_length=MAX_CHARACTERS, description="One SELECT.")
        ],
        limit: Annotated[int, Field(ge=1, le=1_000, description="Rows at most.")] = 100,
    ) -> _Found:  # fmt: skip
        """Run one SELECT of PostgreSQL over the schemas marts and insights: read-only, a few
        seconds at most. No DDL, no recursion, no functions that look at the server.
        """
        principal = _principal(context)
        require(principal, Role.ANALYST, "sql")

        def read(session: Connection) -> _Found:
            found = statements.answered(
                session, sql, self._state.settings.api, limit=limit,
                readable=principal.readable,
            )  # fmt: skip
            told: _Found = json.loads(statements.encoded(*found))
            return told

        async with self._state.sql_turns:
            return await self._read(read)

    async def _read(self, read: Callable[[Connection], _Found]) -> _Found:
        def transaction() -> _Found:
            with self._state.warehouse.begin() as session:
                found: _Found = plain(read(session))
                return found

        async with self._state.places:
            return await run_in_threadpool(transaction)


def _principal(context: _Asked) -> Principal:
    """As whom `Agents` has let the request in."""
    request = context.request_context.request
    if not isinstance(request, Request):
        raise ToolError("this is asked over HTTP")
    principal: Principal = request.state.agent
    return principal


def _sources(
    session: Connection, mart: str, columns: Sequence[str], readable: Readable, *, rows: int,
    is_cut: bool = False,
) -> _Found:  # fmt: skip
    tables = {(marts.SCHEMA, mart): columns}
    seen = visibility.visible(session, readable)
    found = statements.sources(session, tables, seen, rows_count=rows, is_cut=is_cut)
    return found.model_dump()
