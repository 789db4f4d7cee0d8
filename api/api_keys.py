"""Keys for programs: their text is shown once, when they are made."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.auth import Keeper
from api.paging import Page
from api.session import Session
from gitinsight.clock import now
from gitinsight.errors import Unauthorised
from gitinsight.principal import KeyScope, Role, RoleName
from warehouse import api_keys

router = APIRouter(prefix="/api-keys", tags=["api-keys"])
_LONGEST_DAYS = 366
_KEY: dict[str, Any] = {
    "key_id": 7, "user_id": 3, "name": "nightly report", "shown": "gi_k3W9sT", "role": "viewer",
    "scopes": ["read"], "created_at": "2026-11-23T12:00:00Z", "expires_at": "2027-02-21T12:00:00Z",
    "last_used_at": None, "revoked_at": None,
}  # fmt: skip


class ApiKey(BaseModel):
    """``shown`` is how it begins; ``last_used_at`` is to the minute."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_KEY]})

    key_id: int
    user_id: int | None
    name: str
    shown: str
    role: RoleName
    scopes: list[KeyScope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class MadeKey(ApiKey):
    """``key`` is its text, which is kept nowhere."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY | {"key": "gi_k3W9sT…"}]})

    key: str


class NewKey(BaseModel):
    """``role`` is that of its owner at most; null is just that."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"name": "nightly report", "scopes": ["read"], "expires_in_days": 90}]
        },
    )

    name: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
    scopes: Annotated[list[KeyScope], Field(min_length=1, max_length=5)] = ["read"]
    role: RoleName | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=_LONGEST_DAYS)] = 90


@router.post("", status_code=201, response_model=MadeKey)
def create(body: NewKey, keeper: Keeper, session: Session) -> dict[str, Any]:
    """Make a key of one's own; it sees the private repositories that its owner sees."""
    role = keeper.role if body.role is None else Role.of(body.role)
    if role > keeper.role:
        raise Unauthorised(f"a key has no role above its owner's, {keeper.role.word}", known=True)
    made, text = api_keys.create(
        session, user_id=keeper.user_id, name=body.name, role=role, scopes=body.scopes, at=now(),
        expires_at=now() + timedelta(days=body.expires_in_days),
    )  # fmt: skip
    return {**ApiKey.model_validate(made).model_dump(), "key": text}


@router.get("", response_model=Page[ApiKey])
def several(
    keeper: Keeper, session: Session, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> dict[str, Any]:
    """One's own; an admin's are all."""
    (after,) = paging.decode_as(cursor, paging.number) or (0,)
    found = api_keys.several(
        session, user_id=keeper.user_id, of_all=keeper.role is Role.ADMIN, limit=limit + 1,
        after=after,
    )  # fmt: skip
    return paging.cut(found, limit, lambda one: (one.key_id,))


@router.delete("/{key_id}", response_model=ApiKey)
def revoke(key_id: int, keeper: Keeper, session: Session) -> Any:
    """From now on, everywhere."""
    return api_keys.revoke(
        session, key_id, user_id=keeper.user_id, of_all=keeper.role is Role.ADMIN, at=now()
    )
