"""Who may do what: in ``local`` mode reads are open, and writes need the admin key."""

import hmac
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from gitinsight.errors import Unauthorised


def may_read(connection: HTTPConnection) -> None:
    if connection.app.state.auth_mode != "local":
        may_write(connection)


def may_write(connection: HTTPConnection) -> None:
    key: str | None = connection.app.state.admin_key
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Unauthorised("this needs the admin key: Authorization: Bearer KEY", known=False)
    if key is None or not hmac.compare_digest(given.encode(), key.encode()):
        raise Unauthorised("the key is wrong", known=False)


Reader = Annotated[None, Depends(may_read)]
Writer = Annotated[None, Depends(may_write)]
