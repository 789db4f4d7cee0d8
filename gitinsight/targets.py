"""What a person may call a repository, and what it is then."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from gitinsight.errors import InvalidLogin, InvalidName, InvalidPlace, UnexpectedPayload
from gitinsight.github import access, probe
from gitinsight.github.governor import LocalGovernor, MakeGovernor
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import ORGANISATION

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,38})/(?!\.{1,2}$)([A-Za-z0-9._-]{1,100})")
_WEB = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]+@)?|git@)(?P<host>[^/:]+(?::\d+)?)[/:]"
    r"(?P<name>[^/]+/[^/]+?)(?:\.git)?/?"
)
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_PAGE = re.compile(r"https?://(?P<host>[^/]+)/(?:orgs/)?(?P<login>[^/]+)/?")
_SECRET = re.compile(r"^(https?://)[^/@]*@")
"""What a clone URL may carry and nobody may keep; git's credential helpers know it anyway."""
GIT = "git"
"""Stands for the API root of a remote that has none."""


@dataclass(frozen=True, slots=True)
class Target:
    """``host`` is an API root, or ``GIT``."""

    host: str
    full_name: str
    clone_url: str


class Found(msgspec.Struct, frozen=True):
    """What GitHub says about a name."""

    id: int
    full_name: str
    private: bool = False
    open_issues_count: int = 0
    size: int = 0

    @property
    def records_estimate(self) -> int:
        return probe.estimate(conversations=self.open_issues_count, kilobytes=self.size)


@dataclass(frozen=True, slots=True)
class Account:
    """``host`` is an API root; ``login`` a user's or an organisation's."""

    host: str
    login: str


class FoundAccount(msgspec.Struct, frozen=True):
    """What GitHub says about a login."""

    id: int
    login: str
    type: Literal["User", "Organization"]


def parse(text: str, settings: Settings) -> Target:
    """OWNER/NAME, the URL of a repository, a path to one, or a bundle file; else InvalidPlace."""
    path = _local(text)
    if path is not None:
        name = path.stem if path.is_file() else path.name
        return Target(GIT, f"local/{name}", str(path))
    web = _WEB.fullmatch(text)
    if web and not _is_ours(web["host"], settings):
        # The same name on github.com would be somebody else's repository.
        return Target(GIT, web["name"], _SECRET.sub(r"\1", text))
    try:
        return parse_name(text, settings)
    except InvalidName as error:
        raise InvalidPlace(text) from error


def parse_name(text: str, settings: Settings) -> Target:
    """OWNER/NAME, or a URL on the host that is configured; nothing of this machine."""
    web = _WEB.fullmatch(text)
    if web and not _is_ours(web["host"], settings):
        raise InvalidName(text)
    name = _NAME.fullmatch(web["name"] if web else text)
    if name is None:
        raise InvalidName(text)
    return on_host(_host_of(name[1], settings), f"{name[1]}/{name[2]}", settings)


def on_host(host: str, full_name: str, settings: Settings) -> Target:
    """A repository that an API root itself has named."""
    owner, _, short = full_name.partition("/")
    if host == settings.simulator.url:
        return Target(host, full_name, f"{host}/{full_name}.git")
    return Target(host, full_name, settings.github.clone_url.format(owner=owner, name=short))


def parse_login(text: str, settings: Settings) -> Account:
    """The login of a user or an organisation, or the URL of its page; else InvalidName."""
    web = _PAGE.fullmatch(text)
    login = _LOGIN.fullmatch(web["login"] if web and _is_ours(web["host"], settings) else text)
    if login is None:
        raise InvalidLogin(text)
    return Account(_host_of(login[0], settings), login[0])


def ask_account(
    account: Account, settings: Settings, *, governor: MakeGovernor = LocalGovernor
) -> FoundAccount:
    """NotVisible where GitHub shows nobody of this login."""
    client = access.connect(settings, account.host, wait_seconds=0, governor=governor)
    try:
        answer = client.get(f"users/{account.login}")
    finally:
        client.close()
    try:
        return msgspec.json.decode(answer.body, type=FoundAccount)
    except msgspec.DecodeError as error:
        raise UnexpectedPayload(account.login, str(error)) from error


def ask(
    target: Target, settings: Settings, *, governor: MakeGovernor = LocalGovernor
) -> Found | None:
    """NotVisible where GitHub shows no such repository; None where there is nobody to ask."""
    if target.host == GIT:
        return None
    client = access.connect(
        settings, target.host, subject=target.full_name, governor=governor, wait_seconds=0
    )
    try:
        answer = client.get(f"repos/{target.full_name}")
    finally:
        client.close()
    try:
        return msgspec.json.decode(answer.body, type=Found)
    except msgspec.DecodeError as error:
        raise UnexpectedPayload(target.full_name, str(error)) from error


def _local(text: str) -> Path | None:
    """The repository or bundle file of this machine that the text names."""
    if not text:
        return None  # which Path takes for the directory that we are in
    try:
        path = Path(text).expanduser()
        is_bundle = path.suffix == ".bundle" and path.is_file()
        if is_bundle or (path / ".git").exists() or (path / "HEAD").exists():
            return path.resolve()
    except (OSError, RuntimeError, ValueError):  # too long, not ours to look at, nobody's home
        pass
    return None


def _host_of(owner: str, settings: Settings) -> str:
    if owner.lower() == ORGANISATION and settings.simulator.url is not None:
        return settings.simulator.url
    return settings.github.api_url


def _is_ours(host: str, settings: Settings) -> bool:
    configured = access.web_host(settings.github.api_url)
    return host.lower().removeprefix("www.") == configured.removeprefix("www.")
