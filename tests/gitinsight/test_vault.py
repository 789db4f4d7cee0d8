"""Secrets as they are stored."""

import pytest

from gitinsight.errors import BrokenEnvironment
from gitinsight.vault import Vault, new_key

SECRET = b"gho_secret"


def test_what_is_sealed_shows_nothing_and_opens_with_its_key() -> None:
    vault = Vault([new_key()])

    sealed = vault.seal(SECRET)

    assert SECRET not in sealed
    assert vault.open(sealed) == SECRET


def test_a_replaced_key_still_opens_and_no_longer_seals() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal(SECRET)
    both = Vault([new, old])

    assert both.open(sealed) == SECRET
    with pytest.raises(BrokenEnvironment):
        Vault([old]).open(both.seal(SECRET))


def test_what_was_changed_or_is_too_old_does_not_open() -> None:
    vault = Vault([new_key()])
    sealed = vault.seal(SECRET)

    for broken in (sealed[:-4] + b"AAA=", b"", b"nonsense"):
        with pytest.raises(BrokenEnvironment):
            vault.open(broken)
    with pytest.raises(BrokenEnvironment):
        vault.open(sealed, seconds=-1)


def test_a_key_that_is_none_is_told_and_not_shown() -> None:
    with pytest.raises(BrokenEnvironment, match="ENCRYPTION_KEYS") as caught:
        Vault(["too-short"])

    assert "too-short" not in str(caught.value)
