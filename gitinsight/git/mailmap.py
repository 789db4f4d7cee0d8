"""Whose an address is by the `.mailmap` of a repository, as git itself reads it."""

import os
from collections import defaultdict

from gitinsight.git.mirror import Mirror

_LONGEST = 1_000
"""An address that is longer is none that anybody means."""


def proper_emails(mirror: Mirror, head: str) -> dict[str, str]:
    """Address of an author, as `.mailmap` at ``head`` has it instead; both in lower case. One that
    is several people's, by the name beside it, is left as it is.
    """
    found = defaultdict[str, set[str]](set)
    if not _has_mailmap(mirror, head):
        return {}
    with mirror.scratch() as told:
        told.write(f"{head}\n".encode())
        told.seek(0)
        arguments = (
            "-c", f"mailmap.blob={head}:.mailmap", "-c", f"mailmap.file={os.devnull}",
            "log", "--stdin", "--format=%ae%x00%aE",
        )  # fmt: skip
        with mirror.stream(*arguments, told=told) as output:
            for line in output:
                written, _, proper = line.partition(b"\0")
                found[_text(written)].add(_text(proper))
    return {
        written: proper
        for written, meant in found.items()
        for proper in meant
        if len(meant) == 1 and written != proper and len(proper) <= _LONGEST
    }


def _has_mailmap(mirror: Mirror, head: str) -> bool:
    with mirror.scratch() as told:
        told.write(f"{head}:.mailmap\n".encode())
        told.seek(0)
        with mirror.stream("cat-file", "--batch-check=%(objecttype)", told=told) as output:
            return next(iter(output), b"") == b"blob"


def _text(email: bytes) -> str:
    """As ``history`` reads it, for addresses that are kept whole."""
    return email.decode("utf-8", "replace").replace("\0", "\ufffd").lower()
