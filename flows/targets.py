"""What a person may call a repository, and what it is then."""

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flows.attempt import make_client, token_for
from gitinsight import clock
from gitinsight.errors import InvalidName
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import ORGANISATION
from warehouse import repositories
from warehouse.engine import Engine
from warehouse.repositories import Repository

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9._-]{1,100})")
_WEB = re.compile(r"(?:https?://|git@)[^/:]+[/:](?P<name>[^/]+/[^/]+?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Target:
    """``host`` is an API root, or 'git' for a remote that has none."""

    host: str
    full_name: str
    clone_url: str


class _Found(msgspec.Struct, frozen=True):
    id: int
    full_name: str
    private: bool = False


def parse(text: str, settings: Settings) -> Target:
    """OWNER/NAME, a GitHub URL, or a path to a git repository; else InvalidName."""
    path = Path(text).expanduser()
    if path.is_dir() and ((path / ".git").exists() or (path / "HEAD").exists()):
        whole = path.resolve()
        return Target("git", f"local/{whole.name}", str(whole))
    web = _WEB.fullmatch(text)
    name = _NAME.fullmatch(web["name"] if web else text)
    if name is None:
        raise InvalidName(text)
    owner, short = name.groups()
    if owner == ORGANISATION and settings.simulator.url is not None:
        root = settings.simulator.url
        return Target(root, f"{owner}/{short}", f"{root}/{owner}/{short}.git")
    clone_url = settings.github.clone_url.format(owner=owner, name=short)
    return Target(settings.github.api_url, f"{owner}/{short}", clone_url)


def follow(engine: Engine, settings: Settings, target: Target) -> Repository:
    """Add it, after GitHub has been asked about a name that is new here: what GitHub does not show
    is not added.
    """
    with engine.begin() as connection:
        known = repositories.on_host(connection, target.host, target.full_name)
    if known is not None:
        return known
    found = None if target.host == "git" else _ask(settings, target)
    with engine.begin() as connection:
        repository, _ = repositories.add(
            connection,
            host=target.host,
            full_name=found.full_name if found else target.full_name,
            clone_url=target.clone_url,
            github_id=found.id if found else None,
            is_private=found.private if found else False,
            at=clock.now(),
        )
    return repository


def _ask(settings: Settings, target: Target) -> _Found:
    client = make_client(settings.github, token_for(settings, target.host), api_url=target.host)
    try:
        answer = client.get(f"repos/{target.full_name}")
    finally:
        client.close()
    return msgspec.json.decode(answer.body, type=_Found)
