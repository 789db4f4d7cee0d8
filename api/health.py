"""Whether the process lives, and whether it can answer."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.session import engine_of
from warehouse.engine import UNREACHABLE, driver

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
def ready(request: Request) -> Response:
    parts = _parts(request)
    is_ready = all(part["status"] == "ok" for part in parts.values())
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable"}, status_code=200 if is_ready else 503
    )


@router.get("")
def health(request: Request) -> Response:
    parts = _parts(request)
    is_well = all(part["status"] == "ok" for part in parts.values())
    return JSONResponse(
        {"status": "ok" if is_well else "unavailable", "parts": parts},
        status_code=200 if is_well else 503,
    )


def _parts(request: Request) -> dict[str, dict[str, Any]]:
    try:
        with engine_of(request).connect() as connection:
            driver(connection).execute("select 1 from ops.jobs limit 1")
    except UNREACHABLE as error:
        return {"warehouse": {"status": "unavailable", "reason": type(error).__name__}}
    return {"warehouse": {"status": "ok"}}
