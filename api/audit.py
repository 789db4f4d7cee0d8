"""Who has asked for which write, for those who answer for the service."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Admin
from api.paging import Page
from api.session import Session
from warehouse import audit

router = APIRouter(prefix="/audit", tags=["users"])


class AuditEntry(BaseModel):
    """``route`` is the template of ``target``; under ``request_id`` the logs tell more."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "audit_id": 812, "at": "2026-11-23T12:00:00Z", "principal": "user:3",
                    "address": "192.0.2.7", "method": "POST",
                    "route": "/api/v1/repositories/{repository_id}/analyze",
                    "target": "/api/v1/repositories/3/analyze", "status": 202,
                    "request_id": "6f1c2f0e9a7b4f0c",
                }
            ]
        },
    )  # fmt: skip

    audit_id: int
    at: datetime
    principal: str
    address: str | None
    method: str
    route: str
    target: str
    status: int
    request_id: str


@router.get("", response_model=Page[AuditEntry])
def recent(
    _: Admin, session: Session, limit: paging.Limit = 50, cursor: paging.Cursor = None,
    principal: Annotated[
        str | None, Query(max_length=100, description="`admin`, `user:ID` or `key:ID`.")
    ] = None,
) -> dict[str, Any]:  # fmt: skip
    """Every write that somebody known has asked for, done or refused, the newest first."""
    (before,) = paging.decode_as(cursor, paging.number) or (None,)
    found = audit.recent(session, limit=limit + 1, before=before, principal=principal)
    return paging.cut(found, limit, lambda one: (one.audit_id,))
