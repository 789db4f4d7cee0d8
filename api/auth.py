"""Who may do what: in ``local`` mode reads are open, and writes need the admin key."""

import hmac
import math
import time
from dataclasses import dataclass
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
_REMEMBERED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read, for whoever asks without a request of FastAPI."""

    mode: str
    admin_key: str | None

    def check(self, authorization: str) -> None:
        if self.mode != "local":
            self.check_key(authorization)

    def check_key(self, authorization: str) -> None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise Unauthorised("this needs the admin key: Authorization: Bearer KEY", known=False)
        key = self.admin_key
        if key is None or not hmac.compare_digest(given.encode(), key.encode()):
            raise Unauthorised("the key is wrong", known=False)

    def until(self, authorization: str) -> float | None:
        """How long, by the monotonic clock, the right to read may be remembered; None: no right."""
        try:
            self.check(authorization)
        except Unauthorised:
            return None
        return math.inf if self.mode == "local" else time.monotonic() + _REMEMBERED_SECONDS


def may_read(connection: HTTPConnection) -> None:
    _readers(connection).check(connection.headers.get("authorization", ""))


def may_write(connection: HTTPConnection, _: Annotated[object, Depends(_KEY)]) -> None:
    _readers(connection).check_key(connection.headers.get("authorization", ""))


def _readers(connection: HTTPConnection) -> Readers:
    readers: Readers = connection.app.state.readers
    return readers


Reader = Annotated[None, Depends(may_read)]
Writer = Annotated[None, Depends(may_write)]
