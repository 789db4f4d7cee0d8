"""Reads source text of strangers, in processes whose time and memory are bounded. None is run."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec

from gitinsight.code import linting
from gitinsight.code.facts import Duplication, Measured, Source
from gitinsight.code.linting import Said
from gitinsight.runtime.sandbox import Sandbox

_MEMORY_BYTES = 2**30
_ANSWER = msgspec.msgpack.Decoder(tuple[list[Measured], Duplication])


@dataclass(frozen=True, slots=True)
class Reading:
    """``said`` is what the linter says, text by text; null where there is none."""

    measured: list[Measured]
    duplication: Duplication
    said: list[Said] | None


class Reader:
    """What measures is loaded in another process, when it is first asked."""

    def __init__(self) -> None:
        # By its name: it is above this package.
        self._sandbox = Sandbox("models.code_report:report", memory_bytes=_MEMORY_BYTES)

    def read(self, sources: Sequence[Source], *, seconds: float) -> Reading:
        """TooHard where one of them takes too long, too much, or cannot be read at all."""
        answer = self._sandbox.call(msgspec.msgpack.encode(sources), seconds=seconds)
        measured, duplication = _ANSWER.decode(answer)
        said: list[Said] | None = None
        if linting.engine() is not None:
            said = [[] for _ in sources]
            python = [at for at, one in enumerate(measured) if _is_python(one)]
            found = linting.lint([sources[at].text for at in python], seconds=seconds)
            for at, one in zip(python, found, strict=True):
                said[at] = one
        return Reading(measured, duplication, said)

    def close(self) -> None:
        self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


def _is_python(one: Measured) -> bool:
    return one.language == "Python" and one.unmeasured is None
