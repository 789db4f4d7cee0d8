"""Whether the process lives, and whether it can answer."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.auth import Public
from api.session import engine_of
from warehouse.engine import UNREACHABLE, is_ready

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


@router.get("/live", response_model=State)
def live(_: Public) -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/ready", response_model=State, responses={503: {"model": State}})
def ready(request: Request, response: Response, _: Public) -> Health:
    """The warehouse answers too."""
    return health(request, response, None)


@router.get("", responses={503: {"model": Health}})
def health(request: Request, response: Response, _: Public) -> Health:
    """Part by part, and why one is away."""
    parts = {"warehouse": _warehouse(request)}
    is_well = all(part.status == "ok" for part in parts.values())
    response.status_code = 200 if is_well else 503
    return Health(status="ok" if is_well else "unavailable", parts=parts)


def _warehouse(request: Request) -> Part:
    try:
        if is_ready(engine_of(request)):
            return Part(status="ok")
    except UNREACHABLE as error:
        return Part(status="unavailable", reason=type(error).__name__)
    return Part(status="unavailable", reason="its tables are not there")
