"""What each model is made of and how good it is: one file each in this folder.

``make train`` writes those of trained models; whoever only wants to know about a model does not
load its weights. A formula has a card, too: what is trained of it is nothing.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gitinsight.errors import BrokenEnvironment, NotFound


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSet(_Told):
    name: str
    source: str
    licence: str
    texts_count: int
    use: Literal["training", "test"]


class Measurement(_Told):
    """``low`` and ``high`` are the 95 % interval of a bootstrap over the texts."""

    name: str
    test: str
    value: float
    low: float
    high: float


class Card(_Told):
    """``definition`` is what every prediction carries; ``sha256`` is that of the weights, or of the
    source of a formula.
    """

    id: str
    version: Annotated[int, Field(ge=1)]
    title: str
    words: str
    trained_on: date
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: int
    data: tuple[DataSet, ...]
    metrics: tuple[Measurement, ...]
    limits: tuple[str, ...]
    document: str

    @property
    def definition(self) -> str:
        return f"{self.id}@{self.version}"

    def genuine(self, content: bytes) -> bytes:
        """The weights, where they are those that the card is about; else BrokenEnvironment."""
        found = sha256(content).hexdigest()
        if found != self.sha256:
            raise BrokenEnvironment(
                f"the weights of {self.id} are not those of its card: {found[:12]} for"
                f" {self.sha256[:12]}",
                "take both from one version, or train them: make train",
            )
        return content


@cache
def cards() -> Mapping[str, Card]:
    """By id, in its order."""
    found = [
        Card.model_validate_json(file.read_bytes())
        for file in files("gitinsight.cards").iterdir()
        if file.name.endswith(".json")
    ]
    return {one.id: one for one in sorted(found, key=lambda one: one.id)}


def card(model: str) -> Card:
    if model not in cards():
        raise NotFound(f"model {model}")
    return cards()[model]
