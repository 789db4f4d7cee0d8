"""Badges and charts as SVG, made of plain words and numbers: no styles, scripts or fonts of others,
so that an image may stand in any page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

Theme = Literal["light", "dark"]
UNKNOWN = "unknown"
GREY, BLUE, GREEN, AMBER, RED = "#57606a", "#0969da", "#1a7f37", "#8a5a00", "#b3261e"
"""White on each of them is read by everybody: a contrast of 4.5 at least."""
_FONT = 'font-family="Verdana,DejaVu Sans,Geneva,sans-serif"'
_HALF_DAYS = 48
_THOUSAND = 1000
_LETTERS = {**dict.fromkeys("iljI.,:;|!' ", 4.0), **dict.fromkeys("mwMW@%", 10.5)}
_LETTER = 6.9
_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 48, 56
_STEPS = 4


@dataclass(frozen=True, slots=True)
class _Colours:
    ground: str
    ink: str
    faint: str
    rule: str
    line: str


_THEMES: dict[Theme, _Colours] = {
    "light": _Colours("#ffffff", "#1f2328", "#59636e", "#d1d9e0", "#0969da"),
    "dark": _Colours("#0d1117", "#f0f6fc", "#9198a1", "#3d444d", "#58a6ff"),
}


def told(value: float | None, unit: str) -> str:
    """A value for people; what is not known is no 0."""
    if value is None:
        return UNKNOWN
    if unit == "ratio":
        return _percent(value)
    if unit == "hours" and abs(value) < 1:
        return f"{value * 60:.0f} min"
    if unit == "hours":
        return f"{value / 24:.1f} d" if abs(value) >= _HALF_DAYS else f"{value:.1f} h"
    if unit == "days":
        return f"{value:.0f} d"
    return short(value)


def short(value: float) -> str:
    """What would round to 1000 of one letter is 1 of the next."""
    text, letter = f"{value:.2f}", ""
    for larger in "kMG":
        if abs(float(text)) < _THOUSAND:
            break
        value /= _THOUSAND
        text, letter = f"{value:.1f}", larger
    return text.rstrip("0").rstrip(".") + letter


def _percent(value: float) -> str:
    """What is not all is not 100%, and what is something is not 0%."""
    text = f"{value * 100:.0f}%"
    if text == "100%" and value < 1:
        return ">99%"
    return "<1%" if text == "0%" and value > 0 else text


def badge(label: str, message: str, colour: str) -> str:
    left, right = _width(label) + 12, _width(message) + 12
    name = quoteattr(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f" aria-label={name}><title>{escape(f'{label}: {message}')}</title>"
        f'<rect width="{left + 8}" height="20" rx="3" fill="#24292f"/>'
        f'<rect x="{left}" width="{right}" height="20" rx="3" fill="{colour}"/>'
        f'<rect x="{left}" width="4" height="20" fill="{colour}"/>'
        f'<g fill="#fff" {_FONT} font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(message)}</text></g></svg>'
    )


def chart(
    points: Sequence[tuple[date, float | None]], *, title: str, note: str, theme: Theme
) -> str:
    """A line that is broken where a value is not known."""
    colours = _THEMES[theme]
    known = [value for _, value in points if value is not None]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label={quoteattr(title)}>'
        f"<title>{escape(title)}</title><desc>{escape(note)}</desc>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{colours.ground}"/>'
        f'<g {_FONT} font-size="12">'
        f'<text x="20" y="28" font-size="15" fill="{colours.ink}">{escape(title)}</text>'
        f'<text x="20" y="{_HEIGHT - 12}" fill="{colours.faint}">{escape(note)}</text>'
    )
    if known:
        plot = _plot(points, scale=_Scale.of(known), colours=colours)
    else:
        nothing = (
            f'<text x="{_WIDTH // 2}" y="{_HEIGHT // 2}" text-anchor="middle"'
            f' fill="{colours.faint}">nothing is known of this time</text>'
        )
        plot = [nothing]
    return "".join([head, *plot, "</g></svg>"])


@dataclass(frozen=True, slots=True)
class _Scale:
    """Round numbers at its rules, from 0 unless something is below."""

    least: float
    step: float
    steps: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "_Scale":
        low, high = min(0.0, *values), max(0.0, *values)
        rough = (high - low or 1.0) / _STEPS
        size = 10 ** floor(log10(rough))
        step = next(size * one for one in (1, 2, 2.5, 5, 10) if size * one >= rough)
        least = floor(low / step) * step
        return cls(least, step, max(1, ceil((high - least) / step)))

    def y(self, value: float) -> float:
        height = _HEIGHT - _TOP - _BOTTOM
        return _HEIGHT - _BOTTOM - height * (value - self.least) / (self.step * self.steps)


def _plot(
    points: Sequence[tuple[date, float | None]], *, scale: _Scale, colours: _Colours
) -> list[str]:
    parts = []
    for number in range(scale.steps + 1):
        value = scale.least + number * scale.step
        y = scale.y(value)
        parts.append(
            f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{colours.rule}"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{colours.faint}">'
            f"{short(value)}</text>"
        )
    first, last = points[0][0].toordinal(), points[-1][0].toordinal()
    span = (last - first) or 1
    width = _WIDTH - _LEFT - _RIGHT
    days = {len(points) // 2: "middle", len(points) - 1: "end", 0: "start"}  # the ends win
    for at, anchor in days.items():
        x = _LEFT + width * (points[at][0].toordinal() - first) / span
        parts.append(
            f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="{anchor}"'
            f' fill="{colours.faint}">{points[at][0].isoformat()}</text>'
        )
    path, is_broken, lonely = [], True, []
    for at, (day, known) in enumerate(points):
        if known is None:
            is_broken = True
            continue
        x, y = _LEFT + width * (day.toordinal() - first) / span, scale.y(known)
        path.append(f"{'M' if is_broken else 'L'}{x:.1f} {y:.1f}")
        if is_broken and (at + 1 == len(points) or points[at + 1][1] is None):
            lonely.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colours.line}"/>')
        is_broken = False
    line = f'<path d="{"".join(path)}" fill="none" stroke="{colours.line}" stroke-width="2"/>'
    return [*parts, line, *lonely]


def _width(text: str) -> int:
    return round(sum(_LETTERS.get(letter, _LETTER) for letter in text))
