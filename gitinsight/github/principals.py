"""Who asks GitHub: a user, an installation of our App, or nobody in particular.

GitHub counts its limits by principal and not by token, so a principal keeps its fingerprint when an
installation gets a new token. No token is ever stored.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Literal

Kind = Literal["user", "installation", "anonymous"]


def _nothing() -> None:
    """A token that is written down cannot be made anew."""


@dataclass(frozen=True, slots=True)
class Principal:
    """``token`` gives one that is good now; ``renew`` drops it because GitHub has rejected it."""

    fingerprint: str
    kind: Kind
    owner: str | None = None
    """The account that an installation belongs to, in lower case."""
    token: Callable[[], str | None] = field(default=_nothing, compare=False, repr=False)
    renew: Callable[[], None] = field(default=_nothing, compare=False, repr=False)


ANONYMOUS = Principal("anonymous", "anonymous")


def users(tokens: Iterable[str]) -> list[Principal]:
    """One per token; nobody in particular where there is none."""
    found = [
        Principal(fingerprint(token), "user", token=partial(str, token))
        for token in dict.fromkeys(tokens)
    ]
    return found or [ANONYMOUS]


def ordered(principals: Iterable[Principal], subject: str) -> list[Principal]:
    """Who is asked about a repository first: the installation of its owner, then the other
    installations, then the users; among equals by rendezvous hashing, so that a repository keeps
    its principal, and with it its ETags, when others come or go.
    """
    owner = subject.partition("/")[0].lower()

    def rank(one: Principal) -> tuple[bool, bool, str]:
        is_owners = one.kind == "installation" and one.owner == owner
        return not is_owners, one.kind != "installation", fingerprint(one.fingerprint, subject)

    return sorted(principals, key=rank)


def fingerprint(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def last(principals: Sequence[Principal], rejected: Principal) -> list[Principal]:
    """The same, ``rejected`` at the end."""
    return sorted(principals, key=lambda one: one == rejected)
