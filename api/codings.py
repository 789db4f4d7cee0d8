"""In which coding somebody wants an answer, by what he says with ``Accept-Encoding``."""

import re
from functools import lru_cache
from typing import TypeVar, cast

from starlette.types import Scope

_MOST_CHARACTERS = 200
"""No client has more to say of what it takes, and what it says is remembered."""
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")

Coding = TypeVar("Coding", bound=str)


def wanted(scope: Scope, offered: tuple[Coding, ...]) -> Coding | None:
    """Of the codings that are ``offered``, the best first; None for an answer as it is."""
    said = [value for name, value in scope["headers"] if name == b"accept-encoding"]
    return chosen(b",".join(said), offered) if said else None


def chosen(accept_encoding: bytes, offered: tuple[Coding, ...]) -> Coding | None:
    """The one that is wanted most, the best of several; None where none is wanted more than to be
    left alone. What is not of the form of RFC 9110 is not wanted.
    """
    if len(accept_encoding) > _MOST_CHARACTERS:
        return None
    return cast("Coding | None", _chosen(accept_encoding, offered))


@lru_cache(maxsize=256)
def _chosen(accept_encoding: bytes, offered: tuple[str, ...]) -> str | None:
    weights: dict[str, float] = {}
    for one in accept_encoding.decode("latin-1").lower().split(","):
        coding, *parameters = (part.strip() for part in one.split(";"))
        weights[coding] = _weight(*parameters) if len(parameters) <= 1 else 0.0
    others = weights.get("*", 0.0)
    found = {coding: weights.get(coding, others) for coding in offered}
    best = max(offered, key=found.__getitem__, default=None)
    is_wanted = best and found[best] > 0 and found[best] >= weights.get("identity", 0.0)
    return best if is_wanted else None


def _weight(parameter: str = "q=1") -> float:
    found = _WEIGHT.fullmatch(parameter)
    return float(found[1]) if found else 0.0
