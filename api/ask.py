"""Questions in words: a language model writes the SQL, the gate reads it, an analyst runs it."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import asking
from api import sql as statements
from api.auth import Asker
from api.errors import Refused
from api.session import in_transaction
from api.sql import AnswerColumn, Answered, Sources
from gitinsight.llm import Llm, Message
from gitinsight.metrics import catalogue
from gitinsight.principal import Principal
from warehouse import marts
from warehouse.analyst import Answer
from warehouse.engine import Connection
from warehouse.statements import MAX_CHARACTERS, QueryFailed, StatementRefused

AT_ONCE = 4
"""Questions that wait for the model: each may take a minute."""
_ATTEMPTS = 2
_WRONG_WORDS = "42"
"""PostgreSQL's class of what is wrong with a statement by itself. What fails while it runs may say
what stands in a row, which is nothing to send away.
"""
router = APIRouter(prefix="/ai", tags=["ai"])


class Asked(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"question": "Which repositories answer issues fastest?"}]},
    )

    question: str = Field(min_length=1, max_length=1_000)
    limit: int = Field(default=100, ge=1, le=1_000)


class Definition(BaseModel):
    """What a figure in the answer means; `GET /metrics/{metric_id}` says more."""

    definition: str
    title: str
    words: str


class Told(Answered):
    """``sql`` is what was run, for whoever wants to see whether it is what was meant."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "question": "Which repository has most issues?",
                    "sql": "select full_name, issues_count from marts.repository_summary"
                    " order by issues_count desc nulls last",
                    "attempts_count": 1,
                    "definitions": [
                        {
                            "definition": "bus-factor@1", "title": "Bus factor",
                            "words": "The fewest humans who together made half of the commits.",
                        }
                    ],
                    "columns": [
                        {"name": "full_name", "type": "text"},
                        {"name": "issues_count", "type": "bigint"},
                    ],
                    "data": [["octocat/hello-world", 479]],
                    "meta": {
                        "as_of": "2026-11-23T12:00:00Z", "newest_as_of": "2026-11-23T12:00:00Z",
                        "repositories_count": 1, "coverage": {},
                        "quality": {"status": "passed", "failed_checks": []},
                        "marts": [
                            {
                                "name": "marts.repository_summary",
                                "description": "One row for each repository.",
                                "definitions": ["bus-factor@1"],
                            }
                        ],
                        "rows_count": 1, "is_cut": False,
                    },
                }
            ]
        }
    )  # fmt: skip

    question: str
    sql: str
    attempts_count: int
    definitions: list[Definition]
    columns: list[AnswerColumn]
    meta: Sources


@router.post(
    "/ask", response_model=Told,
    responses={
        422: {
            "description": "The model says that the marts have no answer"
            " (`question-not-answered`), or has twice written what is no select over them"
            " (`statement-refused`, `query-failed` and so on; `errors` says why)."
        },
        502: {"description": "The model answered what is no answer (`unexpected-payload`)."},
        503: {
            "description": "The model is away, busy or too slow (`try-again`), or there is none"
            " (`questions-not-configured`)."
        },
    },
)  # fmt: skip
async def ask(body: Asked, request: Request, asker: Asker) -> Response:
    """Turn a question into one select over the marts, run it as `POST /sql` would for whoever asks,
    and say what was run. The question and the names of columns go to the model, no rows do.
    """
    settings = request.app.state.settings.llm
    if settings.base_url is None:
        raise Refused(
            503, kind="questions-not-configured",
            detail="no language model is configured: GITINSIGHT_LLM__BASE_URL and __MODEL name one",
        )  # fmt: skip
    told = await in_transaction(request, _known)
    messages = [told, asking.question(body.question)]
    llm = Llm(settings)
    for attempt in range(1, _ATTEMPTS + 1):
        async with request.app.state.questions:
            said = await llm.answer(messages)
        if (reason := asking.refusal(said)) is not None:
            raise Refused(422, kind="question-not-answered", detail=reason)
        sql = asking.statement(said)
        try:
            answer, sources = await _run(request, sql, asker, body.limit)
        except QueryFailed as error:
            if attempt == _ATTEMPTS:
                raise
            messages += asking.correction(said, _tellable(error))
            continue
        return _answer(body, sql, attempt, answer, sources)
    raise AssertionError  # the last attempt has ended above


async def _run(request: Request, sql: str, asker: Principal, limit: int) -> tuple[Answer, Sources]:
    """As ``POST /sql`` does, turns and all."""
    if len(sql) > MAX_CHARACTERS:
        raise StatementRefused(f"a statement has {MAX_CHARACTERS} characters at most")

    def run(session: Connection) -> tuple[Answer, Sources]:
        return statements.answered(
            session, sql, request.app.state.settings.api, limit=limit, readable=asker.readable
        )

    async with request.app.state.sql_turns:
        return await in_transaction(request, run)


def _known(session: Connection) -> Message:
    every = {
        one["name"]: (one["description"], marts.columns(session, one["name"]))
        for one in marts.names(session)
    }
    return asking.system(every, list(catalogue.metrics().values()))


def _tellable(error: QueryFailed) -> str:
    cause = error.__cause__
    code = getattr(cause, "sqlstate", None)
    if code is not None and not code.startswith(_WRONG_WORDS):
        return "it fails while it runs"
    return error.reason


def _answer(
    body: Asked, sql: str, attempts: int, answer: Answer, sources: Sources
) -> Response:  # fmt: skip
    used = sorted({one for mart in sources.marts for one in mart.definitions})
    told: dict[str, Any] = {
        "question": body.question, "sql": sql, "attempts_count": attempts,
        "definitions": [_definition(one) for one in used],
    }  # fmt: skip
    rest = msgspec.json.decode(statements.encoded(answer, sources), type=dict[str, msgspec.Raw])
    return Response(
        msgspec.json.encode(told | rest), headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )  # fmt: skip


def _definition(definition: str) -> dict[str, str]:
    metric = catalogue.metric(definition.partition("@")[0])
    return {"definition": definition, "title": metric.title, "words": metric.words}
