"""What trained models say of a text that somebody hands in, and how good these models are."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.auth import Reader
from api.session import Session
from gitinsight.cards.catalogue import Card
from gitinsight.settings import Settings
from warehouse import registry

router = APIRouter(tags=["ai"])
TEXTS, LETTERS = 100, 20_000
_Text = Annotated[str, StringConstraints(max_length=LETTERS)]


class Texts(BaseModel):
    """As they were written, Markdown and all."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"texts": ["Thanks, this works great!"]}]},
    )

    texts: Annotated[list[_Text], Field(min_length=1, max_length=TEXTS)]
    mode: Literal["fast", "cascade"] | None = None
    """``cascade`` reads those again that the fast model is not sure of: better, and slower."""


class Tone(BaseModel):
    """Probabilities of the three classes. ``unsure``: none is likely; null: the text was not
    scored, and ``unscored_reason`` says why.
    """

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "label": "positive", "negative_ratio": 0.01, "neutral_ratio": 0.02,
                    "positive_ratio": 0.97, "unscored_reason": None,
                }
            ]
        },
    )  # fmt: skip

    label: Literal["negative", "neutral", "positive", "unsure"] | None
    negative_ratio: float | None
    neutral_ratio: float | None
    positive_ratio: float | None
    unscored_reason: Literal["no_words", "not_english"] | None


class Tones(BaseModel):
    """In the order of the texts; ``model`` is what `GET /models` explains."""

    data: list[Tone]
    model: str


class DataSet(BaseModel):
    name: str
    source: str
    licence: str
    texts_count: int
    use: Literal["training", "test"]


class Measurement(BaseModel):
    """``low`` and ``high`` are its 95 % interval."""

    name: str
    test: str
    value: float
    low: float
    high: float


class Model(BaseModel):
    """``definition`` stands beside every prediction; ``sha256`` is that of the weights."""

    definition: str
    title: str
    words: str
    trained_on: date
    sha256: str
    size_bytes: int
    data: list[DataSet]
    metrics: list[Measurement]
    limits: list[str]
    document: str


class Models(BaseModel):
    data: list[Model]


@router.post(
    "/ai/sentiment", response_model=Tones,
    responses={503: {"description": "The weights that the cascade needs are not held here."}},
)  # fmt: skip
def sentiment(body: Texts, request: Request, _: Reader, connection: Session) -> dict[str, Any]:
    """How texts sound. Code, quotes, logs and links in them are left out, and of each its first
    2,000 characters are read; nothing is kept. Without ``mode`` it is that of the settings.
    """
    # Whoever never asks does not load NumPy and the weights.
    from models.judges import judge  # noqa: PLC0415
    from warehouse import trained  # noqa: PLC0415

    settings: Settings = request.app.state.settings
    judging = judge(
        body.mode or settings.sentiment.mode, settings.state_dir, fast=trained.tone(connection)
    )
    return {"data": judging.score(body.texts), "model": judging.definition}


@router.get("/models", response_model=Models)
def models(_: Reader, connection: Session) -> dict[str, Any]:
    """Every trained model as it is in use: its version, the data, how good it is, and what it
    cannot do.
    """
    return {"data": [_told(one) for one in registry.cards_in_use(connection)]}


def _told(one: Card) -> dict[str, Any]:
    return {"definition": one.definition, **one.model_dump(exclude={"id", "version"})}
