"""Logging in to the simulated GitHub: whoever is sent here is who the control panel says he is."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gitinsight.simulator import rest_records as show
from gitinsight.simulator.answers import answer, principal_of
from gitinsight.simulator.faults import bad_credentials
from gitinsight.simulator.state import simulator_of

CLIENT_ID = "simulated-client"
CLIENT_SECRET = "simulated-secret"  # noqa: S105 - of nobody who exists


@dataclass(slots=True)
class Consent:
    """What a code stands for."""

    login: str
    redirect_uri: str
    challenge: str


@dataclass(slots=True)
class Logins:
    """``login`` is who comes next; ``members`` are the logins that see each private repository."""

    login: str = "ada"
    members: dict[str, list[str]] = field(default_factory=dict)
    codes: dict[str, Consent] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def authorize(request: Request) -> Response:
    """Everybody consents at once."""
    query, logins = request.query_params, logins_of(request)
    if query.get("client_id") != CLIENT_ID:
        return JSONResponse({"message": "Not Found"}, status_code=404)
    redirect_uri, code = query.get("redirect_uri", ""), secrets.token_hex(10)
    logins.codes[code] = Consent(logins.login, redirect_uri, query.get("code_challenge", ""))
    told = urlencode({"code": code, "state": query.get("state", "")})
    return RedirectResponse(f"{redirect_uri}?{told}", status_code=302)


async def access_token(request: Request) -> Response:
    """A code is good once, for who began with it; errors come with 200, as GitHub's do."""
    given = {name: one[0] for name, one in parse_qs((await request.body()).decode()).items()}
    logins = logins_of(request)
    if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        return JSONResponse({"error": "incorrect_client_credentials"})
    consent = logins.codes.pop(given.get("code", ""), None)
    if consent is None or consent.redirect_uri != given.get("redirect_uri"):
        return JSONResponse({"error": "bad_verification_code"})
    digest = sha256(given.get("code_verifier", "").encode()).digest()
    if not hmac.compare_digest(urlsafe_b64encode(digest).rstrip(b"=").decode(), consent.challenge):
        return JSONResponse({"error": "bad_verification_code"})
    token = f"gho_{secrets.token_hex(18)}"
    logins.tokens[token] = consent.login
    return JSONResponse({"access_token": token, "token_type": "bearer", "scope": "read:user"})


def user(request: Request) -> Response:
    """Whose token it is."""
    login = logins_of(request).tokens.get(principal_of(request))
    found = simulator_of(request).organisation.users.get(login or "")
    return bad_credentials() if found is None else answer(request, show.user_object(found))


def repositories(request: Request) -> Response:
    """The private ones that are shown to whose token it is."""
    simulator, logins = simulator_of(request), logins_of(request)
    login = logins.tokens.get(principal_of(request))
    if login is None:
        return bad_credentials()
    shown = [
        show.repository_object(simulator, one) | {"private": True}
        for one in simulator.organisation.repositories.values()
        if login in logins.members.get(one.name, ())
    ]
    return answer(request, shown)


def logins_of(request: Request) -> Logins:
    logins: Logins = request.app.state.logins
    return logins
