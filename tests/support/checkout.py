"""The files of this checkout, as tests about the project itself see them."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gitinsight", "models", "warehouse", "flows", "api")


def sources() -> list[Path]:
    """Every Python module of ours."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def suites() -> list[Path]:
    """Every module of tests, and what they stand on."""
    return sorted((ROOT / "tests").rglob("*.py"))
