"""Whether an address answers, for what watches over a container: `python -m` and a URL.

Nothing but the standard library: it is started every few seconds, in images without a curl.
"""

import sys
import urllib.error
import urllib.request

_SECONDS = 4


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 - told by us
            return int(answer.status) < 300  # noqa: PLR2004 - the end of what HTTP calls success
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1]))
