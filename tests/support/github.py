"""The simulated GitHub as tests see it: its address, and its control panel."""

from types import TracebackType
from typing import Any, Self

import httpx2


class GitHub:
    def __init__(self, url: str) -> None:
        self.url = url
        # A connection that has lain idle may be closed just when something is asked.
        unkept = httpx2.Limits(max_keepalive_connections=0)
        self._http = httpx2.Client(base_url=url, timeout=30, limits=unkept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._http.close()

    @property
    def clone_url(self) -> str:
        return f"{self.url}/{{owner}}/{{name}}.git"

    def control(self, **wanted: Any) -> None:
        """Any fault of ``gitinsight.simulator.faults.Faults``, ``limits``, ``rename``, ``state``,
        ``squat``, ``calm``, or ``mutate`` or ``hostile`` with ``repo``.
        """
        self._http.post("/_control", json=wanted).raise_for_status()

    def change(self, repo: str, operation: str, **options: Any) -> None:
        """One of ``gitinsight.simulator.mutations.OPERATIONS``, with ``number`` or ``to``."""
        self.control(mutate=operation, repo=repo, **options)

    def start_counting(self) -> None:
        self._http.post("/_stats").raise_for_status()

    def counted(self) -> dict[str, Any]:
        """``requests``, ``by_status`` and ``charged`` since counting was started."""
        found = self.statistics()
        return {name: found[name] for name in ("requests", "by_status", "charged")}

    def statistics(self) -> dict[str, Any]:
        """Everything that is counted: ``gitinsight.simulator.statistics.Statistics``."""
        answer = self._http.get("/_stats").raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
