"""Which identities may be one person: suggestions with their evidence, for somebody to review.

Nothing here merges anybody. A display name alone says little, so it needs two words and counts
within one repository only; what GitHub and git prove is linked before it comes here.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

_NOREPLY = re.compile(r"(?:\d+\+)?(.+)@users\.noreply\.github\.com")
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 4
"""Characters of an address or an account: `jo` and `dev` are many people's."""
_CROWD = 20
_MOST_ACCOUNTS = 2
"""What more accounts share is a machine's, like the name `merge-script`, or strangers'."""
_COMMON = frozenset(
    {
        "admin", "administrator", "build", "builder", "contact", "devel", "developer", "email",
        "github", "gitlab", "hello", "home", "info", "localhost", "mail", "no-reply", "noreply",
        "office", "root", "security", "support", "team", "test", "ubuntu", "user", "vagrant",
        "webmaster", "work",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """An account or an address as figures name it, with what its commits say of it."""

    login: str
    commits_count: int
    names: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    @property
    def is_account(self) -> bool:
        return "@" not in self.login


@dataclass(frozen=True, slots=True)
class Evidence:
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``alias`` may be ``person``; ``score`` is how likely that is, from 0 to 1."""

    alias: str
    person: str
    score: float
    evidence: tuple[Evidence, ...]


def suggest(identities: Collection[Identity]) -> list[Suggestion]:
    """Of one repository; the likeliest first. Whoever has an account, then whoever has more
    commits, is the person.
    """
    found: dict[tuple[Identity, Identity], dict[str, str]] = defaultdict(dict)
    ranked = sorted(identities, key=_rank)
    for rule in _RULES:
        for person, alias, key in _sharing(ranked, rule.keys):
            known = found[person, alias]
            if rule.besides.issuperset(known):
                known[rule.name] = key
    precision = {rule.name: rule.precision for rule in _RULES}
    suggestions = [
        Suggestion(
            alias=alias.login,
            person=person.login,
            score=round(1 - prod(1 - precision[rule] for rule in rules), 3),
            evidence=tuple(Evidence(rule, value) for rule, value in rules.items()),
        )
        for (person, alias), rules in found.items()
    ]
    return sorted(suggestions, key=lambda one: (-one.score, one.alias, one.person))


def _sharing(
    ranked: Sequence[Identity], keys: Callable[[Identity], set[str]]
) -> Iterator[tuple[Identity, Identity, str]]:
    """Two that have a key in common, the person first; what many accounts share is a machine's."""
    those_with: dict[str, list[Identity]] = defaultdict(list)
    for one in ranked:
        for key in keys(one):
            those_with[key].append(one)
    for key, those in sorted(those_with.items()):
        if len(those) <= _CROWD and sum(one.is_account for one in those) <= _MOST_ACCOUNTS:
            yield from ((person, alias, key) for person, alias in combinations(those, 2))


def _rank(one: Identity) -> tuple[bool, int, str]:
    return not one.is_account, -one.commits_count, one.login


def _full_names(one: Identity) -> set[str]:
    """The words of each name of two words or more, in one order, without accents and case."""
    words = (_words(name) for name in one.names)
    return {
        " ".join(sorted(found)) for found in words if len(found) > 1 and max(map(len, found)) > 1
    }


def _local_parts(one: Identity) -> set[str]:
    """What stands before the @, for machines' and common names nobody."""
    found = {_local_part(email) for email in one.emails}
    return {part for part in found if len(part) >= _SHORTEST and part not in _COMMON}


def _handles(one: Identity) -> set[str]:
    """The account and what stands before the @, letters and digits alone."""
    parts = _local_parts(one) | ({one.login.casefold()} if one.is_account else set())
    squeezed = {re.sub(r"[\W_]", "", part) for part in parts}
    return {part for part in squeezed if len(part) >= _SHORTEST and part not in _COMMON}


def _handles_and_names(one: Identity) -> set[str]:
    """The same, and each full name written as one word."""
    words = (_words(name) for name in one.names)
    return _handles(one) | {"".join(found) for found in words if len(found) > 1}


@dataclass(frozen=True, slots=True)
class _Rule:
    """How often it is right where it speaks alone (tests/acceptance/test_identities.py), what two
    must share, and beside which other evidence it says more.
    """

    name: str
    precision: float
    keys: Callable[[Identity], set[str]]
    besides: frozenset[str] = frozenset()


_RULES = (
    _Rule("same name", 0.95, _full_names),
    _Rule("same local part", 0.85, _local_parts, frozenset({"same name"})),
    _Rule("similar account", 0.95, _handles, frozenset({"same name"})),
    _Rule("account like the name", 0.8, _handles_and_names),
)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return _WORD.findall("".join(one for one in plain if not unicodedata.combining(one)))


def _local_part(email: str) -> str:
    noreply = _NOREPLY.fullmatch(email)
    return noreply[1] if noreply else email.rpartition("@")[0].partition("+")[0]
