"""Organisations: whose repositories are followed, all of them and those that come later."""

from datetime import datetime
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Reader, Writer
from api.paging import Page
from api.session import Session, engine_of
from gitinsight import targets
from gitinsight.clock import now
from gitinsight.settings import Settings
from warehouse import organisations
from warehouse.governor import SharedGovernor

router = APIRouter(prefix="/organisations", tags=["organisations"])


class NewOrganisation(BaseModel):
    """``login`` is that of an organisation or of a user."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"login": "octocat", "include_forks": False, "include_archived": True}]
        },
    )

    login: str
    include_forks: bool = False
    include_archived: bool = True


class Organisation(BaseModel):
    """``discovered_at`` is null until its listing was read whole for the first time."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "organisation_id": 2, "host": "https://api.github.com", "github_id": 583231,
                    "login": "octocat", "kind": "User", "state": "active", "state_reason": None,
                    "include_forks": False, "include_archived": True, "repositories_count": 6,
                    "added_at": "2026-11-23T11:59:38Z", "discovered_at": "2026-11-23T11:59:44Z",
                }
            ]
        },
    )  # fmt: skip

    organisation_id: int
    host: str
    github_id: int
    login: str
    kind: Literal["User", "Organization"]
    state: Literal["active", "unreadable"]
    state_reason: str | None
    include_forks: bool
    include_archived: bool
    repositories_count: int
    added_at: datetime
    discovered_at: datetime | None


@router.post(
    "", status_code=201, response_model=Organisation,
    responses={
        200: {"model": Organisation, "description": "It is followed already."},
        404: {"description": "GitHub does not show it."},
        409: {"description": "The login now belongs to another account."},
        502: {"description": "GitHub rejects the token, or answers what is not understood."},
    },
)  # fmt: skip
def add(body: NewOrganisation, request: Request, response: Response, writer: Writer) -> Any:
    """Follow an organisation: its repositories are discovered soon, and again and again."""
    settings: Settings = request.app.state.settings
    account = targets.parse_login(body.login, settings)
    governor = partial(SharedGovernor, engine_of(request))
    found = targets.ask_account(account, settings, governor=governor)
    with engine_of(request).begin() as connection:
        organisation, is_new = organisations.add(
            connection, host=account.host, github_id=found.id, login=found.login,
            kind=found.type, include_forks=body.include_forks,
            include_archived=body.include_archived, at=now(),
        )  # fmt: skip
        told = organisations.by_id(
            connection, organisation.organisation_id, readable=writer.readable
        )
    response.status_code = 201 if is_new else 200
    return told


@router.get("", response_model=Page[Organisation])
def several(
    reader: Reader, session: Session, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> dict[str, Any]:
    """In the order they were added."""
    (after,) = paging.decode_as(cursor, paging.number) or (0,)
    found = organisations.several(session, limit=limit + 1, after=after, readable=reader.readable)
    return paging.cut(found, limit, lambda one: (one.organisation_id,))


@router.get("/{organisation_id}", response_model=Organisation)
def one(organisation_id: int, reader: Reader, session: Session) -> Any:
    """One organisation that is followed."""
    return organisations.by_id(session, organisation_id, readable=reader.readable)
