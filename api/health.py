"""Whether the process is well, and what it depends on. Nothing is asked for it that could keep
whoever asks waiting: the connection that listens is heard of four times a second.
"""

import time
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.auth import Public

_SILENT_SECONDS = 2.0
router = APIRouter(prefix="/health", tags=["health"])
Status = Literal["ok", "unavailable"]


class Part(BaseModel):
    status: Status
    reason: str | None = None


class Health(BaseModel):
    status: Status
    parts: dict[str, Part]


class State(BaseModel):
    status: Status


class Pulse:
    """What is known of the warehouse."""

    def __init__(self) -> None:
        self._until = 0.0
        self._has_tables = False

    def beat(self, since: float, *, has_tables: bool) -> None:
        """It has answered what was asked at ``since``, of the monotonic clock."""
        self._until = since + _SILENT_SECONDS
        self._has_tables = has_tables

    def stopped(self) -> None:
        self._until = 0.0

    def part(self) -> Part:
        if time.monotonic() > self._until:
            return Part(status="unavailable", reason="it does not answer")
        if not self._has_tables:
            return Part(status="unavailable", reason="its tables are not there")
        return Part(status="ok")


@router.get("/live", response_model=State)
async def live(_: Public) -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/ready", response_model=State, responses={503: {"model": State}})
async def ready(request: Request, response: Response, _: Public) -> Health:
    """The warehouse answers too."""
    return await health(request, response, None)


@router.get("", responses={503: {"model": Health}})
async def health(request: Request, response: Response, _: Public) -> Health:
    """Part by part, and why one is away."""
    pulse: Pulse = request.app.state.pulse
    parts = {"warehouse": pulse.part()}
    is_well = all(part.status == "ok" for part in parts.values())
    response.status_code = 200 if is_well else 503
    return Health(status="ok" if is_well else "unavailable", parts=parts)
