"""People: who asks, who there is, and what they may do."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Admin, Reader
from api.errors import Refused
from api.paging import Page
from api.session import Session
from gitinsight.principal import Role, RoleName, Scope
from warehouse import users

router = APIRouter(tags=["users"])
_USER: dict[str, Any] = {
    "user_id": 3, "login": "octocat", "role": "analyst", "created_at": "2026-11-20T08:00:00Z",
    "last_login_at": "2026-11-23T12:00:00Z",
}  # fmt: skip


class User(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_USER]})

    user_id: int
    login: str
    role: RoleName
    created_at: datetime
    last_login_at: datetime


class Me(BaseModel):
    """``user`` is null for the admin of the machine, for keys of his, and for guests of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "key:7", "role": "analyst", "scopes": ["read"], "user": _USER},
            ]
        }
    )

    name: str
    role: RoleName
    scopes: list[Scope]
    user: User | None


class NewRole(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"role": "maintainer"}]}
    )

    role: RoleName


@router.get("/me", response_model=Me)
def me(reader: Reader, session: Session) -> dict[str, Any]:
    """Who asks, and what that one may do."""
    user = None if reader.user_id is None else users.by_id(session, reader.user_id)
    return {
        "name": reader.name, "role": reader.role.word, "scopes": sorted(reader.scopes),
        "user": user,
    }  # fmt: skip


@router.get("/users", response_model=Page[User])
def several(
    _: Admin, session: Session, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> dict[str, Any]:
    """In the order of their first logins."""
    (after,) = paging.decode_as(cursor, paging.number) or (0,)
    found = users.several(session, limit=limit + 1, after=after)
    return paging.cut(found, limit, lambda one: (one.user_id,))


@router.put(
    "/users/{user_id}/role", response_model=User,
    responses={409: {"description": "There would be no admin any more."}},
)  # fmt: skip
def set_role(user_id: int, body: NewRole, admin: Admin, session: Session) -> Any:
    """What somebody may do from now on, and every key of theirs. Only the admin of the machine
    takes the role of the last admin.
    """
    changed = users.set_role(session, user_id, Role.of(body.role))
    if admin.user_id is not None and not users.has_admin(session):
        raise Refused(409, kind="last-admin", detail="nobody would be an admin any more")
    return changed
