"""Charts: quick with many points, odd days marked, and images that can be kept."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from gitinsight.clock import now
from tests.support.browser import page_of, settle
from tests.support.waiting import wait_for
from tests.web.conftest import Site
from warehouse.engine import driver

LONG = 900
DAYS = 10_000
FRAMES_PER_SECOND = 50
ODD = {"person": "someone-odd", "tag": "v9.9.9"}
PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
_RECORD = """() => {
    window.times = [];
    let last = performance.now();
    const step = (now) => {
        if (!window.times) return;
        window.times.push(now - last);
        last = now;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}"""
_RECORDED = "() => { const found = window.times; window.times = null; return found; }"
_WHEELS = 30


@pytest.fixture(scope="module", autouse=True)
def odd_and_long(site: Site) -> None:
    """An odd day with somebody and a release, and a repository with 27 years of days."""
    with site.warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "insert into insights.anomalies (repository_id, metric, first_day, days_count,"
            " observed_count, expected_count, surprise_score, quiet_days_count, top_persons,"
            " releases, as_of, definition, job_id) select repository_id, 'commits', max(day), 1,"
            " 41, 2.5, 9, 0, jsonb_build_array(jsonb_build_object('person', %s::text, 'count',"
            " 40)), jsonb_build_array(%s::text), now(), 'anomalies@1', gen_random_uuid()"
            " from marts.daily_activity where repository_id = %s and commits_count > 0"
            " group by repository_id",
            (ODD["person"], ODD["tag"], site.repository),
        )
        raw.execute(
            "insert into ops.repositories (repository_id, host, full_name, clone_url, state,"
            " added_at) values (%s, 'https://long.test', 'long/one', 'https://long.test/1',"
            " 'active', %s)",
            (LONG, now()),
        )
        raw.execute(
            "insert into marts.daily_activity select (jsonb_populate_record(one,"
            " jsonb_build_object('repository_id', %s::bigint, 'day', date '1999-01-01' + n,"
            " 'commits_count', (n * 7919) %% 97, 'lines_added_count', (n * 10473) %% 997,"
            " 'lines_deleted_count', (n * 12989) %% 499))).* from"
            " marts.daily_activity as one, generate_series(1, %s) as n where repository_id = %s"
            " and day = (select max(day) from marts.daily_activity where repository_id = %s)",
            (LONG, DAYS, site.repository, site.repository),
        )


def figure(page: Any, title: str) -> Any:
    found = page.get_by_role("figure", name=title, exact=True).first
    found.scroll_into_view_if_needed()
    found.locator("canvas").first.wait_for()
    return found


def frames(page: Any, work: Callable[[], None]) -> list[float]:
    """How long each frame took, in milliseconds, while ``work`` went on."""
    page.evaluate(_RECORD)
    work()
    found: list[float] = page.evaluate(_RECORDED)
    return found[1:]


def zoomed(page: Any, title: str) -> tuple[list[float], list[float]]:
    """Frames of a page that is left alone, and of one whose chart is zoomed in and out."""
    canvas = figure(page, title).locator("canvas").first
    drawn = canvas.evaluate("one => one.toDataURL()")
    idle = frames(page, lambda: page.wait_for_timeout(700))
    canvas.hover()
    page.keyboard.down("Control")

    def zoom() -> None:
        for turn in range(_WHEELS):
            page.mouse.wheel(0, -120 if turn < _WHEELS // 2 else 60)
            page.wait_for_timeout(16)

    during = frames(page, zoom)
    page.keyboard.up("Control")
    page.wait_for_timeout(300)
    assert canvas.evaluate("one => one.toDataURL()") != drawn
    return idle, during


@pytest.mark.parametrize("title", ["Commits", "Lines of code"])
def test_ten_thousand_days_are_zoomed_as_smoothly_as_nothing_is_done(
    browser: Any, site: Site, title: str
) -> None:
    """Beside an idle page: how long a frame takes is the machine's as well, and it is shared."""
    points = site.api.get(f"/api/v1/repositories/{LONG}/metrics/commits_count?every=day").json()
    with page_of(browser, site.url) as page:
        page.goto(f"/repositories/{LONG}?every=day")
        idle, during = zoomed(page, title)

    assert len(points["data"]) == DAYS
    assert median(during) < max(2 * median(idle), 1000 / FRAMES_PER_SECOND)


@pytest.mark.slow
@pytest.mark.parametrize("title", ["Commits", "Lines of code"])
def test_a_zoom_of_ten_thousand_days_has_fifty_frames_a_second(
    browser: Any, site: Site, title: str
) -> None:
    """The best of three: other work keeps the machine busy."""
    found = []
    for _ in range(3):
        with page_of(browser, site.url) as page:
            page.goto(f"/repositories/{LONG}?every=day")
            _, during = zoomed(page, title)
            found.append(1000 / median(during))

    assert max(found) > FRAMES_PER_SECOND, found


def image(page: Any, title: str, kind: str) -> bytes:
    """What the browser keeps when it is asked for the chart as a file."""
    page.get_by_role("button", name=f"About {title}", exact=True).click()
    with page.expect_download() as taken:
        page.get_by_role("dialog").get_by_role("button", name=kind, exact=False).click()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert taken.value.suggested_filename == f"{title.lower().replace(' ', '-')}.{kind.lower()}"
    found: bytes = taken.value.path().read_bytes()
    return found


@pytest.mark.parametrize("title", ["Commits", "Who reviews whom"])
def test_a_chart_is_kept_as_an_image(browser: Any, site: Site, title: str) -> None:
    with page_of(browser, site.url) as page:
        page.goto(f"/repositories/{site.repository}")
        settle(page)
        chart = figure(page, title).locator(".chart")
        sides = chart.evaluate("one => [one.clientWidth, one.clientHeight]")
        png = image(page, title, "PNG")
        svg = ET.fromstring(image(page, title, "SVG"))  # noqa: S314 - the page's own

    assert png.startswith(PNG)
    size = [int.from_bytes(png[start : start + 4], "big") for start in (16, 20)]
    assert size == [2 * side for side in sides]
    assert svg.tag == f"{_SVG}svg"
    assert len(list(svg.iter(f"{_SVG}path"))) > 5
    assert len(list(svg.iter(f"{_SVG}text"))) > 3


def test_what_is_compared_is_kept_as_an_image(browser: Any, site: Site) -> None:
    with page_of(browser, site.url) as page:
        page.goto(f"/compare?repository={site.repository}&metric=commits")
        page.locator("canvas").first.wait_for()
        with page.expect_download() as taken:
            page.get_by_role("button", name="Commits as a PNG").click()
        found = taken.value.path().read_bytes()

    assert found.startswith(PNG)


def test_odd_days_are_marked_and_say_why(browser: Any, site: Site) -> None:
    """The ring is where the image has it; whoever points at it reads what was odd."""
    (odd,) = [
        one
        for one in site.api.get(f"/api/v1/repositories/{site.repository}/anomalies").json()["data"]
        if one["top_persons"] == [{"person": ODD["person"], "count": 40}]
    ]
    with page_of(browser, site.url) as page:
        page.goto(f"/repositories/{site.repository}?every=day&from={odd['first_day']}")
        chart = figure(page, "Commits").locator(".chart")
        svg = ET.fromstring(image(page, "Commits", "SVG"))  # noqa: S314 - the page's own
        box = chart.bounding_box()
        places = [one.get("transform", "") for one in svg.iter(f"{_SVG}path")]
        (ring,) = [one for one in places if one.startswith("matrix(5.5")]
        x, y = [float(one) for one in ring.strip("matrix()").split(",")][-2:]
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.move(box["x"] + x + 1, box["y"] + y)
        wait_for(lambda: ODD["person"] in chart.inner_text())
        said = chart.inner_text()

    assert "41, expected 2.5" in said
    assert ODD["tag"] in said
