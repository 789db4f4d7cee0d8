"""Git repositories for tests: ordinary ones, and commits that no ordinary git would make."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from gitinsight.git.environment import environment

_WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.invalid"))
}


class GitRepository:
    """A bare repository. Nothing of the developer's own configuration reaches it."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git(
            "init", "--quiet", "--bare", "--initial-branch=main",
            f"--object-format={object_format}", ".",
        )  # fmt: skip

    def git(self, *arguments: str, data: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, input=data, check=True, stdout=subprocess.PIPE,
            env=environment(**_WHO, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1"),
        )  # fmt: skip
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(
        self, files: Mapping[str, str | bytes | None], *, branch: str = "main",
        at: int = 1_700_000_000, merge: Sequence[str] = (), message: str = "Change\n",
        start: str | None = None,
    ) -> str:  # fmt: skip
        """Its sha. ``None`` deletes a file; the parent is the branch as it is, or ``start``."""
        origin = start or self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        text = message.encode()
        who = f"Ada <ada@example.invalid> {at} +0000"
        stream = [
            f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n".encode(),
            f"data {len(text)}\n".encode(),
            text,
            f"\nfrom {origin}\n".encode() if origin else b"\n",
            *(f"merge {sha}\n".encode() for sha in merge),
        ]
        for path, content in files.items():
            name = b'"' + _quoted(path) + b'"'
            if content is None:
                stream.append(b"D " + name + b"\n")
                continue
            data = content if isinstance(content, bytes) else content.encode()
            stream += [
                b"M 100644 inline " + name + b"\n",
                f"data {len(data)}\n".encode(),
                data,
                b"\n",
            ]
        self.git("fast-import", "--quiet", "--force", data=b"".join(stream))
        return self.head(branch)

    def head(self, branch: str = "main") -> str:
        return self.git("rev-parse", f"refs/heads/{branch}")

    def raw_commit(
        self, *, author: bytes | None = b"Ada <ada@example.invalid> 1700000000 +0000",
        committer: bytes | None = b"Ada <ada@example.invalid> 1700000000 +0000",
        message: bytes = b"Change\n", parents: Sequence[str] = (), header: bytes = b"",
    ) -> str:  # fmt: skip
        """A commit of these very bytes, however wrong, on a branch of its own; its sha."""
        tree = self.git("hash-object", "-t", "tree", "-w", "--stdin", data=b"").encode()
        lines = [b"tree " + tree, *(b"parent " + sha.encode() for sha in parents)]
        lines += [b"author " + author] if author is not None else []
        lines += [b"committer " + committer] if committer is not None else []
        data = b"\n".join(lines) + b"\n" + header + b"\n" + message
        sha = self.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=data)
        self.git("update-ref", f"refs/heads/raw-{sha[:8]}", sha)
        return sha


def _quoted(path: str) -> bytes:
    """As git quotes a path in C style, every byte that is not plain as an octal number."""
    return b"".join(
        bytes([byte]) if 32 < byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
        for byte in path.encode("utf-8", "surrogateescape")
    )
