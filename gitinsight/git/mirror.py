"""A bare mirror of a git remote, and what can be asked of it."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitinsight.errors import NotVisible, UpstreamUnavailable

_TIMEOUT_SECONDS = 1_800
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_MISSING = re.compile(
    r"not found|does not exist|not appear to be a git repository|could not read Username|"
    r"Authentication failed|returned error: 40[134]",
    re.IGNORECASE,
)


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
    """``token`` is sent as GitHub expects it and never appears in a command line."""

    def __init__(self, path: Path, url: str, *, token: str | None = None) -> None:
        self.path = path
        self.url = url
        self._environment = _environment(token if url.startswith("https://") else None)

    def remote_refs(self) -> Refs:
        """What the remote shows now; costs no API call. NotVisible where there is no remote."""
        listing = self._run("ls-remote", "--symref", self.url)
        return _parse_refs(listing)

    def fetch(self) -> None:
        """Bring the mirror to the remote's branches and tags, forgetting those that are gone."""
        if not (self.path / "HEAD").exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", "--bare", str(self.path))
        for stale in self.path.glob("**/*.lock"):
            # The lease allows one worker per repository: a lock here is a dead worker's.
            stale.unlink(missing_ok=True)
        self._git("fetch", "--quiet", "--prune", "--force", "--no-tags", self.url, *_REFS)

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
        """Tag name -> (commit or object it names, whether annotated, ISO time of creation)."""
        text = self._git(
            "for-each-ref",
            "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:iso-strict)",
            "refs/tags",
        )
        tags = {}
        for line in text.splitlines():
            name, sha, peeled, created = line.split("\0")
            tags[name] = (peeled or sha, bool(peeled), created)
        return tags

    def stream(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A git process whose output is read while it runs."""
        return subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            ["git", "-C", str(self.path), *arguments],  # noqa: S607
            env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def _git(self, *arguments: str) -> str:
        return self._run("-C", str(self.path), *arguments)

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, no shell
                ["git", *arguments], env=self._environment, capture_output=True,  # noqa: S607
                timeout=_TIMEOUT_SECONDS, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise UpstreamUnavailable(self.url, "git did not finish in time") from error
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "replace")
        problem = done.stderr.decode("utf-8", "replace").strip()
        line = problem.splitlines()[-1] if problem else f"git ended with {done.returncode}"
        if _MISSING.search(problem):
            raise NotVisible(self.url, 404, line)
        raise UpstreamUnavailable(self.url, line)


def _environment(token: str | None) -> dict[str, str]:
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "60",
        "LC_ALL": "C.UTF-8",
    }
    settings = [("safe.directory", "*"), ("gc.auto", "0")]
    if token is not None:
        settings.append(("http.extraHeader", f"Authorization: Bearer {token}"))
    for index, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    return environment


def _parse_refs(listing: str) -> Refs:
    branches, tags = {}, {}
    default_branch = None
    for line in listing.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            default_branch = value.removeprefix("ref: refs/heads/")
        elif name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = value
        elif name.startswith("refs/tags/"):
            # The peeled line `name^{}` follows that of the tag object and wins.
            tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = value
    return Refs(branches, tags, default_branch)
