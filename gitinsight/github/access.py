"""Who asks GitHub: the client for a host, with the token that was made for that host."""

from datetime import datetime
from urllib.parse import urlsplit

from gitinsight import logs
from gitinsight.github.client import GitHubClient
from gitinsight.settings import GitHubSettings, Settings

_LOG = logs.get(__name__)


def connect(settings: Settings, host: str, *, wait_seconds: int | None = None) -> GitHubClient:
    """``host`` is an API root; ``wait_seconds`` is how long a used-up limit is waited for."""
    github = settings.github
    is_configured = host == github.api_url
    return GitHubClient(
        api_url=host,
        graphql_url=github.graphql if is_configured else GitHubSettings(api_url=host).graphql,
        token=token_for(settings, host),
        timeout_seconds=github.timeout_seconds,
        wait_seconds=github.wait_seconds if wait_seconds is None else wait_seconds,
        on_wait=_tell_wait,
    )


def token_for(settings: Settings, host: str) -> str | None:
    """A token goes to the host that it was made for, and to no other."""
    if host == settings.simulator.url:
        return "synthetic"
    if host != settings.github.api_url or not settings.tokens:
        return None
    return settings.tokens[0].get_secret_value()


def git_token(settings: Settings, host: str, clone_url: str) -> str | None:
    """For a git remote: the token of ``host`` where the remote is GitHub's own."""
    is_its_own = web_host(host) == urlsplit(clone_url).netloc.lower()
    return token_for(settings, host) if is_its_own else None


def web_host(api_url: str) -> str:
    """Where the pages and git remotes of an API root are."""
    return urlsplit(api_url).netloc.lower().removeprefix("api.")


def _tell_wait(bucket: str, until: datetime) -> None:
    _LOG.warning("waiting_for_limit", bucket=bucket, until=until.isoformat())
