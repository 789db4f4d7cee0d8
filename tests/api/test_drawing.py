"""Badges and charts: whole XML, nothing of 0 where nothing is known, and nobody's markup."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from api import drawing

EVIL = '"><script>alert(1)</script>&'
SVG = "{http://www.w3.org/2000/svg}"
DAYS = [date(2026, 1, one) for one in range(1, 8)]


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - ours


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "count", "unknown"), (0.0, "count", "0"), (12_345.0, "count", "12.3k"),
        (2e6, "count", "2M"), (0.5, "count", "0.5"), (0.873, "ratio", "87%"),
        (0.996, "ratio", ">99%"), (1.0, "ratio", "100%"), (0.004, "ratio", "<1%"),
        (0.0, "ratio", "0%"),
        (999.0, "count", "999"), (999_949.0, "count", "999.9k"), (999_950.0, "count", "1M"),
        (-999_950.0, "count", "-1M"), (999_950_000.0, "count", "1G"), (2e12, "count", "2000G"),
        (0.02, "hours", "1 min"), (3.2, "hours", "3.2 h"),
        (120.0, "hours", "5.0 d"), (17.0, "days", "17 d"),
    ],
)  # fmt: skip
def test_a_value_is_told_for_people(value: float | None, unit: str, text: str) -> None:
    assert drawing.told(value, unit) == text


def test_a_badge_escapes_all_that_is_not_ours() -> None:
    found = parsed(drawing.badge(EVIL, EVIL, drawing.BLUE))

    assert [one.text for one in found.iter(f"{SVG}text")] == [EVIL, EVIL]
    assert list(found.iter(f"{SVG}script")) == []
    assert found.get("aria-label") == f"{EVIL}: {EVIL}"


def test_a_longer_word_has_a_wider_badge() -> None:
    widths = [
        int(parsed(drawing.badge("health", word, drawing.BLUE)).get("width") or 0)
        for word in ("1", "12345", "a very long message")
    ]

    assert widths == sorted(set(widths))


def test_a_line_breaks_where_nothing_is_known() -> None:
    values = [1.0, 2.0, None, 5.0, None, 3.0, 4.0]
    found = parsed(
        drawing.chart(list(zip(DAYS, values, strict=True)), title="t", note="n", theme="light")
    )

    [line] = [one for one in found.iter(f"{SVG}path") if one.get("fill") == "none"]
    assert (line.get("d") or "").count("M") == 3
    assert (line.get("d") or "").count("L") == 2
    assert len(list(found.iter(f"{SVG}circle"))) == 1  # the 5 alone would be no line


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("values", [[], [None], [7.0], [0.0, 0.0], [-3.0, 12_000.0, 0.001]])
def test_whatever_the_values_it_is_an_image(
    values: list[float | None], theme: drawing.Theme
) -> None:
    points = list(zip(DAYS, values, strict=False))
    found = parsed(drawing.chart(points, title=EVIL, note=EVIL, theme=theme))

    texts = [one.text or "" for one in found.iter(f"{SVG}text")]
    assert texts[0] == EVIL
    assert any("nothing is known" in one for one in texts) == (
        not any(v is not None for v in values)
    )
    for one in found.iter(f"{SVG}text"):
        assert 0 <= float(one.get("x") or 0) <= 720
        assert 0 <= float(one.get("y") or 0) <= 300
