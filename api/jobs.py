"""Analyses: what they do now, what they did, how to stop them."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Listener, Place, Reader, Right, StreamRight, Writer
from api.envelope import as_json
from api.live import MOST_AT_ONCE, Channels, Found, Reading, Told
from api.paging import Page
from api.session import Session, in_transaction
from api.streams import LAST, ending_with
from gitinsight.clock import now
from gitinsight.errors import NotFound
from warehouse import job_events, jobs
from warehouse.engine import Connection

router = APIRouter(prefix="/jobs", tags=["jobs"])
State = Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"]
Stage = Literal["discover", "extract", "transform", "insights", "check", "publish"]


class Job(BaseModel):
    """One analysis. ``outcome`` says what it did, stage by stage."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "job_id": "5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11", "repository_id": 3,
                    "kind": "analysis", "reason": "changed", "is_full": False, "as_of": None,
                    "state": "succeeded", "stage": "publish",
                    "requested_at": "2026-11-23T11:59:40Z", "started_at": "2026-11-23T11:59:41Z",
                    "finished_at": "2026-11-23T12:00:09Z", "attempt": 1, "worker": "host-1",
                    "fence": 1, "lease_until": None, "not_before": None,
                    "cancel_requested_at": None, "last_seq": 41, "error_type": None,
                    "error_detail": None, "outcome": {"requests": 31, "publication": 7},
                    "flow_run_id": None, "flow_run_url": None,
                }
            ]
        },
    )  # fmt: skip

    job_id: UUID
    repository_id: int
    kind: Literal["analysis", "check"]
    reason: str | None
    is_full: bool
    as_of: datetime | None
    state: State
    stage: Stage | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    worker: str | None
    fence: int
    lease_until: datetime | None
    not_before: datetime | None
    cancel_requested_at: datetime | None
    last_seq: int
    error_type: str | None
    error_detail: str | None
    outcome: dict[str, Any] | None
    flow_run_id: UUID | None
    flow_run_url: str | None


class Queued(BaseModel):
    """``is_new`` is false where an analysis of this repository was active already."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": "5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11", "state": "queued",
                    "is_new": True,
                }
            ]
        }
    )  # fmt: skip

    job_id: UUID
    state: State
    is_new: bool


class Event(BaseModel):
    """One thing that happened to a job; ``seq`` counts within the job, without gaps."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": "5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11", "seq": 17, "event_id": 2041,
                    "repository_id": 3, "at": "2026-11-23T11:59:52Z", "stage": "extract",
                    "state": "running", "resource": "pull_requests", "done": 240, "total": 1031,
                    "rows": 240, "message": None,
                    "budget": {
                        "bucket": "graphql", "remaining": 4711, "reset_at": "2026-11-23T12:30:00Z",
                    },
                    "eta_seconds": 31,
                }
            ]
        }
    )  # fmt: skip

    job_id: UUID
    seq: int
    event_id: int
    repository_id: int
    at: datetime
    stage: Stage | None
    state: State
    resource: str | None
    done: int | None
    total: int | None
    rows: int | None
    message: str | None
    budget: dict[str, Any] | None
    eta_seconds: int | None


@router.get("", response_model=Page[Job])
def several(
    reader: Reader, session: Session, state: State | None = None, limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> dict[str, Any]:  # fmt: skip
    """The newest first."""
    before = paging.decode_as(cursor, datetime.fromisoformat, UUID)
    found = jobs.recent(session, state, limit=limit + 1, before=before, readable=reader.readable)
    return paging.cut(found, limit, lambda job: (job.requested_at, job.job_id))


@router.get("/{job_id}", response_model=Job)
def one(job_id: UUID, reader: Reader, session: Session) -> jobs.Job:
    """One analysis, past or running."""
    return jobs.by_id(session, job_id, readable=reader.readable)


@router.post("/{job_id}/cancel", status_code=202, response_model=Job)
def cancel(job_id: UUID, writer: Writer, session: Session) -> jobs.Job:
    """Ask it to stop; it does so at the next page, git step or model. One that has ended stays."""
    jobs.by_id(session, job_id, readable=writer.readable)
    return jobs.request_cancel(session, job_id, at=now())


@router.post("/{job_id}/retry", status_code=202, response_model=Queued)
def retry(job_id: UUID, writer: Writer, session: Session) -> dict[str, Any]:
    """The same analysis once more, or the one of this repository that is active."""
    past = jobs.by_id(session, job_id, readable=writer.readable)
    job, is_new = jobs.enqueue(
        session, past.repository_id, kind=past.kind, is_full=past.is_full, at=now(),
        reason="retried",
    )  # fmt: skip
    return {"job_id": job.job_id, "state": job.state, "is_new": is_new}


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "text/event-stream": {
                    "schema": {
                        "type": "string",
                        "description": "`data` of each is the JSON of an Event.",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/Event"},
                    },
                    "example": 'id: 17\nevent: job\ndata: {"seq": 17, "state": "running"}\n\n',
                }
            }
        }
    },
)
def events(
    job_id: UUID, request: Request, listener: Listener, right: Right, _: Place, session: Session,
    last_event_id: Annotated[int, Header(ge=0, le=LAST)] = 0,
    after: Annotated[
        int, Query(ge=0, le=LAST, description="The same, for who can send no header.")
    ] = 0,
) -> StreamingResponse:  # fmt: skip
    """Server-sent events from ``Last-Event-ID`` on; the stream ends when the job has ended, or the
    right to read it.
    """
    job = jobs.by_id(session, job_id, readable=listener.readable)
    return StreamingResponse(
        _stream(request, right, job, max(last_event_id, after)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _find(request: Request, job_id: UUID, seq: int | None) -> Found:
    def find(session: Connection) -> Found:
        found = job_events.after(session, job_id, seq, limit=MOST_AT_ONCE)
        try:
            job = jobs.by_id(session, job_id)
        except NotFound:  # with its repository, which was removed
            return Found([], is_over=True)
        newest = found[-1].seq if found else seq or 0
        told = [
            Told(one.seq, b"id: %d\nevent: job\ndata: %b\n\n" % (one.seq, as_json(one)))
            for one in found
        ]
        return Found(
            told, is_over=job.state in jobs.FINAL and job.last_seq <= newest,
            is_full=len(told) == MOST_AT_ONCE,
        )  # fmt: skip

    return await in_transaction(request, find)


async def _stream(
    request: Request, right: StreamRight, job: jobs.Job, seq: int
) -> AsyncIterator[bytes]:
    channels: Channels = request.app.state.channels
    reader = Reading(seq)
    find = partial(_find, request, job.job_id)
    with (
        ending_with(right, request, job.repository_id, reader.end),
        channels.channel(str(job.job_id), find) as channel,
    ):
        while not channel.enter(reader):
            yield await channel.missed(reader)
        try:
            async for frames in reader.heard():
                yield frames or b": still here\n\n"
        finally:
            channel.leave(reader)
