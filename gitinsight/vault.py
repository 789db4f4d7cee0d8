"""Secrets as they are stored: sealed with a key that is not where they are."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gitinsight.errors import BrokenEnvironment

_HINT = "GITINSIGHT_AUTH__ENCRYPTION_KEYS names the keys, the newest first"


class Vault:
    """The first key seals; the others open what they sealed before they were replaced."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise BrokenEnvironment("a key that seals secrets is none", _HINT) from error

    def seal(self, secret: bytes) -> bytes:
        return self._fernet.encrypt(secret)

    def open(self, sealed: bytes, *, seconds: int | None = None) -> bytes:
        """BrokenEnvironment where none of the keys has sealed it, or none in these ``seconds``."""
        try:
            return self._fernet.decrypt(sealed, ttl=seconds)
        except InvalidToken as error:
            raise BrokenEnvironment("a secret was sealed with a key that is gone", _HINT) from error


def new_key() -> str:
    return Fernet.generate_key().decode()
