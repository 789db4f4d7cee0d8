"""Somebody who asks the API without end while something is done to it."""

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` is null where there was no answer at all."""

    path: str
    asked_at: float
    status: int | None
    retry_after: str | None
    body: bytes


class Load:
    """``per_connection`` requests go over each connection of each of so many askers."""

    def __init__(
        self, url: str, paths: Sequence[str], *, askers: int = 6, per_connection: int = 20
    ) -> None:
        self._address = urlsplit(url).netloc
        self._paths = paths
        self._per_connection = per_connection
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(askers)]
        self.outcomes: list[Outcome] = []

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for one in self._threads:
            one.join()

    def since(self, at: float) -> list[Outcome]:
        return [one for one in list(self.outcomes) if one.asked_at >= at]

    def _ask(self) -> None:
        while not self._is_over.is_set():
            connection = http.client.HTTPConnection(self._address, timeout=20)
            for number in range(self._per_connection):
                outcome, stays = _asked(connection, self._paths[number % len(self._paths)])
                self.outcomes.append(outcome)
                if not stays:
                    break
                time.sleep(0.005)
            connection.close()


def _asked(connection: http.client.HTTPConnection, path: str) -> tuple[Outcome, bool]:
    """And whether the connection may be used again."""
    asked_at = time.monotonic()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return Outcome(path, asked_at, None, None, b""), False
    told = Outcome(path, asked_at, answer.status, answer.headers["retry-after"], body)
    return told, not answer.will_close
