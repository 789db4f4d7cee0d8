"""Headers that the fast lane and everything else have in common."""

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""What every answer has: it keeps browsers from harm."""


def versions(if_none_match: str) -> frozenset[str]:
    """The versions that the caller holds, all of them as weak ones, for so they are compared here
    (RFC 9110, 13.1.2); ``*`` is any.
    """
    held = {one.strip() for one in if_none_match.split(",")} - {""}
    return frozenset(one if one == "*" else f"W/{one.removeprefix('W/')}" for one in held)
