"""A bare mirror of a git remote, and what can be asked of it."""

import base64
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self
from urllib.parse import urlsplit

from gitinsight.errors import (
    BrokenEnvironment,
    Cancelled,
    GitInsightError,
    MirrorBroken,
    NotVisible,
    TooLarge,
    UpstreamUnavailable,
)
from gitinsight.git.environment import environment
from gitinsight.runtime.process import dies_with_parent

_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_MISSING = re.compile(
    r"not found|does not exist|not appear to be a git repository|invalid gitfile|"
    r"could not read Username|Authentication failed|returned error: 4(?:0[134]|10|51)",
    re.IGNORECASE,
)
_FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
_BROKEN = re.compile(
    r"packfile .* (?:cannot|does not|is corrupt|index)|(?:index|pack) file .* (?:is|has|too)|"
    r"(?:loose )?object .* (?:is corrupt|is empty|is a)|inflate: |unable to unpack|"
    r"bad (?:object|config|revision|tree|packed)|unexpected line in .*packed-refs|"
    r"unable to read (?:tree|[0-9a-f]{40})|Could not read [0-9a-f]{40}|"
    r"missing (?:blob|tree|commit)|did not send all necessary objects|"
    r"mismatched algorithms|different hash|not a git repository: '|"
    r"cannot be used without|failed to read",
    re.IGNORECASE,
)
_POLL_SECONDS = 0.5
_STALE = ("**/*.lock", "objects/pack/tmp_*", "objects/??/tmp_obj_*", "objects/tmp_objdir-*")
"""The lease allows one worker per repository: what is half written here is a dead worker's."""
_FATAL = 128
_SHA1_LENGTH = 40
_KEPT_BYTES = 32 << 20
"""The largest that glibc takes for a bound between what it keeps and what it gives back at once."""
_MAKE_ROOM = "make room on its disk, or set GITINSIGHT_STATE_DIR to another one"
_END = dies_with_parent(signal.SIGKILL)
"""A git that fetches and whose worker was killed would go on writing where the next worker writes.
The others only read, and begin at once: to end one with us, all of this process is copied for it.
"""
_LOCAL = (
    "--upload-pack=GIT_GRAFT_FILE= GIT_NO_REPLACE_OBJECTS=1 git -c 'safe.directory=*' upload-pack",
)
"""A path may belong to somebody else, and show him another history than there is; git hands what we
say of that to no program of its own.
"""


@dataclass(frozen=True, slots=True)
class Refs:
    """Names without their prefix; ``tags`` point at what the tag names, tag objects peeled.
    ``detached`` is the commit of a HEAD that names no branch, as in a checkout of a tag.
    """

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    default_branch: str | None
    detached: str | None = None

    @property
    def head(self) -> str | None:
        """The newest commit of the default branch, or of what is checked out in its place."""
        return self.detached or self.branches.get(self.default_branch or "")

    @property
    def tips(self) -> frozenset[str]:
        named = frozenset(self.branches.values()) | frozenset(self.tags.values())
        return named | {self.detached} if self.detached else named


class Output:
    """What a git says while it runs. Leaving the context ends it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", stdout: IO[bytes], complaint: IO[bytes],
        mirror: "Mirror",
    ) -> None:  # fmt: skip
        self._process = process
        self._stdout = stdout
        self._complaint = complaint
        self._mirror = mirror

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end of a git that ended well, else an error."""
        self._mirror.check()
        chunk = self._stdout.read(size)
        if not chunk and self._process.wait() != 0:
            self._complaint.seek(0)
            raise self._mirror.failure(self._process.returncode, self._complaint.read())
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        """Its lines, without their ends."""
        rest = b""
        while chunk := self.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        if rest:
            yield rest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._process.kill()
        self._stdout.close()
        self._complaint.close()
        self._process.wait()


class Mirror:
    """``token`` is asked for whenever the remote is, for it may be a new one by then; it is sent as
    GitHub expects it and never appears in a command line.
    """

    def __init__(
        self, path: Path, url: str, *, token: Callable[[], str | None] = lambda: None,
        timeout_seconds: float = 1_800, low_speed_seconds: int = 60, max_bytes: int = 2**63,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """``is_cancelled`` is asked while git works; Cancelled is raised where it says so. A remote
        that sends less than 1 kB/s for ``low_speed_seconds`` is given up, one that does not fit
        into ``max_bytes`` raises TooLarge.
        """
        self.path = path
        self.url = url
        self._timeout_seconds = timeout_seconds
        self.max_bytes = max_bytes
        self._is_cancelled = is_cancelled
        self._local = _LOCAL if url.startswith(("/", "file://")) else ()
        self._token = token
        self._low_speed_seconds = low_speed_seconds
        self._environment = _environment(url, None, low_speed_seconds)
        self._object_format = "sha1"
        self._unnamed: tuple[str, ...] = ()
        # Never -C: from a broken mirror git goes up, and finds the checkout around it.
        self._here = f"--git-dir={path}"

    def remote_refs(self) -> Refs:
        """What the remote shows now; costs no API call. NotVisible where there is no remote.

        A page of a proxy reads like a remote without refs; it is none where there were some.
        """
        refs = _parse_refs(self._run("ls-remote", "--symref", *self._local, self.url))
        if not refs.tips and (self.path / "config").exists() and self._git("for-each-ref"):
            raise UpstreamUnavailable(self.url, "it shows no branch and no tag any more")
        if any(len(tip) > _SHA1_LENGTH for tip in refs.tips):
            self._object_format = "sha256"
        self._unnamed = ("HEAD",) if refs.detached else ()
        return refs

    def fetch(self) -> None:
        """Bring the mirror to the remote's branches and tags, forgetting those that are gone.

        TooLarge leaves nothing behind; MirrorBroken says that only ``discard`` helps.
        """
        self._forget_halves()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BrokenEnvironment(f"{self.path}: {error.strerror}", _MAKE_ROOM) from error
        # Completes a mirror that was killed while it was made.
        self._run("init", "--quiet", "--bare", f"--object-format={self._object_format}",
                  str(self.path))  # fmt: skip
        deeper = ("--unshallow",) if self.is_shallow else ()
        try:
            self._run(
                self._here, "fetch", "--quiet", "--prune", "--no-tags", "--update-shallow",
                *deeper, *self._local, self.url, *_REFS, *self._unnamed, watch=self._weigh,
            )  # fmt: skip
            self._weigh()
        except TooLarge:
            self.discard()
            raise

    def discard(self) -> None:
        """Nothing is lost: everything in a mirror can be fetched anew."""
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def is_shallow(self) -> bool:
        """Whether the remote gave only the newest part of its history."""
        return (self.path / "shallow").exists()

    def count(self, revision: str) -> int:
        return int(self._git("rev-list", "--count", revision))

    def reachable(
        self, new: Iterable[str], old: Iterable[str] = (), *options: str
    ) -> Iterator[str]:
        """Commits that ``new`` reach and ``old`` do not, newest first; ask with ``options``."""
        with self.scratch() as told:
            told.writelines(f"{tip}\n".encode() for tip in new)
            if told.tell() == 0:
                return
            told.writelines(f"^{tip}\n".encode() for tip in old)
            told.seek(0)
            with self.stream("rev-list", *options, "--stdin", told=told) as output:
                for line in output:
                    yield line.decode("ascii")

    def commits_among(self, names: Collection[str]) -> set[str]:
        """Those that are commits, and are here: a tag may name a file."""
        if not names:
            return set()
        with self.scratch() as told:
            told.writelines(f"{name}\n".encode() for name in names)
            told.seek(0)
            check = "--batch-check=%(objectname) %(objecttype)"
            with self.stream("cat-file", check, told=told) as output:
                answers = [line.decode("ascii", "replace").split(" ") for line in output]
        return {name for name, kind, *_ in answers if kind == "commit"}

    def scratch(self) -> IO[bytes]:
        """A file without a name, for what a git is told."""
        try:
            return TemporaryFile(dir=self.path if self.path.is_dir() else None)
        except OSError as error:
            raise BrokenEnvironment(f"{self.path}: {error.strerror}", _MAKE_ROOM) from error

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

    def stream(self, *arguments: str, told: IO[bytes]) -> Output:
        """A git whose output is read while it runs; ``told`` is what it is given to read."""
        complaint = TemporaryFile()  # noqa: SIM115 - Output closes it
        process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            ["git", self._here, *arguments],  # noqa: S607
            env=self._environment, stdin=told, stdout=subprocess.PIPE, stderr=complaint,
        )  # fmt: skip
        if process.stdout is None:
            raise UpstreamUnavailable(str(self.path), "git gave no pipe")
        return Output(process, process.stdout, complaint, self)

    def check(self) -> None:
        """Cancelled where somebody asked for it to stop."""
        if self._is_cancelled():
            raise Cancelled(f"reading {self.url}")

    def failure(self, code: int, complaint: bytes, *, is_remote: bool = False) -> GitInsightError:
        """What is wrong, by what git said when it ended with ``code``."""
        problem = complaint.decode("utf-8", "replace").strip()
        fatal = [line for line in problem.splitlines() if line.startswith("fatal: ")]
        line = fatal[0].removeprefix("fatal: ") if fatal else f"git ended with {code}"
        if _FULL.search(problem):
            return BrokenEnvironment(f"{self.path}: {line}", _MAKE_ROOM)
        if is_remote and _MISSING.search(problem):
            return NotVisible(self.url, 404, line)
        # Where no remote is asked, a git that gives up has met something broken.
        if _BROKEN.search(problem) or (not is_remote and code == _FATAL):
            return MirrorBroken(str(self.path), line)
        return UpstreamUnavailable(self.url if is_remote else str(self.path), line)

    def _git(self, *arguments: str) -> str:
        return self._run(self._here, *arguments, is_remote=False)

    def _run(
        self, *arguments: str, is_remote: bool = True, watch: Callable[[], None] | None = None
    ) -> str:
        token = self._token() if self.url in arguments else None
        known = _environment(self.url, token, self._low_speed_seconds)
        with subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            ["git", *arguments], env=known, stdin=subprocess.DEVNULL,  # noqa: S607
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=_END if watch is not None else None,  # noqa: PLW1509 - it takes no lock
        ) as child:  # fmt: skip
            try:
                output, complaint = self._outcome(child, watch)
            finally:
                child.kill()
        if child.returncode == 0:
            return output.decode("utf-8", "replace")
        raise self.failure(child.returncode, complaint, is_remote=is_remote)

    def _outcome(
        self, child: "subprocess.Popen[bytes]", watch: Callable[[], None] | None
    ) -> tuple[bytes, bytes]:
        """Both of its streams, when it has ended."""
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            try:
                return child.communicate(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired as error:
                self.check()
                if watch is not None:
                    watch()
                if time.monotonic() > deadline:
                    raise UpstreamUnavailable(self.url, "git did not finish in time") from error

    def _weigh(self) -> None:
        total = 0
        for one in (self.path / "objects").rglob("*"):
            with suppress(FileNotFoundError):  # git renames what it has finished
                total += one.lstat().st_size
        if total > self.max_bytes:
            raise TooLarge(self.url, self.max_bytes)

    def _forget_halves(self) -> None:
        for pattern in _STALE:
            for stale in self.path.glob(pattern):
                if stale.is_dir():
                    shutil.rmtree(stale, ignore_errors=True)
                else:
                    stale.unlink(missing_ok=True)


def _environment(url: str, token: str | None, low_speed_seconds: int) -> dict[str, str]:
    settings = {
        "safe.directory": "*",
        "gc.auto": "0",
        "fetch.unpackLimit": "1",
        # What a person may have set for himself would change what is read.
        "core.attributesFile": os.devnull,
        "diff.renameLimit": "1000",
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
        GIT_HTTP_LOW_SPEED_TIME=str(low_speed_seconds), LC_ALL="C.UTF-8",
        GIT_CONFIG_COUNT=str(len(settings)),
        # glibc would give each large text back to the kernel and get it anew, page by page: more
        # than half of what it costs to compare a file of a few hundred kilobytes.
        MALLOC_MMAP_THRESHOLD_=str(_KEPT_BYTES), MALLOC_TRIM_THRESHOLD_=str(4 * _KEPT_BYTES),
        # Nobody is there to answer a question.
        GIT_ASKPASS="", GCM_INTERACTIVE="never",
        GIT_SSH_COMMAND=os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"), **pairs,
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
    default_branch = head = None
    for line in listing.split("\n"):  # a name may hold what splitlines() takes for an end
        value, _, name = line.partition("\t")
        if name == "HEAD" and value.startswith("ref: refs/heads/"):
            default_branch = value.removeprefix("ref: refs/heads/")
        elif name == "HEAD" and not value.startswith("ref: "):
            head = value
        elif name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = value
        elif name.startswith("refs/tags/"):
            # The peeled line `name^{}` follows that of the tag object and wins.
            tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = value
    return Refs(branches, tags, default_branch, None if default_branch else head)
