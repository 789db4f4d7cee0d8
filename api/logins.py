"""Logging in with GitHub, staying logged in, and logging out."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Cookie, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.auth import Access, Public, address_of
from api.errors import Refused
from api.session import engine_of
from api.tokens import Tokens
from gitinsight.clock import now
from gitinsight.errors import BrokenEnvironment, Unauthorised
from gitinsight.github import login
from gitinsight.github.login import Client
from gitinsight.settings import Settings
from gitinsight.vault import Vault
from warehouse import sessions, users
from warehouse.sessions import Session

CALLBACK = "/api/v1/auth/github/callback"
_PATH = "/api/v1/auth"
_BEGUN = "gitinsight_login"
_STAYS = "gitinsight_refresh"
_BEGUN_SECONDS = 600
_LOCAL_PATH = re.compile(r"/(?![/\\])[\w\-./~%?&=+:,;@!$'()*]*")
"""A path of our own: never `//host`, which a browser takes for an address."""
_WORD = re.compile(r"\w{1,40}")
_UNSTORED = {"Cache-Control": "no-store"}
router = APIRouter(prefix="/auth", tags=["auth"])


class Login(BaseModel):
    """``refresh_token`` is good once; it is null where a cookie of the browser holds it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJFZERTQSJ9…", "token_type": "Bearer",
                    "expires_in": 600, "refresh_token": "pW2n…",
                }
            ]
        }
    )  # fmt: skip

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | None


class Refresh(BaseModel):
    """Null where a cookie of the browser holds it."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"refresh_token": "pW2n…"}]}
    )

    refresh_token: Annotated[str, Field(max_length=200)] | None = None


class _Begun(msgspec.Struct):
    """What is known of a login until its browser is back from GitHub."""

    state: str
    verifier: str
    goes_to: str | None


@router.get(
    "/github/login", status_code=302, response_class=RedirectResponse, response_model=None,
    responses={
        302: {"description": "To GitHub, which asks the user."},
        503: {"description": "No client of GitHub is named in the settings."},
    },
)  # fmt: skip
def begin(
    request: Request, _: Public,
    next_: Annotated[
        str | None,
        Query(alias="next", max_length=500, description="Path to go to when logged in."),
    ] = None,
) -> Response:  # fmt: skip
    """Log in with GitHub; the browser comes back to the callback."""
    if next_ is not None and not _LOCAL_PATH.fullmatch(next_):
        raise Refused(422, kind="invalid-request", detail="`next` has to be a path of this service")
    begun = _Begun(login.new_verifier(), login.new_verifier(), next_)
    url = _client(request).authorize_url(state=begun.state, verifier=begun.verifier)
    answer = RedirectResponse(url, status_code=302, headers=_UNSTORED)
    sealed = _vault(request).seal(msgspec.json.encode(begun)).decode()
    # Lax: the browser brings it along when GitHub sends it back.
    _set_cookie(request, answer, _BEGUN, sealed, seconds=_BEGUN_SECONDS, same_site="lax")
    return answer


@router.get(
    "/github/callback", response_model=Login,
    responses={
        303: {"description": "To the `next` of the login; a cookie holds the token."},
        401: {"description": "It was not begun here, or GitHub does not know it."},
    },
)  # fmt: skip
async def callback(
    request: Request, _: Public, code: str | None = None, state: str | None = None,
    error: str | None = None,
    gitinsight_login: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> Response:  # fmt: skip
    """Where GitHub sends the browser back to: with what was begun there, and nowhere else."""
    access: Access = request.app.state.access
    await access.count_failures(request, 0)
    try:
        return await run_in_threadpool(
            _finish, request, code=code, state=state, error=error, sealed=gitinsight_login
        )
    except Unauthorised:
        await access.count_failures(request, 1)
        raise


@router.post(
    "/refresh",
    response_model=Login,
    responses={401: {"description": "The refresh token is not good, or not any more."}},
)
async def refresh(
    request: Request, _: Public, body: Refresh | None = None,
    gitinsight_refresh: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> Response:  # fmt: skip
    """A new access token, and the next refresh token. One that was used before ends the login."""
    access: Access = request.app.state.access
    await access.count_failures(request, 0)
    given = body.refresh_token if body else None
    try:
        session = await run_in_threadpool(_refreshed, request, given or gitinsight_refresh)
    except Unauthorised:
        await access.count_failures(request, 1)
        raise
    return await run_in_threadpool(_answer, request, session, in_cookie=not given)


@router.post("/logout", status_code=204)
def logout(
    request: Request, _: Public, body: Refresh | None = None,
    gitinsight_refresh: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> Response:  # fmt: skip
    """End the login of a refresh token: its access tokens are good no longer either."""
    given = (body.refresh_token if body else None) or gitinsight_refresh
    if given is not None:
        with engine_of(request).begin() as connection:
            session_id = sessions.of_token(connection, given)
            if session_id is not None:
                sessions.end(connection, session_id, reason="logout", at=now())
    answer = Response(status_code=204, headers=_UNSTORED)
    answer.delete_cookie(_STAYS, path=_PATH)
    return answer


def client_of(settings: Settings) -> Client | None:
    """What GitHub knows this service as, and the way back to it."""
    at = settings.auth.public_url or f"http://{settings.api.host}:{settings.api.port}"
    return login.client_of(settings, redirect_uri=f"{at}{CALLBACK}")


def _finish(
    request: Request, *, code: str | None, state: str | None, error: str | None, sealed: str | None
) -> Response:
    if error is not None:
        told = error if _WORD.fullmatch(error) else "no"
        raise Unauthorised(f"GitHub has not let the user in: {told}", known=False)
    begun = _opened(request, sealed)
    if state is None or not hmac.compare_digest(state.encode(), begun.state.encode()):
        raise Unauthorised("this login was not begun here; begin again", known=False)
    if code is None:
        raise Unauthorised("GitHub has sent no code; begin again", known=False)
    client, settings = _client(request), _settings(request)
    token = client.token(code, verifier=begun.verifier)
    account = client.account(token)
    with engine_of(request).begin() as connection:
        user = users.log_in(
            connection, host=settings.github.api_url, github_id=account.id, login=account.login,
            sealed_token=_vault(request).seal(token.encode()), admins=settings.auth.admins,
            at=now(),
        )  # fmt: skip
        session = sessions.begin(
            connection, user.user_id, address=address_of(request), at=now(), until=_until(settings)
        )
    if begun.goes_to is None:
        answer = _answer(request, session, in_cookie=False)
    else:
        answer = RedirectResponse(begun.goes_to, status_code=303, headers=_UNSTORED)
        _keep(request, answer, session)
    answer.delete_cookie(_BEGUN, path=_PATH)
    return answer


def _opened(request: Request, sealed: str | None) -> _Begun:
    try:
        opened = _vault(request).open((sealed or "").encode(), seconds=_BEGUN_SECONDS)
        return msgspec.json.decode(opened, type=_Begun)
    except (BrokenEnvironment, msgspec.DecodeError) as error:
        raise Unauthorised("this login was not begun here; begin again", known=False) from error


def _refreshed(request: Request, given: str | None) -> Session:
    if given is None:
        raise Unauthorised("this needs a refresh token", known=False)
    with engine_of(request).begin() as connection:
        found = sessions.refresh(connection, given, at=now(), until=_until(_settings(request)))
    if isinstance(found, Session):
        return found
    # Raised out of the transaction: that a family has ended has to be kept.
    raise Unauthorised(f"the refresh token is {found}; log in again", known=False)


def _answer(request: Request, session: Session, *, in_cookie: bool) -> Response:
    tokens: Tokens = request.app.state.tokens
    told = Login(
        access_token=tokens.issue(session.user_id, session.session_id, at=now()),
        token_type="Bearer",  # noqa: S106 - the kind of it
        expires_in=int(tokens.life.total_seconds()),
        refresh_token=None if in_cookie else session.token,
    )
    answer = JSONResponse(told.model_dump(), headers=_UNSTORED)
    if in_cookie:
        _keep(request, answer, session)
    return answer


def _keep(request: Request, answer: Response, session: Session) -> None:
    seconds = _settings(request).auth.session_days * 86_400
    _set_cookie(request, answer, _STAYS, session.token, seconds=seconds, same_site="strict")


def _set_cookie(
    request: Request, answer: Response, name: str, value: str, *, seconds: int,
    same_site: Literal["lax", "strict"],
) -> None:  # fmt: skip
    is_secure = (_settings(request).auth.public_url or "").startswith("https:")
    answer.set_cookie(
        name, value, max_age=seconds, path=_PATH, httponly=True, secure=is_secure,
        samesite=same_site,
    )  # fmt: skip


def _until(settings: Settings) -> datetime:
    return now() + timedelta(days=settings.auth.session_days)


def _client(request: Request) -> Client:
    found = client_of(_settings(request))
    if found is None:
        raise Refused(
            503, kind="login-not-configured",
            detail="no client of GitHub is set here: GITINSIGHT_AUTH__GITHUB_CLIENT_ID",
        )  # fmt: skip
    return found


def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault()
    return vault


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings
