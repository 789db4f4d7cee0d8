"""Our errors as RFC 9457 problem documents."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from api.headers import SECURITY
from gitinsight import errors
from warehouse.engine import UNREACHABLE
from warehouse.export import ExportTooLarge
from warehouse.selections import SelectionRefused
from warehouse.statements import AnswerTooLarge, QueryFailed, StatementRefused, StatementTooCostly

_AWAY_SECONDS = 5
_TOLD = 3
"""Faults of a request in the one sentence about it; all of them stand in its ``errors``."""
_KINDS: tuple[tuple[type[errors.GitInsightError], str], ...] = (
    (errors.NotFound, "not-found"),
    (errors.NotVisible, "not-visible"),
    (errors.InvalidName, "invalid-name"),
    (errors.TooHard, "too-hard"),
    (errors.IdentityChanged, "identity-changed"),
    (SelectionRefused, "invalid-request"),
    (ExportTooLarge, "export-too-large"),
    (StatementRefused, "statement-refused"),
    (StatementTooCostly, "statement-too-costly"),
    (AnswerTooLarge, "answer-too-large"),
    (QueryFailed, "query-failed"),
    (errors.TokenRejected, "token-rejected"),
    (errors.UnexpectedPayload, "unexpected-payload"),
    (errors.RateLimited, "rate-limited"),
    (errors.TransientError, "try-again"),
    (errors.WeightsMissing, "weights-missing"),
    (errors.GitInsightError, "failed"),
)


class Refused(HTTPException):
    """What is wrong with a request alone, whoever sends it and whatever is held here."""

    def __init__(
        self, status: int, *, kind: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.kind = kind


class Fault(BaseModel):
    """What is wrong with a request, and where: in a statement by its line and column."""

    where: list[str | int]
    message: str


class Problem(BaseModel):
    """RFC 9457, with the id under which the request is found in the logs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:gitinsight:problem:not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "repository 7 is not known here",
                    "instance": "/api/v1/repositories/7",
                    "request_id": "6f1c2f0e9a7b4f0c",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[Fault] | None = None


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.GitInsightError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for kind in UNREACHABLE:
        app.add_exception_handler(kind, _on_unreachable)
    app.add_exception_handler(Exception, _on_unexpected)


def problem(
    request: Request, status: int, *, kind: str, detail: str,
    headers: Mapping[str, str] | None = None, invalid: list[Fault] | None = None,
) -> JSONResponse:  # fmt: skip
    content = Problem(
        type=f"urn:gitinsight:problem:{kind}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=getattr(request.state, "request_id", "unknown"),
        errors=invalid,
    )
    return JSONResponse(
        content.model_dump(exclude_none=True),
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def _on_ours(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, errors.Unauthorised):
        if error.known:
            return problem(request, 403, kind="forbidden", detail=str(error))
        return problem(
            request, 401, kind="unauthorised", detail=str(error),
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    ours = error if isinstance(error, errors.GitInsightError) else errors.GitInsightError()
    kind = next(kind for base, kind in _KINDS if isinstance(ours, base))
    headers: dict[str, str] = {}
    if isinstance(error, errors.RateLimited):
        wait = (error.retry_at - datetime.now(UTC)).total_seconds()
        headers["Retry-After"] = str(max(1, round(wait)))
    wrong = None
    if isinstance(error, QueryFailed):
        wrong = [Fault(where=["body", "sql", *(error.at or ())], message=error.reason)]
    if isinstance(error, SelectionRefused):
        wrong = [Fault(where=["query", error.parameter], message=str(error))]
    return problem(
        request, ours.http_status, kind=kind, detail=str(error), headers=headers, invalid=wrong
    )  # fmt: skip


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    invalid = [Fault(where=list(one["loc"]), message=one["msg"]) for one in found]
    told = "; ".join(f"{_place(one.where)}: {one.message}" for one in invalid[:_TOLD])
    more = f"; and {len(invalid) - _TOLD} more" if len(invalid) > _TOLD else ""
    detail = f"the request is not valid: {told}{more}" if told else "the request is not valid"
    return problem(request, 422, kind="invalid-request", detail=detail, invalid=invalid)


def _place(where: list[str | int]) -> str:
    """``repository_id in the path``, as the API's own documentation calls it."""
    part, *within = where
    return f"{'.'.join(map(str, within))} in the {part}" if within else f"the {part}"


def refusal(request: Request, error: Refused) -> JSONResponse:
    """For whoever refuses a request before there is a route for it."""
    return problem(
        request, error.status_code, kind=error.kind, detail=error.detail, headers=error.headers
    )


def _on_http(request: Request, error: Exception) -> Response:
    if isinstance(error, Refused):
        return refusal(request, error)
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.NOT_FOUND and request.scope.get("route") is None:
        shown: Response | None = request.app.state.dashboard.nowhere(request)
        if shown is not None:
            return shown
    detail = str(error.detail) if isinstance(error, HTTPException) else "failed"
    kind = HTTPStatus(status).phrase.lower().replace(" ", "-")
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": _allowed(request) or (headers or {}).get("Allow", "")}
    return problem(request, status, kind=kind, detail=detail, headers=headers)


def _allowed(request: Request) -> str:
    """Of all routes of this path: the one that was met first knows of its own methods alone."""
    found: set[str] = set()
    for pattern, methods in request.app.state.methods:
        if pattern.match(request.url.path):
            found |= methods
    return ", ".join(sorted(found))


def _on_unreachable(request: Request, _: Exception) -> JSONResponse:
    return problem(
        request, 503, kind="try-again", detail="the warehouse does not answer now",
        headers={"Retry-After": str(_AWAY_SECONDS)},
    )  # fmt: skip


def _on_unexpected(request: Request, _: Exception) -> JSONResponse:
    """Sent from outside of what puts the id of the request on every other answer."""
    return problem(
        request, 500, kind="unexpected", detail="something unexpected happened; see the log",
        headers={"X-Request-Id": request.state.request_id, **SECURITY},
    )  # fmt: skip
