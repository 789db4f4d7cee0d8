"""Kinds of values that settings have: what is none of its kind is refused before anything starts,
and not where it is first used.
"""

from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

_WEEK_SECONDS = 7 * 86_400
"""PostgreSQL counts a time limit in milliseconds, of which 24 days are the most."""
_CENTURY_DAYS = 36_500
"""What lies so many days before now is a date, still."""
TEN_YEARS_HOURS = 87_600

_Text = TypeVar("_Text", str, SecretStr)

Seconds = Annotated[float, Field(gt=0, le=_WEEK_SECONDS)]
WholeSeconds = Annotated[int, Field(ge=1, le=_WEEK_SECONDS)]
Milliseconds = Annotated[int, Field(ge=1, le=_WEEK_SECONDS * 1_000)]
Days = Annotated[int, Field(ge=0, le=_CENTURY_DAYS)]
Hours = Annotated[float, Field(gt=0, le=TEN_YEARS_HOURS)]


def address(*schemes: str, needs_host: bool = False) -> AfterValidator:
    """What is refused is not told: a password may be part of it."""

    def check(value: _Text) -> _Text:
        text = _text(value)
        if text and not text.startswith(schemes):
            raise ValueError(f"an address begins with {' or '.join(schemes)}")
        if text and not _has_place(text, needs_host=needs_host):
            raise ValueError("an address has a host after ://, and a number after its colon")
        return value

    return AfterValidator(check)


def _text(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _has_place(text: str, *, needs_host: bool) -> bool:
    place = text.partition("://")[2].partition("?")[0].rpartition("@")[2]
    try:
        found = urlsplit(f"//{place}")
        _ = found.port
    except ValueError:
        return False
    is_whole = not any(one.isspace() for one in place)
    return is_whole and (found.hostname is not None or not needs_host)


HTTP = address("http://", "https://", needs_host=True)
