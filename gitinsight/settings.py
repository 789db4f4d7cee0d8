"""All configuration, read once at a process edge; nothing else reads the environment."""

import os
from datetime import timedelta
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
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gitinsight.ai_settings import (
    EmbeddingsSettings,
    LlmSettings,
    SentimentSettings,
    TrainingSettings,
)
from gitinsight.deployment_settings import (
    ArchiveSettings,
    BackupSettings,
    GatewaySettings,
    Port,
    RedisSettings,
    SimulatorSettings,
    WarehouseSettings,
    parts,
    secrets_in,
)
from gitinsight.errors import BrokenEnvironment
from gitinsight.operations_settings import NotifySettings, OrchestratorSettings
from gitinsight.outward_settings import MessagesSettings, TracingSettings
from gitinsight.setting_kinds import HTTP, TEN_YEARS_HOURS, Days, Hours, Seconds, WholeSeconds

_PREFIX = "GITINSIGHT_"
_SECRETS_DIR = f"{_PREFIX}SECRETS_DIR"
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class GitHubSettings(BaseModel):
    model_config = _FROZEN

    api_url: Annotated[str, HTTP] = "https://api.github.com"
    graphql_url: Annotated[str, HTTP] | None = None
    clone_url: str = "https://github.com/{owner}/{name}.git"
    tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    timeout_seconds: Seconds = 30.0
    """A GraphQL query that GitHub cannot answer in 10 s is cut by GitHub itself."""
    wait_seconds: int = Field(120, ge=0, le=86_400)
    """A limit that ends within this time is waited for; a later one parks the job."""
    workflow_jobs_days: Days = 7
    """Jobs are read of runs this young: they cost a request for each run."""
    webhook_secret: Annotated[SecretStr, Field(min_length=1)] | None = None
    """What GitHub signs its deliveries with; without one none is accepted."""
    app_id: str | None = None
    app_private_key: SecretStr | None = None
    """PEM, or the path of a file that holds it."""
    # What one user or installation is asked for at most; GitHub's own limits are 900 requests,
    # 2,000 queries, and 90 s of its CPU a minute, 60 s of them for GraphQL. 0 switches a rule off.
    requests_per_minute: Annotated[int, Field(ge=0)] = 720
    queries_per_minute: Annotated[int, Field(ge=0)] = 1_600
    seconds_per_minute: Annotated[float, Field(ge=0, le=86_400)] = 72.0
    graphql_seconds_per_minute: Annotated[float, Field(ge=0, le=86_400)] = 48.0
    in_flight: Annotated[int, Field(ge=1, le=20)] = 4
    reserve_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Of a user's hourly limits: kept for the work that the owner of a token does with it."""

    @field_validator("tokens", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)

    @field_validator("clone_url")
    @classmethod
    def _is_template(cls, value: str) -> str:
        try:
            value.format(owner="owner", name="name")
        except (AttributeError, LookupError, ValueError) as error:
            raise ValueError("nothing but {owner} and {name} stands in braces") from error
        if "{name}" not in value:
            raise ValueError("without {name} in it every repository would be the same one")
        return value

    @field_validator("api_url")
    @classmethod
    def _without_last_slash(cls, value: str) -> str:
        """It is what a repository's host is known by; two spellings would be two hosts."""
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_whole_app(self) -> "GitHubSettings":
        if (self.app_id is None) != (self.app_private_key is None):
            one, other = (f"{_PREFIX}GITHUB__APP_{part}" for part in ("ID", "PRIVATE_KEY"))
            raise ValueError(f"{one} and {other} belong together")
        return self

    @property
    def graphql(self) -> str:
        return self.graphql_url or f"{self.api_url.removesuffix('/v3')}/graphql"


class GitSettings(BaseModel):
    model_config = _FROZEN

    max_mirror_bytes: int = Field(default=20 * 2**30, gt=0)
    """A remote that takes more is not read, and the ledger says so. Linux takes 6 GiB."""
    timeout_seconds: Seconds = 1_800.0
    """For one fetch; the first one of a large repository takes longest."""
    low_speed_seconds: WholeSeconds = 60
    """A remote that sends less than 1 kB/s for so long is given up."""


class ApiSettings(BaseModel):
    model_config = _FROZEN

    host: str = "127.0.0.1"
    port: Port = 8000
    export_bytes: int = Field(default=2**30, gt=0)
    """Of a mart as a file over HTTP, which lies on our disk until it is sent."""
    export_seconds: WholeSeconds = 60
    """Of one statement of such an export; so long a connection of the API is taken."""
    sql_seconds: int = Field(default=5, ge=1, le=300)
    """Of a statement that somebody sends; so long a connection of the API is taken."""
    sql_bytes: int = Field(default=16 * 2**20, gt=0)
    """Of the answer to it, which is held in memory; four at once."""
    sql_cost: int = Field(default=5_000_000, gt=0)
    """What PostgreSQL may plan for it, in its own measure: what is above is not begun."""
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names, with a port where it is not the usual one, that this is reached by, beside those of
    this machine: by another, `/mcp` is closed, and nothing is read without a key."""
    workers: int = Field(1, ge=1, le=64)
    """Processes that share the address; each takes about 100 MB."""
    body_bytes: int = Field(4 * 2**20, gt=0)
    """Of a request, all of which is held in memory; deliveries of GitHub have a bound of theirs."""
    body_seconds: Seconds = 30.0
    """So long the head of a request may take, and its body."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Other sites whose pages may ask this API."""

    @field_validator("hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)


class AuthSettings(BaseModel):
    model_config = _FROZEN

    mode: Literal["local", "required"] = "local"
    """``local``: reads are open, writes need the local admin key. Refused on a public address."""
    github_client_id: str | None = None
    """Of an OAuth App or a GitHub App; without one nobody can log in."""
    github_client_secret: SecretStr | None = None
    github_url: Annotated[str, HTTP] = "https://github.com"
    """Where people log in; GitHub Enterprise Server: its own address."""
    github_scope: str = "read:user"
    """What an OAuth App asks for; ``read:user repo`` lets people see their private repositories."""
    public_url: Annotated[str, HTTP] | None = None
    """Where people reach this API, for the way back from GitHub; unset: where it listens."""
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """Logins that are admins. Without any, the first one to log in is."""
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Seal the secrets in the warehouse, the newest first; unset: one in the state directory."""
    access_minutes: int = Field(10, ge=1, le=60)
    """So long an access token is good."""
    session_days: int = Field(30, ge=1, le=3_650)
    """So long somebody stays logged in who does not come back."""
    requests_per_minute: int = Field(600, ge=0)
    """Of one user, key or address, where everybody needs a key; 0: as many as they like."""
    failures_per_minute: int = Field(20, ge=1)
    """Wrong keys of one address; beyond that none of it is looked at until the minute is over."""
    streams_at_once: int = Field(100, ge=0)
    """Of one user or key, of each process, where everybody needs a key; 0: as many as they like."""

    @field_validator("admins", "encryption_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)

    @field_validator("github_url", "public_url")
    @classmethod
    def _without_last_slash(cls, value: str | None) -> str | None:
        return None if value is None else value.rstrip("/")


class QualitySettings(BaseModel):
    model_config = _FROZEN

    refresh_hours: int = Field(24, ge=0, le=TEN_YEARS_HOURS)
    """Figures of an unchanged repository are computed anew after this time: ages move on."""
    volume_drop_ratio: float = Field(0.05, ge=0, le=1)
    """A table that lost more than this share of its rows since the last run fails the gate."""
    fresh_hours: Hours = 50
    """How old the figures of a repository may be, and the last look at each of its things: two
    daily refreshes, for the first may find nothing new, and two hours to run."""

    @property
    def fresh_for(self) -> timedelta:
        return timedelta(hours=self.fresh_hours)


class RetentionSettings(BaseModel):
    """How many days rows are kept; 0 is for ever. `warehouse/retention.py` says what is left."""

    model_config = _FROZEN

    requests_days: Days = 90
    job_events_days: Days = 90
    quality_results_days: Days = 30
    """A hundred rows for each analysis: more than anything else that is no record of GitHub's."""
    audit_days: Days = 365
    """And logins, from when they would have ended by themselves."""
    webhook_deliveries_days: Days = 30
    notifications_days: Days = 90
    outbox_days: Days = 7
    """Messages that no broker has taken."""
    gharchive_events_days: Days = 0
    """They are there because somebody asked for these hours."""
    history_days: Days = 0
    """Earlier versions of records: after so long those are kept that figures were published of.
    Some marts count what happened between publications, so that it is switched on by choice."""


class DeliverySettings(BaseModel):
    """What counts as a deployment and as an incident; upper and lower case are the same."""

    model_config = _FROZEN

    production_environments: Annotated[tuple[str, ...], NoDecode] = ("production", "prod")
    """Deployments to one of these environments are to production."""
    incident_labels: Annotated[tuple[str, ...], NoDecode] = ("incident", "outage")
    """An issue with one of these labels is an incident."""

    @field_validator("production_environments", "incident_labels", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)


class Settings(BaseSettings):
    """The one settings object; built at the edges, its parts handed to what needs them."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid",
        env_ignore_empty=True,  # compose files and CI pass what is not set as nothing
    )  # fmt: skip

    state_dir: Path = Path(".gitinsight")
    secrets_dir: Path | None = None
    """Its files are settings, too, each named as its variable is; what is set comes first."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    github: GitHubSettings = GitHubSettings()
    git: GitSettings = GitSettings()
    warehouse: WarehouseSettings = WarehouseSettings()
    redis: RedisSettings = RedisSettings()
    api: ApiSettings = ApiSettings()
    auth: AuthSettings = AuthSettings()
    orchestrator: OrchestratorSettings = OrchestratorSettings()
    notify: NotifySettings = NotifySettings()
    quality: QualitySettings = QualitySettings()
    retention: RetentionSettings = RetentionSettings()
    delivery: DeliverySettings = DeliverySettings()
    sentiment: SentimentSettings = SentimentSettings()
    tracing: TracingSettings = TracingSettings()
    messages: MessagesSettings = MessagesSettings()
    simulator: SimulatorSettings = SimulatorSettings()
    gateway: GatewaySettings = GatewaySettings()
    backup: BackupSettings = BackupSettings()
    archive: ArchiveSettings = ArchiveSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    llm: LlmSettings = LlmSettings()
    training: TrainingSettings = TrainingSettings()
    github_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GITHUB_TOKEN", "GH_TOKEN")
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the order is told by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        told = os.environ.get(_SECRETS_DIR)
        for name, field in cls.model_fields.items():
            group = f"{_PREFIX}{name}".upper()
            if isinstance(field.default, BaseModel) and os.environ.get(group):
                raise BrokenEnvironment(
                    f"{group} is no setting of GitInsight", f"those of this part begin {group}__"
                )
        held = secrets_in(Path(told), _PREFIX) if told else {}
        return init_settings, env_settings, InitSettingsSource(settings_cls, held)

    @field_validator("state_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

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

    @model_validator(mode="after")
    def _knows_who_sends(self) -> "Settings":
        if self.messages.webhook_queue and self.github.webhook_secret is None:
            raise ValueError("a queue of webhooks needs GITINSIGHT_GITHUB__WEBHOOK_SECRET")
        return self

    @property
    def warehouse_url(self) -> str:
        """For processes of a stack, which are told; whoever may start a cluster asks before."""
        if (address := self.warehouse.address) is None:
            raise BrokenEnvironment(
                "no warehouse is named", "set GITINSIGHT_WAREHOUSE__URL or use `gitinsight up`"
            )
        return address

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """The configured tokens, else the one token that GitHub's own tools use."""
        if self.github.tokens:
            return self.github.tokens
        return (self.github_token,) if self.github_token else ()


def as_environment(settings: Settings) -> dict[str, str]:
    """The same settings for another process. Secrets are among them: not for a log."""
    variables: dict[str, object] = {}
    for name, part in settings:
        if isinstance(part, BaseModel):
            variables |= {f"{_PREFIX}{name}__{key}".upper(): value for key, value in part}
        elif name != "github_token":
            variables[f"{_PREFIX}{name}".upper()] = part
        else:
            variables["GITHUB_TOKEN"] = part
    return {name: text for name, value in variables.items() if (text := _plain(value))}


def explain(settings: Settings) -> list[dict[str, Any]]:
    """Every setting with where it came from; secrets as stars."""
    rows = []
    for name, part in settings:
        if isinstance(part, BaseModel):
            rows += [_row(f"{name}__{key}", value) for key, value in part]
        elif name != "github_token":
            rows.append(_row(name, part))
    told = next((one for one in ("GITHUB_TOKEN", "GH_TOKEN") if os.environ.get(one)), None)
    return [*rows, _row("GITHUB_TOKEN" if told is None else told, settings.github_token, prefix="")]


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(map(_plain, value))
    return "" if value is None else str(value)


def _row(name: str, value: object, *, prefix: str = _PREFIX) -> dict[str, Any]:
    variable = f"{prefix}{name}".upper()
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    secrets = os.environ.get(_SECRETS_DIR)
    source = "file" if secrets and (Path(secrets) / variable).is_file() else "default"
    return {
        "setting": variable,
        "value": None if shown in {None, ""} else str(shown),
        "source": "environment" if os.environ.get(variable) else source,
    }
