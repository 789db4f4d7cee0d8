"""How much to ask for at once: less at once when GitHub gives up, more again when it copes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_STREAK = 20
_QUICK_SECONDS = 4.0
"""GitHub cuts a query at ten seconds and charges for it; one of under four has room to grow."""


@dataclass(slots=True)
class PageSize:
    """Of one thing of one repository; ``remembered`` goes into its cursor."""

    largest: int
    now: int
    streak: int = 0

    @classmethod
    def of(cls, largest: int, state: Mapping[str, Any]) -> "PageSize":
        return cls(largest, min(largest, state.get("page_size", largest)))

    @property
    def remembered(self) -> dict[str, int]:
        return {} if self.now == self.largest else {"page_size": self.now}

    def shrink(self) -> bool:
        """Half as much; False where there is nothing smaller to ask for."""
        if self.now == 1:
            return False
        self.now, self.streak = self.now // 2, 0
        return True

    def succeeded(self, seconds: float) -> None:
        self.streak = self.streak + 1 if seconds < _QUICK_SECONDS else 0
        if self.streak >= _STREAK and self.now < self.largest:
            self.now, self.streak = min(self.largest, self.now + max(1, self.now // 2)), 0
