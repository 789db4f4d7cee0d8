"""A real browser, and what is asked of every page in it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.checkout import ROOT

CHROMIUM = shutil.which("chromium")
BUILT = ROOT / "api" / "web" / "index.html"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "docs" / "images"
WIDTHS = {"wide": 1360, "phone": 390}
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_SHIFTS = """() => new Promise((told) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
    }).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => told(sum), 300);
})"""
_WEIGHT = """() => performance.getEntriesByType('resource')
    .filter((one) => new URL(one.name).pathname.endsWith('.js'))
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
_TOLD = """() => [...document.querySelectorAll('[data-from]')].map((one) => ({
    from: one.dataset.from, value: one.dataset.value, text: one.textContent.trim(),
}))"""

_SHOWN = ("Failed to load resource", "Not found: /")


@contextmanager
def browsing() -> Iterator[Any]:
    """Chromium; a test that asks for it is skipped where there is none, or nothing to look at."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not here")
    if not BUILT.exists():
        pytest.skip("the dashboard is not built here: make web")
    # Whoever has no browser need not load what drives one.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as driver:
        # Whoever is root, as in a container, has no sandbox; what is loaded is ours.
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def page_of(
    browser: Any, url: str, *, theme: str = "light", size: str = "wide", **options: Any
) -> Iterator[Any]:
    """A page of a browser that knows nothing yet; what it complains of fails the test."""
    context = browser.new_context(
        base_url=url, color_scheme=theme, locale="en-GB",
        viewport={"width": WIDTHS[size], "height": 850}, **options,
    )  # fmt: skip
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: _hear(said, complaints))
    yield page
    context.close()
    assert complaints == []


def _hear(said: Any, complaints: list[str]) -> None:
    """What is refused or not found is shown on the page, and looked at there."""
    if said.type == "error" and not any(one in said.text for one in _SHOWN):
        complaints.append(said.text)


def settle(page: Any) -> None:
    """Until nothing is asked any more, and every section has been near."""
    page.wait_for_load_state("networkidle")
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 600):
        page.evaluate(f"window.scrollTo(0, {top})")
        page.wait_for_timeout(60)
    page.wait_for_load_state("networkidle")
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(100)


def violations(page: Any) -> list[str]:
    """What axe finds: rule, and where."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: make web")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("(tags) => axe.run(document, { runOnly: tags })", _WCAG)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def shifted(page: Any) -> float:
    found: float = page.evaluate(_SHIFTS)
    return found


def script_bytes(page: Any) -> int:
    """As they came over the wire."""
    found: int = page.evaluate(_WEIGHT)
    return found


def wrong_numbers(page: Any, api: httpx2.Client) -> tuple[int, list[str]]:
    """How many numbers the page shows, and those that the API does not say where it was read."""
    answers: dict[str, Any] = {}
    wrong = []
    told = page.evaluate(_TOLD)
    for one in told:
        address, _, place = one["from"].partition("#")
        if address not in answers:
            answers[address] = api.get(address).raise_for_status().json()
        said = answers[address]
        for step in place.split("."):
            said = said[int(step)] if isinstance(said, list) else said[step]
        is_same = json.loads(one["value"]) == said
        if not is_same or (said is None) != (one["text"] == "unknown"):
            wrong.append(f"{one['from']}: {one['text']} ({one['value']}) is {said}")
    return len(told), wrong


def picture(page: Any, name: str, *, theme: str, size: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    words = [name, *([theme] if theme != "light" else []), *([size] if size != "wide" else [])]
    page.screenshot(path=Path(PICTURES / f"{'-'.join(words)}.png"))
