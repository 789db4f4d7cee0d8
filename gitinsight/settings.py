"""All configuration, read once at a process edge; nothing else reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gitinsight.errors import BrokenEnvironment

_PREFIX = "GITINSIGHT_"
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class GitHubSettings(BaseModel):
    model_config = _FROZEN

    api_url: str = "https://api.github.com"
    graphql_url: str | None = None
    clone_url: str = "https://github.com/{owner}/{name}.git"
    tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    timeout_seconds: float = 30.0
    """A GraphQL query that GitHub cannot answer in 10 s is cut by GitHub itself."""
    wait_seconds: int = 120
    """A limit that ends within this time is waited for; a later one parks the job."""

    @field_validator("tokens", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def graphql(self) -> str:
        return self.graphql_url or f"{self.api_url.removesuffix('/v3').rstrip('/')}/graphql"


class WarehouseSettings(BaseModel):
    model_config = _FROZEN

    url: SecretStr | None = None
    """PostgreSQL 14 or later; unset means the embedded cluster under the state directory."""
    port: int = 5433
    """Where the embedded cluster listens on 127.0.0.1; a free port is taken if it is in use."""
    lock_timeout_ms: int = 5_000


class RedisSettings(BaseModel):
    model_config = _FROZEN

    url: SecretStr | None = None
    port: int = 6380


class ApiSettings(BaseModel):
    model_config = _FROZEN

    host: str = "127.0.0.1"
    port: int = 8000


class AuthSettings(BaseModel):
    model_config = _FROZEN

    mode: Literal["local", "required"] = "local"
    """``local``: reads are open, writes need the local admin key. Refused on a public address."""
    jwt_secret: SecretStr | None = None
    github_client_id: str | None = None
    github_client_secret: SecretStr | None = None


class OrchestratorSettings(BaseModel):
    model_config = _FROZEN

    host: str = "127.0.0.1"
    port: int = 4200
    api_url: str | None = None
    """A Prefect server somewhere else; unset means the embedded one on ``host`` and ``port``."""
    concurrency: int = 2
    """Analyses at once; each is a process of up to 450 MB."""

    @property
    def url(self) -> str:
        return self.api_url or f"http://{self.host}:{self.port}/api"


class SimulatorSettings(BaseModel):
    model_config = _FROZEN

    port: int = 8790
    url: str | None = None
    """Where the simulated GitHub answers; set for the processes of a stack that has one."""


class QualitySettings(BaseModel):
    model_config = _FROZEN

    refresh_hours: int = 24
    """Figures of an unchanged repository are computed anew after this time: ages move on."""
    volume_drop_ratio: float = 0.05
    """A table that lost more than this share of its rows since the last run fails the gate."""


class Settings(BaseSettings):
    """The one settings object; built at the edges, its parts handed to what needs them."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    state_dir: Path = Path(".gitinsight")
    log_level: str = "INFO"
    github: GitHubSettings = GitHubSettings()
    warehouse: WarehouseSettings = WarehouseSettings()
    redis: RedisSettings = RedisSettings()
    api: ApiSettings = ApiSettings()
    auth: AuthSettings = AuthSettings()
    orchestrator: OrchestratorSettings = OrchestratorSettings()
    quality: QualitySettings = QualitySettings()
    simulator: SimulatorSettings = SimulatorSettings()
    github_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GITHUB_TOKEN", "GH_TOKEN")
    )

    @field_validator("state_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, values: object) -> object:
        """pydantic-settings passes over variables that name no field; a misspelt one is no help."""
        fields = cls.model_fields.items()
        known = {name.upper() for name, field in fields if field.validation_alias is None}
        for name in os.environ:
            first = name.removeprefix(_PREFIX).split("__")[0]
            if name.startswith(_PREFIX) and first not in known:
                raise ValueError(f"{name} is no setting of GitInsight")
        return values

    @property
    def warehouse_url(self) -> str:
        """For processes of a stack, which are told; whoever may start a cluster asks before."""
        if self.warehouse.url is None:
            raise BrokenEnvironment(
                "no warehouse is named", "set GITINSIGHT_WAREHOUSE__URL or use `gitinsight up`"
            )
        return self.warehouse.url.get_secret_value()

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """The configured tokens, else the one token that GitHub's own tools use."""
        if self.github.tokens:
            return self.github.tokens
        return (self.github_token,) if self.github_token else ()


def explain(settings: Settings) -> list[dict[str, Any]]:
    """Every setting with where it came from; secrets as stars."""
    rows = []
    for name, part in settings:
        if isinstance(part, BaseModel):
            rows += [_row(f"{name}__{key}", value) for key, value in part]
        elif name != "github_token":
            rows.append(_row(name, part))
    token = next((one for one in ("GITHUB_TOKEN", "GH_TOKEN") if one in os.environ), None)
    source = "environment" if token else "default"
    name = token or "GITHUB_TOKEN"
    return [*rows, {"setting": name, "value": settings.github_token, "source": source}]


def _row(name: str, value: object) -> dict[str, Any]:
    variable = f"{_PREFIX}{name}".upper()
    is_told = variable in os.environ
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    source = "environment" if is_told else "default"
    return {
        "setting": variable, "value": None if shown in {None, ""} else str(shown), "source": source
    }  # fmt: skip
