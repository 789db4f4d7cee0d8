"""What the marts look like, remembered while it is certain: only a publication changes it."""

import time
from threading import Lock

from warehouse import marts
from warehouse.engine import Connection
from warehouse.marts import Shape

_TRUSTED_SECONDS = 0.9


class Shapes:
    """Told what is announced, as whatever keeps figures is. Safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[str, Shape] = {}
        self._lock = Lock()
        self._generation = 0
        self._trusted_until = 0.0

    def of(self, connection: Connection, mart: str) -> Shape:
        """NotFound where there is no such mart, or none yet."""
        is_trusted = time.monotonic() < self._trusted_until
        known = self._known.get(mart) if is_trusted else None
        if known is not None:
            return known
        generation = self._generation
        found = marts.shape_of(connection, mart)
        with self._lock:
            if is_trusted and generation == self._generation:
                self._known[mart] = found
        return found

    def trust(self, since: float) -> None:
        """Whatever was announced until then has been heard."""
        self._trusted_until = since + _TRUSTED_SECONDS

    def forget(self, repository_id: int, version: str | None) -> None:  # noqa: ARG002 - as announced
        """A mart looks the same for all repositories."""
        self.forget_all()

    def forget_all(self) -> None:
        with self._lock:
            self._generation += 1
            self._known.clear()
