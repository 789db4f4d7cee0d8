"""Data Docs are pages on disk that name each check, what it saw, and how it went."""

from pathlib import Path

from warehouse.expectations import data_docs

LOST = {
    "check_name": "volume:github_issues", "tool": "great_expectations", "severity": "block",
    "subject": "raw.github_issues", "status": "failed", "failures": 3, "observed": "7 rows",
    "expected": "at least 8 rows",
}  # fmt: skip
FINE = {
    **LOST, "check_name": "test.days_have_no_gap", "tool": "dbt", "severity": "warn",
    "status": "passed", "failures": 0, "observed": None, "expected": None,
}  # fmt: skip


def page(directory: Path, suite: str) -> str:
    (found,) = (directory / "validations" / suite).rglob("*.html")
    return found.read_text("utf-8")


def test_each_kind_of_check_has_a_page(tmp_path: Path) -> None:
    first = data_docs.write([LOST, FINE], tmp_path / "docs", title="octo/app")

    index = first.read_text("utf-8")
    assert "validations/volume/" in index
    assert "validations/dbt/" in index
    volume = page(tmp_path / "docs", "volume")
    assert "volume:github_issues" in volume
    assert "7 rows; expected: at least 8 rows" in volume
    assert "Failed" in volume
    assert "Succeeded" in page(tmp_path / "docs", "dbt")


def test_a_repository_without_checks_has_an_empty_index(tmp_path: Path) -> None:
    first = data_docs.write([], tmp_path, title="octo/app")

    assert "validations/" not in first.read_text("utf-8")
