"""Analyses: what they do now, what they did, how to stop them."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api import paging
from api.auth import Reader, Writer
from api.envelope import plain
from api.session import Session, engine_of
from api.streams import Announcer
from gitinsight.clock import now
from warehouse import jobs
from warehouse.engine import Engine
from warehouse.jobs import Event

router = APIRouter(prefix="/jobs", tags=["jobs"])
State = Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"]


@router.get("")
def several(
    session: Session, _: Reader, state: State | None = None, limit: paging.Limit = 50
) -> dict[str, Any]:
    return {"data": plain(jobs.recent(session, state, limit=limit))}


@router.get("/{job_id}")
def one(job_id: UUID, session: Session, _: Reader) -> dict[str, Any]:
    found: dict[str, Any] = plain(jobs.by_id(session, job_id))
    return found


@router.post("/{job_id}/cancel", status_code=202)
def cancel(job_id: UUID, session: Session, _: Writer) -> dict[str, Any]:
    """Ask it to stop; it does so at the next page, git step or model."""
    jobs.by_id(session, job_id)
    asked: dict[str, Any] = plain(jobs.request_cancel(session, job_id, at=now()))
    return asked


@router.post("/{job_id}/retry", status_code=202)
def retry(job_id: UUID, session: Session, _: Writer) -> dict[str, Any]:
    """The same analysis once more, or the one of this repository that is active."""
    past = jobs.by_id(session, job_id)
    job, is_new = jobs.enqueue(session, past.repository_id, is_full=past.is_full, at=now())
    return {"job_id": str(job.job_id), "state": job.state, "is_new": is_new}


@router.get("/{job_id}/events", response_class=StreamingResponse)
def events(
    job_id: UUID, request: Request, session: Session, _: Reader,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> StreamingResponse:  # fmt: skip
    """Server-sent events from ``Last-Event-ID`` on; the stream ends when the job has ended."""
    jobs.by_id(session, job_id)
    announcer: Announcer = request.app.state.announcer
    return StreamingResponse(
        _stream(engine_of(request), announcer, job_id, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(
    engine: Engine, announcer: Announcer, job_id: UUID, seq: int
) -> AsyncIterator[str]:
    def read(after: int) -> list[Event]:
        with engine.begin() as connection:
            return jobs.events_after(connection, job_id, after)

    with announcer.subscription(str(job_id)) as subscription:
        while True:
            found = await run_in_threadpool(read, seq)
            for event in found:
                yield f"id: {event.seq}\nevent: job\ndata: {json.dumps(plain(event))}\n\n"
                seq = event.seq
            if (found and found[-1].state in jobs.FINAL) or announcer.is_closed:
                return
            if not found and not await subscription.wait():
                yield ": still here\n\n"
                if await run_in_threadpool(_has_ended, engine, job_id, seq):
                    return


def _has_ended(engine: Engine, job_id: UUID, seq: int) -> bool:
    with engine.begin() as connection:
        job = jobs.by_id(connection, job_id)
        return job.state in jobs.FINAL and job.last_seq <= seq
