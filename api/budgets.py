"""What is left of GitHub's limits, for whoever keeps the tokens."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.auth import Admin
from api.session import Session
from warehouse import governor

router = APIRouter(prefix="/budgets", tags=["budgets"])


class Budget(BaseModel):
    """``principal`` is a fingerprint: no token is stored. What GitHub has not told yet is null."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "host": "https://api.github.com", "principal": "9f2c61d07a3be841",
                    "kind": "user", "state": "active", "bucket": "graphql", "quota": 5000,
                    "remaining": 4711, "renewed_at": "2026-11-23T12:30:00Z",
                    "blocked_until": None, "blocked_reason": None,
                }
            ]
        },
    )  # fmt: skip

    host: str
    principal: str
    kind: str
    state: str
    bucket: str
    quota: int | None
    remaining: int | None
    renewed_at: datetime | None
    blocked_until: datetime | None
    blocked_reason: str | None


class Budgets(BaseModel):
    data: list[Budget]


@router.get("", response_model=Budgets)
def several(_: Admin, session: Session) -> dict[str, Any]:
    """Of each user and installation that asks GitHub for us, and each of its limits."""
    return {"data": governor.budgets(session)}
