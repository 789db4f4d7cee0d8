"""A series as an image is that of the same figures."""

import re
from xml.etree import ElementTree as ET

import httpx2

from api import raster

CHART = "/api/v1/repositories/1/charts/commits_count.svg"
PIXELS = CHART.replace(".svg", ".png")


def test_a_chart_names_its_metric_its_repository_and_its_instant(published: httpx2.Client) -> None:
    answer = published.get(CHART, params={"every": "day", "theme": "dark"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    ET.fromstring(answer.content)  # noqa: S314 - ours
    assert "Commits by day, octo/app-1" in answer.text
    assert "as of 2026-06-01 12:00 UTC" in answer.text


def test_a_chart_draws_the_points_of_the_series(published: httpx2.Client) -> None:
    wanted = {"every": "day", "to": "2026-01-06"}
    series = published.get("/api/v1/repositories/1/metrics/commits_count", params=wanted).json()
    drawn = published.get(CHART, params=wanted).text

    assert [one["value"] for one in series["data"]] == [3, 4]
    (line,) = re.findall(r'<path d="([^"]+)" fill="none"', drawn)
    assert len(re.findall("[ML]", line)) == 2


def test_who_holds_a_chart_is_told_so(published: httpx2.Client) -> None:
    etag = published.get(CHART).headers["etag"]

    assert published.get(CHART, headers={"if-none-match": etag}).status_code == 304
    assert published.get(CHART, params={"every": "day"}).headers["etag"] != etag


def test_a_chart_as_pixels_is_the_same_chart(published: httpx2.Client) -> None:
    """Whatever is asked of the one is asked of the other."""
    wanted = {"every": "day", "theme": "dark", "actors": "human", "from": "2026-01-05"}
    svg = published.get(CHART, params=wanted)
    png = published.get(PIXELS, params=wanted | {"scale": 1})
    held = published.get(
        PIXELS, params=wanted | {"scale": 1}, headers={"if-none-match": png.headers["etag"]}
    )

    assert png.headers["content-type"] == "image/png"
    assert png.headers["cache-control"] == svg.headers["cache-control"]
    assert png.content == raster.drawn(svg.content, 1)
    assert held.status_code == 304
    assert held.content == b""


def test_what_there_is_not_has_no_chart(published: httpx2.Client) -> None:
    for path, status in (
        ("/api/v1/repositories/99/charts/commits_count.svg", 404),
        ("/api/v1/repositories/1/charts/nothing.svg", 404),
        ("/api/v1/repositories/99/charts/commits_count.png", 404),
        ("/api/v1/repositories/1/charts/nothing.png", 404),
        (f"{PIXELS}?scale=4", 422),
        (f"{CHART}?theme=pink", 422),
        (f"{CHART}?from=yesterday", 422),
    ):
        answer = published.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            status, "application/problem+json",
        )  # fmt: skip
