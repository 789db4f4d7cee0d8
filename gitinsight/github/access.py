"""Who asks GitHub: the client for a host, with the principals that were set up for that host."""

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from gitinsight import logs
from gitinsight.github.app_tokens import AppTokens
from gitinsight.github.client import GitHubClient
from gitinsight.github.governor import LocalGovernor, MakeGovernor, Wait
from gitinsight.github.pace import Pace
from gitinsight.github.principals import ANONYMOUS, Principal, ordered, users
from gitinsight.github.turns import OnWait, Turns
from gitinsight.settings import GitHubSettings, Settings
from gitinsight.veil import NOTHING, Veil

_LOG = logs.get(__name__)


def connect(
    settings: Settings, host: str, *, subject: str = "", governor: MakeGovernor = LocalGovernor,
    wait_seconds: float | None = None, on_wait: OnWait | None = None,
    is_cancelled: Callable[[], bool] = lambda: False, veil: Veil = NOTHING,
) -> GitHubClient:  # fmt: skip
    """``host`` is an API root, ``subject`` the repository that is asked about, ``wait_seconds`` how
    long a used-up limit is waited for. Every wait is logged, and told to ``on_wait``. What is
    answered passes the ``veil``.
    """
    github = settings.github
    is_configured = host == github.api_url

    def tell(wait: Wait, until: datetime) -> None:
        _LOG.warning(
            "waiting_for_limit", bucket=wait.bucket, until=until.isoformat(), reason=wait.reason
        )
        if on_wait is not None:
            on_wait(wait, until)

    return GitHubClient(
        api_url=host,
        graphql_url=github.graphql if is_configured else GitHubSettings(api_url=host).graphql,
        principals=lambda: ordered(principals(settings, host), subject),
        turns=Turns(
            governor(host, _pace(settings, host)),
            wait_seconds=github.wait_seconds if wait_seconds is None else wait_seconds,
            on_wait=tell,
            is_cancelled=is_cancelled,
        ),
        timeout_seconds=github.timeout_seconds,
        veil=veil,
    )


def principals(settings: Settings, host: str) -> Sequence[Principal]:
    """A token goes to the host that it was made for, and to no other."""
    if host == settings.simulator.url:
        return users(["synthetic"])
    if host != settings.github.api_url:
        return [ANONYMOUS]
    tokens = [one.get_secret_value() for one in settings.tokens]
    github = settings.github
    if github.app_id is None or github.app_private_key is None:
        return users(tokens)
    app = AppTokens(
        api_url=host, app_id=github.app_id,
        private_key=github.app_private_key.get_secret_value(),
        timeout_seconds=github.timeout_seconds,
    )  # fmt: skip
    installations = app.principals()
    return [*installations, *users(tokens)] if tokens or not installations else installations


def git_token(client: GitHubClient, host: str, clone_url: str) -> Callable[[], str | None]:
    """For a git remote: the token of ``host`` where the remote is GitHub's own."""
    own = web_host(host)
    is_its_own = bool(own) and own == urlsplit(clone_url).netloc.lower()
    return client.token if is_its_own else lambda: None


def web_host(api_url: str) -> str:
    """Where the pages and git remotes of an API root are."""
    return urlsplit(api_url).netloc.lower().removeprefix("api.")


def _pace(settings: Settings, host: str) -> Pace:
    """The simulated GitHub is ours, and may be asked as fast as it answers."""
    return Pace() if host == settings.simulator.url else Pace.of(settings.github)
