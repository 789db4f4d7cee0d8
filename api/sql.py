"""SQL over HTTP: one select of an analyst's over the marts, and what its answer rests on."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

from api.auth import Asker
from api.envelope import Coverage, Quality, as_json
from api.session import Session
from gitinsight.metrics.catalogue import definition_of_column
from gitinsight.settings import ApiSettings
from warehouse import analyst, answers, export, ledger, marts, visibility
from warehouse.analyst import Answer, Limits
from warehouse.engine import Connection
from warehouse.statements import MAX_CHARACTERS
from warehouse.visibility import Readable

AT_ONCE = 4
"""Statements, each with a session of its own in PostgreSQL."""
MAX_ROWS = 10_000
_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_EXAMPLE = "select full_name, issues_count from marts.repository_summary order by 2 desc"
router = APIRouter(prefix="/sql", tags=["sql"])


class Question(BaseModel):
    """``sql`` is one select over `marts` and `insights`."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"sql": _EXAMPLE, "limit": 100}]},
    )

    sql: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    limit: int = Field(default=1_000, ge=1, le=MAX_ROWS)


class AnswerColumn(BaseModel):
    name: str
    type: str


class MartRead(BaseModel):
    """``definitions`` are those of the metrics in the columns that were read."""

    name: str
    description: str | None
    definitions: list[str]


class Sources(BaseModel):
    """What an answer rests on. ``as_of`` is the oldest instant of the repositories in the marts,
    ``newest_as_of`` the newest; coverage is of all of them together. ``is_cut`` where there are
    more rows than were asked for.
    """

    as_of: datetime | None
    newest_as_of: datetime | None
    repositories_count: int
    coverage: dict[str, Coverage]
    quality: Quality
    marts: list[MartRead]
    rows_count: int
    is_cut: bool


class Answered(BaseModel):
    """A row has its values in the order of ``columns``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "columns": [
                        {"name": "full_name", "type": "text"},
                        {"name": "issues_count", "type": "bigint"},
                    ],
                    "data": [["octocat/hello-world", 479]],
                    "meta": {
                        "as_of": "2026-11-23T12:00:00Z", "newest_as_of": "2026-11-23T12:00:00Z",
                        "repositories_count": 1,
                        "coverage": {"issues": {"upstream": 479, "held": 479, "ratio": 1.0}},
                        "quality": {"status": "passed", "failed_checks": []},
                        "marts": [
                            {
                                "name": "marts.repository_summary",
                                "description": "One row for each repository.",
                                "definitions": [],
                            }
                        ],
                        "rows_count": 1, "is_cut": False,
                    },
                }
            ]
        }
    )  # fmt: skip

    columns: list[AnswerColumn]
    data: list[list[Any]]
    meta: Sources


async def _turn(connection: HTTPConnection) -> AsyncIterator[None]:
    """Before a place in the pool is taken: whoever waits for his turn holds up nobody else."""
    turns: CapacityLimiter = connection.app.state.sql_turns
    async with turns:
        yield


Turn = Annotated[None, Depends(_turn, scope="function")]


@router.post(
    "", response_model=Answered,
    responses={
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
            "headers": {
                "GitInsight-Meta": {
                    "schema": {"type": "string"}, "description": "`meta` as JSON, beside a file.",
                }
            },
        },
        422: {
            "description": "The statement is refused (`statement-refused`), would take too much"
            " (`statement-too-costly`, `answer-too-large`) or fails (`query-failed`); `errors`"
            " says where, by line and column."
        },
    },
)  # fmt: skip
def ask(
    body: Question, request: Request, asker: Asker, _: Turn, session: Session,
    format_: Annotated[export.Format, Query(alias="format")] = "json",
) -> Response:  # fmt: skip
    """Run one select over the marts, read-only, and say which marts and definitions its answer
    rests on.
    """
    answer, meta = answered(
        session, body.sql, request.app.state.settings.api, limit=body.limit,
        readable=asker.readable,
    )  # fmt: skip
    headers = {"Cache-Control": "no-store"}
    if format_ == "json":
        return Response(encoded(answer, meta), headers=headers, media_type="application/json")
    content = answers.as_csv(answer) if format_ == "csv" else answers.as_parquet(answer)
    headers["GitInsight-Meta"] = json.dumps(meta.model_dump(mode="json"))
    headers["Content-Disposition"] = f'attachment; filename="answer.{format_}"'
    return Response(content, headers=headers, media_type=_TYPES[format_])


def answered(
    connection: Connection, sql: str, settings: ApiSettings, *, limit: int,
    readable: Readable,
) -> tuple[Answer, Sources]:  # fmt: skip
    """``readable`` are the private repositories that whoever asks may see; None: all."""
    limits = Limits(limit, settings.sql_seconds, settings.sql_bytes, settings.sql_cost)
    seen = visibility.visible(connection, readable)
    answer = analyst.ask(connection, sql, limits, readable=seen)
    return answer, sources(
        connection, answer.tables, seen, rows_count=len(answer.rows), is_cut=answer.is_cut
    )


def sources(
    connection: Connection, tables: Mapping[tuple[str, str], Sequence[str]],
    seen: Collection[int] | None, *, rows_count: int, is_cut: bool,
) -> Sources:  # fmt: skip
    """What rows of ``tables`` rest on; of each the columns that were read. ``seen`` are the
    repositories that may be behind them; None: all.
    """
    known = {one["name"]: one["description"] for one in marts.names(connection)}
    together = ledger.together(connection, seen)
    return Sources(
        as_of=together.as_of, newest_as_of=together.newest_as_of,
        repositories_count=together.repositories_count,
        coverage={name: Coverage(**one) for name, one in together.coverage.items()},
        quality=Quality.model_validate(
            {"status": together.quality_status, "failed_checks": together.failed_checks}
        ),
        marts=[
            MartRead(
                name=f"{schema}.{mart}",
                description=known.get(mart) if schema == marts.SCHEMA else None,
                definitions=_definitions(mart, columns) if schema == marts.SCHEMA else [],
            )
            for (schema, mart), columns in tables.items()
        ],
        rows_count=rows_count, is_cut=is_cut,
    )  # fmt: skip


def encoded(answer: Answer, meta: Sources) -> bytes:
    """JSON of ``Answered``. What is no number (NaN, infinity) is null, as all that is not known."""
    told = {
        "columns": [{"name": name, "type": kind} for name, kind in answer.columns],
        "data": [[_value(one) for one in row] for row in answer.rows],
        "meta": meta.model_dump(mode="json"),
    }
    return as_json(told)


def _definitions(mart: str, columns: Sequence[str]) -> list[str]:
    found = (definition_of_column(mart, one) for one in columns)
    return sorted({one for one in found if one is not None})


def _value(value: Any) -> Any:
    if isinstance(value, Decimal) and not value.is_finite():
        return None
    if isinstance(value, list):
        return [_value(one) for one in value]
    return value
