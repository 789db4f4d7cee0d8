"""A bare mirror of a git remote, and what can be asked of it."""

import base64
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from gitinsight.errors import Cancelled, NotVisible, UpstreamUnavailable
from gitinsight.git.environment import environment
from gitinsight.runtime.process import dies_with_parent

_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_MISSING = re.compile(
    r"not found|does not exist|not appear to be a git repository|invalid gitfile|"
    r"could not read Username|Authentication failed|returned error: 4(?:0[134]|10|51)",
    re.IGNORECASE,
)
_POLL_SECONDS = 0.5
_END = dies_with_parent(signal.SIGKILL)
"""A git whose worker was killed would go on writing where the next worker writes."""
_LOCAL = ("--upload-pack=git -c 'safe.directory=*' upload-pack",)
"""A path may belong to somebody else; git hands the setting of that to no program of its own."""


@dataclass(frozen=True, slots=True)
class Refs:
    """Names without their prefix; ``tags`` point at what the tag names, tag objects peeled."""

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    default_branch: str | None

    @property
    def tips(self) -> frozenset[str]:
        return frozenset(self.branches.values()) | frozenset(self.tags.values())


class Mirror:
    """``token`` is asked for whenever the remote is, for it may be a new one by then; it is sent as
    GitHub expects it and never appears in a command line.
    """

    def __init__(
        self, path: Path, url: str, *, token: Callable[[], str | None] = lambda: None,
        timeout_seconds: float = 1_800, is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """``is_cancelled`` is asked while git works; Cancelled is raised where it says so."""
        self.path = path
        self.url = url
        self._timeout_seconds = timeout_seconds
        self._is_cancelled = is_cancelled
        self._local = _LOCAL if url.startswith(("/", "file://")) else ()
        self._token = token
        self._environment = _environment(url, None)

    def remote_refs(self) -> Refs:
        """What the remote shows now; costs no API call. NotVisible where there is no remote.

        A page of a proxy reads like a remote without refs; it is none where there were some.
        """
        refs = _parse_refs(self._run("ls-remote", "--symref", *self._local, self.url))
        if not refs.tips and (self.path / "config").exists() and self._git("for-each-ref"):
            raise UpstreamUnavailable(self.url, "it shows no branch and no tag any more")
        return refs

    def fetch(self) -> None:
        """Bring the mirror to the remote's branches and tags, forgetting those that are gone."""
        for stale in self.path.glob("**/*.lock"):
            # The lease allows one worker per repository: a lock here is a dead worker's.
            stale.unlink(missing_ok=True)
        self.path.mkdir(parents=True, exist_ok=True)
        self._run("init", "--quiet", "--bare", str(self.path))  # completes one that was killed
        self._git(
            "fetch", "--quiet", "--prune", "--no-tags", "--update-shallow",
            *self._local, self.url, *_REFS,
        )  # fmt: skip

    @property
    def is_shallow(self) -> bool:
        """Whether the remote gave only the newest part of its history."""
        return (self.path / "shallow").exists()

    def count(self, revision: str) -> int:
        return int(self._git("rev-list", "--count", revision))

    def reachable(self, revision: str) -> Iterator[str]:
        yield from self._git("rev-list", revision).split()

    def has(self, sha: str) -> bool:
        found = subprocess.run(  # noqa: S603 - a fixed program, no shell
            ["git", "-C", str(self.path), "cat-file", "-e", f"{sha}^{{commit}}"],  # noqa: S607
            env=self._environment, capture_output=True, check=False,
        )  # fmt: skip
        return found.returncode == 0

    def tag_dates(self) -> dict[str, tuple[str, bool, str]]:
        """Tag name -> (commit or object it names, whether annotated, ISO time of creation, empty
        where there is none).
        """
        text = self._git(
            "for-each-ref",
            "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)",
            "refs/tags",
        )
        tags = {}
        for line in text.split("\n")[:-1]:
            name, sha, peeled, created = line.split("\0")
            tags[name] = (peeled or sha, bool(peeled), _iso(created))
        return tags

    def stream(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A git process whose output is read while it runs."""
        return subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            ["git", "-C", str(self.path), *arguments],  # noqa: S607
            env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=_END,  # noqa: PLW1509
        )  # fmt: skip

    def _git(self, *arguments: str) -> str:
        return self._run("-C", str(self.path), *arguments)

    def _run(self, *arguments: str) -> str:
        is_remote = self.url in arguments
        known = _environment(self.url, self._token()) if is_remote else self._environment
        with subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            ["git", *arguments], env=known, stdin=subprocess.DEVNULL,  # noqa: S607
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_END,  # noqa: PLW1509
        ) as child:  # fmt: skip
            try:
                output, complaint = self._outcome(child)
            finally:
                child.kill()
        if child.returncode == 0:
            return output.decode("utf-8", "replace")
        problem = complaint.decode("utf-8", "replace").strip()
        fatal = [line for line in problem.splitlines() if line.startswith("fatal: ")]
        line = fatal[0].removeprefix("fatal: ") if fatal else f"git ended with {child.returncode}"
        if _MISSING.search(problem):
            raise NotVisible(self.url, 404, line)
        raise UpstreamUnavailable(self.url, line)

    def _outcome(self, child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        """Both of its streams, when it has ended."""
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            try:
                return child.communicate(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired as error:
                if self._is_cancelled():
                    raise Cancelled(f"reading {self.url}") from error
                if time.monotonic() > deadline:
                    raise UpstreamUnavailable(self.url, "git did not finish in time") from error


def _environment(url: str, token: str | None) -> dict[str, str]:
    settings = {
        "safe.directory": "*",
        "gc.auto": "0",
        # What a person may have set for himself would change what is read.
        "core.attributesFile": os.devnull,
        "log.showRoot": "true",
        "log.showSignature": "false",
    }
    if token is not None and url.startswith("https://"):
        # GitHub's git takes tokens as Basic credentials alone, unlike its API.
        host = urlsplit(url).netloc.rpartition("@")[2]
        credentials = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings[f"http.https://{host}/.extraHeader"] = f"Authorization: Basic {credentials}"
    pairs: dict[str, str] = {}
    for index, (key, value) in enumerate(settings.items()):
        pairs |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return environment(
        GIT_TERMINAL_PROMPT="0", GIT_NO_REPLACE_OBJECTS="1", GIT_HTTP_LOW_SPEED_LIMIT="1000",
        GIT_HTTP_LOW_SPEED_TIME="60", LC_ALL="C.UTF-8", GIT_CONFIG_COUNT=str(len(settings)),
        **pairs,
    )  # fmt: skip


def _iso(seconds: str) -> str:
    """Git writes 0 for a time that it cannot read."""
    if seconds == "0":
        return ""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _parse_refs(listing: str) -> Refs:
    branches, tags = {}, {}
    default_branch = None
    for line in listing.split("\n"):  # a name may hold what splitlines() takes for an end
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            default_branch = value.removeprefix("ref: refs/heads/")
        elif name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = value
        elif name.startswith("refs/tags/"):
            # The peeled line `name^{}` follows that of the tag object and wins.
            tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = value
    return Refs(branches, tags, default_branch)
