"""Where an hour of GH Archive comes from: a mirror over HTTP, or a file."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx2

from gitinsight.errors import HourMissing, UpstreamUnavailable, first_line
from gitinsight.gharchive import hours

_CHUNK_BYTES = 64 * 1024
_GONE = {httpx2.codes.NOT_FOUND, httpx2.codes.GONE}


class Download:
    """The compressed bytes of one hour, once; what they were is known after the last of them."""

    def __init__(self, address: str, hour: datetime, chunks: Iterable[bytes]) -> None:
        self.address = address
        self.size_bytes = 0
        self._hour = hour
        self._chunks = chunks
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    def __iter__(self) -> Iterator[bytes]:
        """HourMissing where there are none."""
        for chunk in self._chunks:
            self.size_bytes += len(chunk)
            self._hash.update(chunk)
            yield chunk
        if self.size_bytes == 0:
            raise HourMissing(hours.name(self._hour), self.address)


def client(timeout_seconds: float = 30.0) -> httpx2.Client:
    return httpx2.Client(
        # What is stored compressed is wanted as it is stored.
        headers={"user-agent": "gitinsight", "accept-encoding": "identity"},
        timeout=timeout_seconds, follow_redirects=True, max_redirects=3,
    )  # fmt: skip


def address(source: str, hour: datetime) -> str:
    """``source`` is a URL or path with ``{hour}`` in it, a URL or directory that holds files named
    like those of the archive, or one such file.
    """
    if "{hour}" in source:
        return source.replace("{hour}", hours.name(hour))
    file = f"{hours.name(hour)}.json.gz"
    if not _is_url(source) and Path(source).name.endswith(".gz"):
        return str(Path(source).with_name(file))
    return f"{source.rstrip('/')}/{file}"


@contextmanager
def opened(source: str, hour: datetime, http: httpx2.Client) -> Iterator[Download]:
    """The hour as this source has it.

    HourMissing where it has none, UpstreamUnavailable where it does not say, at its start or later.
    """
    place = address(source, hour)
    try:
        if _is_url(place):
            with http.stream("GET", place) as response:
                if response.status_code in _GONE:
                    raise HourMissing(hours.name(hour), place)
                if response.status_code != httpx2.codes.OK:
                    raise UpstreamUnavailable(place, f"HTTP {response.status_code}")
                yield Download(place, hour, response.iter_raw(_CHUNK_BYTES))
        else:
            path = Path(place.removeprefix("file://")).expanduser()
            if not path.parent.is_dir():
                raise UpstreamUnavailable(place, "there is no such directory")
            with path.open("rb") as file:
                yield Download(place, hour, iter(lambda: file.read(_CHUNK_BYTES), b""))
    except FileNotFoundError as error:
        raise HourMissing(hours.name(hour), place) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise UpstreamUnavailable(place, first_line(error)) from error


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))
