"""Figures that somebody thinks are wrong: reported where they are shown, answered by whoever keeps
them right.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from api import limits, paging
from api.auth import Reader, Writer, address_of
from api.limits import Limits
from api.paging import Page
from api.session import Session, in_transaction
from gitinsight.clock import now
from warehouse import reports, visibility
from warehouse.engine import Connection

router = APIRouter(tags=["reports"])
A_MINUTE = 10
"""Reports of one caller at one address."""
_GIVEN: dict[str, Any] = {
    "metric": "commits@1", "shown": "812", "as_of": "2026-11-23T12:00:00Z",
    "comment": "The merge of the old repository is counted twice.",
}  # fmt: skip
_REPORT: dict[str, Any] = {
    "report_id": 4, "repository_id": 3, **_GIVEN, "reported_by": "user:3",
    "reported_at": "2026-11-23T13:00:00Z", "answer": None, "closed_by": None, "closed_at": None,
}  # fmt: skip
_Text = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


def _written(value: object) -> object:
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str) or "t" not in value.lower():
        raise ValueError("an instant is written as 2026-11-23T12:00:00Z")
    return value


class NewReport(BaseModel):
    """``shown`` is the value as it was read, null where none was shown; ``as_of`` the instant that
    it described.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_GIVEN]})

    metric: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.@-]*$", max_length=100)]
    shown: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] | None = None
    as_of: Annotated[AwareDatetime, BeforeValidator(_written)] | None = None
    comment: _Text


class Report(BaseModel):
    """``reported_by`` is named as in the audit. It is open until it has an ``answer``."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_REPORT]})

    report_id: int
    repository_id: int
    metric: str
    shown: str | None
    as_of: datetime | None
    comment: str
    reported_by: str
    reported_at: datetime
    answer: str | None
    closed_by: str | None
    closed_at: datetime | None


class Finding(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True,
        json_schema_extra={"examples": [{"answer": "It was, until the analysis of today."}]},
    )  # fmt: skip

    answer: _Text


@router.post("/repositories/{repository_id}/reports", status_code=201, response_model=Report)
async def add(repository_id: int, body: NewReport, request: Request, reader: Reader) -> Any:
    """Say that a figure is wrong, as it is shown, and what is wrong with it."""
    request.state.is_write = True
    counts: Limits = request.app.state.limits
    left = await counts.spend(f"reports:{reader.name}:{address_of(request)}", A_MINUTE)
    if left.remaining < 0:
        raise limits.refused(left, detail=f"no more than {A_MINUTE} reports a minute")

    def written(session: Connection) -> reports.Report:
        visibility.check(session, repository_id, reader.readable)
        return reports.add(
            session, repository_id, metric=body.metric, shown=body.shown, as_of=body.as_of,
            comment=body.comment, by=reader.name, at=now(),
        )  # fmt: skip

    return await in_transaction(request, written)


@router.get("/reports", response_model=Page[Report])
def several(
    writer: Writer, session: Session,
    state: Annotated[Literal["open", "closed"] | None, Query(description="Else all.")] = None,
    limit: paging.Limit = 50, cursor: paging.Cursor = None,
) -> dict[str, Any]:  # fmt: skip
    """The newest first."""
    (before,) = paging.decode_as(cursor, paging.number) or (None,)
    found = reports.several(
        session, is_open=None if state is None else state == "open", limit=limit + 1,
        before=before, readable=writer.readable,
    )  # fmt: skip
    return paging.cut(found, limit, lambda one: (one.report_id,))


@router.put("/reports/{report_id}/answer", response_model=Report)
def close(report_id: int, body: Finding, writer: Writer, session: Session) -> Any:
    """Say what was found, and close it."""
    return reports.close(
        session, report_id, answer=body.answer, by=writer.name, at=now(), readable=writer.readable
    )
