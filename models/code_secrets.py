"""What looks like a secret in a text: which kind, in which line, and never its value.

Kinds that a provider marks are told by their mark. What is only called a password or a key counts
where it is as random as one, and no placeholder.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from math import log2

from gitinsight.code.facts import Secret

_MARKED = {
    "private_key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "aws_access_key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "github_token": r"\b(?:gh[pousr]_[0-9A-Za-z]{36,251}|github_pat_[0-9A-Za-z_]{60,90})\b",
    "gitlab_token": r"\bglpat-[0-9A-Za-z_-]{20,50}",
    "google_api_key": r"\bAIza[0-9A-Za-z_-]{35}",
    "slack_token": r"\bxox[abeoprs]-[0-9A-Za-z-]{20,200}",
    "stripe_key": r"\b[rs]k_live_[0-9A-Za-z]{20,100}",
    "npm_token": r"\bnpm_[0-9A-Za-z]{36}\b",
    "pypi_token": r"\bpypi-AgEIcHlwaS[0-9A-Za-z_-]{50,250}",
    "sendgrid_key": r"\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}",
    "url_password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'`<>{}$%]{1,64}:(?P<url>[^\s:/@\"'`<>{}$%]{6,128})@",
}  # fmt: skip
_ASSIGNED = (
    r"(?i:(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key))"
    r"[\"']?\s{0,8}(?:=|:|=>|:=)\s{0,8}[\"'](?P<value>[^\s\"']{16,256})[\"']"
)
_KINDS = {**_MARKED, "high_entropy": _ASSIGNED}
_HINTS = {
    "private_key": ("PRIVATE KEY",), "aws_access_key": ("AKIA", "ASIA"),
    "github_token": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    "gitlab_token": ("glpat-",), "google_api_key": ("AIza",), "slack_token": ("xox",),
    "stripe_key": ("k_live_",), "npm_token": ("npm_",), "pypi_token": ("pypi-",),
    "sendgrid_key": ("SG.",), "url_password": ("://",),
}  # fmt: skip
"""One of them is in every text that has such a secret: to look for it takes no time, and most
texts have none.
"""
_NAMED = (
    "passw", "secret", "token", "_key", "-key", "skey", "ekey", "ikey", "\u0131key", "\u0307key",
)  # fmt: skip
"""In a text that is folded; an i without a dot, and one with two, are an i to patterns, too."""
_PLACEHOLDER = re.compile(
    r"example|sample|dummy|placeholder|change[_-]?me|redacted|your[_-]|xxx|\*\*\*|\.\.\.|12345678"
    r"|^test|password|secret|[<>{}$%()]",
    re.IGNORECASE,
)
_RANDOM_BITS = 3.6
"""Of each letter: words and paths have less, random base64 of 20 letters has about four."""
_DIGEST_LETTERS = 12
"""Tells secrets of one repository apart; too little to find a value by."""


def secrets_in(text: str) -> Iterator[Secret]:
    line, at = 1, 0
    kinds = _possible(text)
    for found in _any_of(kinds).finditer(text) if kinds else ():
        kind = str(found.lastgroup)
        named = found.groupdict()
        value = named.get("url") or named.get("value") or found[0]
        if _is_believed(kind, value):
            line, at = line + text.count("\n", at, found.start()), found.start()
            digest = sha256(value.encode("utf-8", "replace")).hexdigest()
            yield Secret(line, kind, digest[:_DIGEST_LETTERS])


def _possible(text: str) -> tuple[str, ...]:
    """The kinds that may be in it at all."""
    found = [kind for kind, hints in _HINTS.items() if any(one in text for one in hints)]
    if "url_password" in found and "@" not in text:
        found.remove("url_password")
    folded = text.casefold()
    return (*found, *(["high_entropy"] if any(one in folded for one in _NAMED) else []))


@cache
def _any_of(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind}>{_KINDS[kind]})" for kind in kinds))


def _is_believed(kind: str, value: str) -> bool:
    if kind == "private_key":
        return True
    if _PLACEHOLDER.search(value):
        return False
    if kind != "high_entropy":
        return True
    is_mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    return is_mixed and _bits(value) >= _RANDOM_BITS


def _bits(value: str) -> float:
    """Shannon's entropy of a letter."""
    counts = Counter(value).values()
    return -sum(one / len(value) * log2(one / len(value)) for one in counts)
