"""`make docs` writes what belongs there, and nothing where a formula changed under its number."""

from pathlib import Path

import pytest

from gitinsight.metrics import __main__ as program
from tests.support.checkout import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in program.written(ROOT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    return tmp_path


def test_what_is_written_from_the_definitions_is_fresh() -> None:
    stale = [
        name for name, text in program.written(ROOT).items() if (ROOT / name).read_text() != text
    ]

    assert stale == [], "run `make docs`"


def test_everything_is_written_into_the_checkout(checkout: Path) -> None:
    assert program.main(checkout) == 0

    assert {name: (checkout / name).read_text() for name in program.written(ROOT)} == (
        program.written(ROOT)
    )


def test_a_formula_that_changed_under_its_number_stops_it(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / program.LOCK).write_text("bus-factor@1 another\n")

    assert program.main(checkout) == 1

    assert capsys.readouterr().err.startswith("the formula of bus-factor@1 is another one or gone")
    assert not (checkout / "docs/metrics.md").exists()
