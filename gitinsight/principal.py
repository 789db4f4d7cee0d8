"""Who asks, and what that one may do. How somebody proves who he is, is not decided here."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args
from uuid import UUID

KeyScope = Literal["read", "export", "sql", "write", "admin"]
"""What a key may be good for: figures, whole marts, SQL, analyses, and people."""
Scope = KeyScope | Literal["keys"]
"""No key makes keys; people do."""
KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
SCOPES: tuple[Scope, ...] = (*KEY_SCOPES, "keys")


class Role(IntEnum):
    """Each may do what the ones before it may."""

    VIEWER = 1
    ANALYST = 2
    MAINTAINER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> "Role":
        return cls[word.upper()]


RoleName = Literal["viewer", "analyst", "maintainer", "admin"]


@dataclass(frozen=True, slots=True)
class Principal:
    """``name`` is `admin`, `anybody`, `user:ID` or `key:ID`. ``readable`` are the private
    repositories that may be seen; None is whoever owns the machine, and is kept from nothing on it.
    """

    name: str
    role: Role
    scopes: frozenset[Scope]
    user_id: int | None = None
    session_id: UUID | None = None
    readable: frozenset[int] | None = frozenset()

    def lacks(self, role: Role, scope: Scope) -> str | None:
        """What it would need; None where it may."""
        if self.role < role:
            return f"this needs the role {role.word}"
        return None if scope in self.scopes else f"this needs a key with the scope {scope}"


ADMIN = Principal("admin", Role.ADMIN, frozenset(SCOPES), readable=None)
"""Whoever holds the key in the state directory."""
ANYBODY = Principal("anybody", Role.ANALYST, frozenset({"read", "export", "sql"}), readable=None)
"""Whoever asks in ``local`` mode: somebody on the same machine."""
