"""Whether GitHub has signed a delivery, over whichever way it came."""

import hmac

from pydantic import SecretStr


class Signature:
    """HMAC-SHA256 over the bytes, as they come."""

    def __init__(self, secret: SecretStr) -> None:
        self._mac = hmac.new(secret.get_secret_value().encode(), digestmod="sha256")

    def update(self, chunk: bytes) -> None:
        self._mac.update(chunk)

    def matches(self, told: str) -> bool:
        """``told`` is the header X-Hub-Signature-256."""
        return hmac.compare_digest(f"sha256={self._mac.hexdigest()}".encode(), told.encode())
