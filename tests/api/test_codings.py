"""What ``Accept-Encoding`` says, by RFC 9110, and nothing where it says something else."""

import pytest

from api.codings import chosen, wanted

OFFERED = ("zstd", "gzip")


@pytest.mark.parametrize(
    ("taken", "coding"),
    [
        ("zstd", "zstd"), ("gzip", "gzip"), ("gzip, zstd", "zstd"), ("zstd, gzip", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"), ("gzip, deflate, br", "gzip"), ("GZip", "gzip"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"), ("gzip;q=0.5, zstd;q=0.5", "zstd"),
        ("zstd;q=0, gzip", "gzip"), ("zstd;q=0.000, gzip;q=0.001", "gzip"), ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "gzip"), ("*;q=0", None), ("gzip, *;q=0", "gzip"),
        ("identity, gzip;q=0.5", None), ("identity;q=0.5, gzip", "gzip"), ("identity", None),
        ("identity, gzip", "gzip"), ("identity;q=0", None), ("gzip;q=0", None), ("", None),
        ("br", None), ("gzip; q=0.5 ", "gzip"), ("gzip ;Q=0", None), ("gzip;q=2", None),
        ("gzip;q=x", None), ("gzip;q=-1", None), ("gzip;level=9", None), ("gzip;q=1;q=0", None),
        (",,gzip,", "gzip"), ("gzipped", None), ("\xe9", None), ("x-gzip", None),
    ],
    ids=repr,
)  # fmt: skip
def test_it_is_what_is_wanted_most(taken: str, coding: str | None) -> None:
    assert chosen(taken.encode("latin-1"), OFFERED) == coding


@pytest.mark.parametrize(
    ("taken", "coding"),
    [(b"gzip, zstd", "gzip"), (b"*", "gzip"), (b"zstd", None), (b"br;q=0.5, gzip;q=0.1", "gzip")],
)
def test_what_is_not_offered_is_not_chosen(taken: bytes, coding: str | None) -> None:
    assert chosen(taken, ("gzip",)) == coding
    assert chosen(taken, ()) is None


def test_what_nobody_means_is_not_read() -> None:
    assert chosen(b"gzip," * 40, OFFERED) == "gzip"
    assert chosen(b"gzip," * 41, OFFERED) is None


@pytest.mark.parametrize(
    ("lines", "coding"),
    [([b"zstd;q=0", b"gzip"], "gzip"), ([b"gzip"], "gzip"), ([], None)],
)
def test_several_lines_are_one_list(lines: list[bytes], coding: str | None) -> None:
    headers = [(b"host", b"x"), *((b"accept-encoding", one) for one in lines)]

    assert wanted({"type": "http", "headers": headers}, OFFERED) == coding
