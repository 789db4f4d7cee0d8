"""Headers that the fast lane and everything else have in common."""

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""What every answer has: it keeps browsers from harm."""


def versions(if_none_match: str) -> frozenset[str]:
    """The versions that the caller holds; ``*`` is any."""
    return frozenset(one.strip() for one in if_none_match.split(",")) - {""}
