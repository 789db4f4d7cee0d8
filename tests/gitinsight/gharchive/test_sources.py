"""Sources: mirrors over real HTTP, directories, files; and what they do not have."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gitinsight.errors import HourMissing, TransientError, UpstreamUnavailable
from gitinsight.gharchive import sources
from gitinsight.gharchive.sources import address, opened
from tests.support.gharchive import HOUR, put
from tests.support.upstream import Reply, Upstream

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with sources.client(timeout_seconds=2) as client:
        yield client


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://h/{hour}.json.gz", "https://h/2024-01-15-0.json.gz"),
        ("https://h/a/", "https://h/a/2024-01-15-0.json.gz"),
        ("/data", "/data/2024-01-15-0.json.gz"),
        ("/data/{hour}.gz", "/data/2024-01-15-0.gz"),
        ("/data/2024-01-15-0.json.gz", "/data/2024-01-15-0.json.gz"),
        ("/data/2020-01-01-5.json.gz", "/data/2024-01-15-0.json.gz"),
    ],
)
def test_a_source_is_a_template_a_place_or_a_file(source: str, expected: str) -> None:
    assert address(source, HOUR) == expected


def test_an_hour_comes_over_http_byte_for_byte(http: httpx2.Client, upstream: Upstream) -> None:
    # A server that labels the file as compressed on the way must not have it unpacked.
    upstream.replies = [Reply(body=CONTENT, headers={"content-encoding": "gzip"})]

    with opened(f"{upstream.url}/{{hour}}.json.gz", HOUR, http) as download:
        content = b"".join(download)

    assert content == CONTENT
    assert upstream.asked[0].path == "/2024-01-15-0.json.gz"
    assert download.size_bytes == len(CONTENT)
    assert download.sha256 == hashlib.sha256(CONTENT).digest()


def test_an_hour_comes_from_a_directory(http: httpx2.Client, tmp_path: Path) -> None:
    with opened(put(tmp_path, CONTENT), HOUR, http) as download:
        assert b"".join(download) == CONTENT
    with opened(f"file://{tmp_path}/{{hour}}.json.gz", HOUR, http) as download:
        assert b"".join(download) == CONTENT


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(404), HourMissing),
        (Reply(410), HourMissing),
        (Reply(200, b""), HourMissing),
        (Reply(403), UpstreamUnavailable),
        (Reply(503), UpstreamUnavailable),
        (Reply(200, CONTENT, is_cut=True), UpstreamUnavailable),
        (Reply(is_lost=True), UpstreamUnavailable),
        (Reply(302, headers={"location": "/again"}), UpstreamUnavailable),
    ],
)
def test_what_a_mirror_does_not_have_and_what_it_does_not_say_are_two_things(
    http: httpx2.Client, upstream: Upstream, reply: Reply, kind: type[TransientError]
) -> None:
    upstream.replies = [reply]

    with pytest.raises(kind), opened(upstream.url, HOUR, http) as download:
        list(download)


def test_a_directory_without_the_file_has_no_such_hour(http: httpx2.Client, tmp_path: Path) -> None:
    with pytest.raises(HourMissing), opened(str(tmp_path), HOUR, http):
        pass
    with pytest.raises(HourMissing), opened(put(tmp_path, b""), HOUR, http) as download:
        list(download)


def test_a_directory_that_is_not_there_is_no_answer(http: httpx2.Client, tmp_path: Path) -> None:
    with pytest.raises(UpstreamUnavailable, match="no such directory"):  # noqa: SIM117
        with opened(str(tmp_path / "unmounted"), HOUR, http):
            pass
