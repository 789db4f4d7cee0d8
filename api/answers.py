"""Answers about one repository that were given lately, for as long as nothing about it changes.

Whatever changes one is announced: what is published, checked, hidden or erased, and whose it is.
Only what everybody may see is kept, so that it does not matter who asks.
"""

import time
from dataclasses import dataclass, field

from api.shelf import KEPT_SECONDS, Shelf

_TRUSTED_SECONDS = 0.9
"""After a change the old answer is given for a second at most."""
_MOST_BYTES = 32 * 2**20
_MOST_CHANGES = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is null where the caller holds it; ``number`` is that of the changes before it;
    ``route`` is what made it; ``copies`` are the body in the codings that were asked for.
    """

    etag: str
    body: bytes | None
    repository_id: int
    number: int
    is_public: bool
    media_type: str = "application/json"
    route: object = None
    copies: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def size(self) -> int:
        """About how many bytes it takes, its copies included."""
        return len(self.body or b"") * 3 // 2 + 1_000


class Answers:
    """By what was asked for, word for word. Used by the event loop alone."""

    def __init__(self) -> None:
        self._shelf = Shelf[Answer](most_bytes=_MOST_BYTES, seconds=KEPT_SECONDS)
        self._changes: dict[int, int] = {}
        self._floor = self._total = 0
        self._trusted_until = 0.0

    def __len__(self) -> int:
        return len(self._shelf)

    def number(self, repository_id: int) -> int:
        """Another one after each change."""
        return self._changes.get(repository_id, self._floor)

    def get(self, target: bytes) -> Answer | None:
        if time.monotonic() >= self._trusted_until:
            return None
        answer = self._shelf.get(target)
        if answer is not None and answer.number != self.number(answer.repository_id):
            self._shelf.drop(target)
            return None
        return answer

    def keep(self, target: bytes, answer: Answer) -> None:
        """One that was begun before the last change, or while changes went unheard, is not kept."""
        if (
            answer.is_public
            and answer.body is not None
            and answer.number == self.number(answer.repository_id)
            and time.monotonic() < self._trusted_until
        ):
            self._shelf.put(target, answer)

    def trust(self, since: float) -> None:
        """Whatever was announced until then has been heard."""
        self._trusted_until = since + _TRUSTED_SECONDS

    def forget(self, repository_id: int, version: str | None) -> None:  # noqa: ARG002 - any change
        if len(self._changes) >= _MOST_CHANGES:
            until = self._trusted_until
            self.forget_all()
            self._trusted_until = until
        self._total += 1
        self._changes[repository_id] = self._total

    def forget_all(self) -> None:
        """Announcements may be missed from now on, until ``trust``."""
        self._shelf.clear()
        self._changes.clear()
        self._floor = self._total = self._total + 1
        self._trusted_until = 0.0
