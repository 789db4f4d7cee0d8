"""What fleets would take, by arithmetic that a reader can follow."""

import json
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.scale import BEGIN, END, Fleet, Measured

ONE = Measured(
    poll_points=0.04, refresh_requests=15, refresh_core_seconds=8.64, held_bytes=5_000_000
)


def test_a_day_is_polls_and_refreshes() -> None:
    found = scale.needs(Fleet(100_000, 24, 0.1), ONE)

    assert (found.points, found.requests) == pytest.approx((96_000, 150_000))
    assert found.principals == 2, "150,000 requests of 96,000 that one gives"
    assert found.cores == pytest.approx(1.25)
    assert found.gigabytes == 500
    assert found.dollars == pytest.approx(1.25 * 24 * 0.04 + 500 * 0.10 / 30)


def test_a_small_fleet_needs_one_principal() -> None:
    assert scale.needs(Fleet(10, 1, 0.1), ONE).principals == 1


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    told = {"poll-cost": 40, "refresh-cost": 15, "refresh": 12, "held": 5}
    for name, value in told.items():
        (tmp_path / f"fleet-{name}.json").write_text(json.dumps({"value": value}))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    scale.rewrite(page, tmp_path)

    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| a day | 1,000 | 100,000 | 10,000,000 |\n")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "| API principals | 1 | 2 | 32 |" in text
    assert "old" not in text
