"""How often a suggestion is right, on recorded repositories in which GitHub names the accounts."""

import gzip
import json
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from models.identity_matches import Identity, suggest
from tests.acceptance.conftest import REPLAY


def test_most_suggestions_are_right_and_most_pairs_are_found() -> None:
    """Every address of an account but the one with the most commits is taken for unknown. Who has
    which account was partly told by resemblance where it was recorded, so this flatters a little.
    """
    recorded = sorted(REPLAY.glob("data/repos/*/commits.jsonl.gz"))
    if not recorded:
        pytest.skip(f"no recorded data in ../{REPLAY.parent.name}/{REPLAY.name}")
    right, made, pairs = Counter[str](), Counter[str](), 0
    for path in recorded:
        account_of, identities = _identities(path)
        pairs += sum(account_of[a] == account_of[b] for a, b in combinations(account_of, 2))
        for one in suggest(identities):
            is_right = account_of[one.alias] == account_of[one.person]
            for rule in ("any", "+".join(each.rule for each in one.evidence)):
                made[rule] += 1
                right[rule] += is_right
    print({rule: f"{right[rule]}/{made[rule]}" for rule in made}, f"of {pairs} pairs")  # noqa: T201
    assert right["any"] / made["any"] >= 0.95
    assert right["any"] / pairs >= 0.8


def _identities(path: Path) -> tuple[dict[str, str], list[Identity]]:
    names: dict[str, set[str]] = defaultdict(set)
    commits = Counter[str]()
    emails: dict[str, set[str]] = defaultdict(set)
    with gzip.open(path) as lines:
        for line in lines:
            author = json.loads(line)["author"]
            if author.get("login"):
                email = author["email"].lower()
                emails[author["login"]].add(email)
                names[email].add(author["name"])
                commits[email] += 1
    account_of, identities = {}, []
    for login, those in emails.items():
        main, *others = sorted(those, key=lambda email: (-commits[email], email))
        for name, email in [(login, main), *((one, one) for one in others)]:
            account_of[name] = login
            identities.append(
                Identity(name, commits[email], frozenset(names[email]), frozenset({email}))
            )
    return account_of, identities
