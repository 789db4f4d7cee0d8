"""Names that this API is reached by.

Where nobody needs a key, a page in a browser on this machine could lead a name that its owner has
made up to here, and read what is shown to whoever reaches the machine.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address

HERE = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"(?P<name>\[[^\[\]]*\]|[^:\[\]]*)(?::[0-9]*)?")


class Hosts:
    """``named`` are ours beside those of this machine, each as `Host` says it."""

    def __init__(self, named: Iterable[str]) -> None:
        self.named = frozenset(one.strip().lower() for one in named)

    def has(self, host: str) -> bool:
        """Nobody can lead an address elsewhere, and every browser says by what it has come."""
        host = host.lower()
        told = _HOST.fullmatch(host)
        if not host or host in self.named or told is None:
            return told is not None
        name = told["name"].strip("[]")
        return name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
