"""Who may do what: in ``local`` mode reads are open, and writes need the admin key."""

import hmac
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from gitinsight.errors import Unauthorised

_KEY = HTTPBearer(
    scheme_name="adminKey",
    description="The key in `admin.key` of the state directory.",
    auto_error=False,  # our own error says what is wrong
)


def may_read(connection: HTTPConnection) -> None:
    if connection.app.state.auth_mode != "local":
        _check(connection)


def may_write(connection: HTTPConnection, _: Annotated[object, Depends(_KEY)]) -> None:
    _check(connection)


def _check(connection: HTTPConnection) -> None:
    key: str | None = connection.app.state.admin_key
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Unauthorised("this needs the admin key: Authorization: Bearer KEY", known=False)
    if key is None or not hmac.compare_digest(given.encode(), key.encode()):
        raise Unauthorised("the key is wrong", known=False)


Reader = Annotated[None, Depends(may_read)]
Writer = Annotated[None, Depends(may_write)]
