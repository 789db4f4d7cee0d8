"""Each finding says where, why and what to do."""

import pytest

from gitinsight.code.facts import Function
from models.code_findings import of_functions, of_ruff, severity_of


def test_a_function_within_its_bounds_is_not_found() -> None:
    assert list(of_functions([Function("f", 1, 80, 60, 10, 6, 3)])) == []


def test_each_bound_has_its_finding() -> None:
    found = list(of_functions([Function("f", 7, 99, 61, 26, 7, 4)]))

    assert [one.rule for one in found] == [
        "complex-function", "long-function", "deep-nesting", "many-parameters",
    ]  # fmt: skip
    assert [one.severity for one in found] == ["medium", "low", "low", "low"]
    assert {one.line for one in found} == {7}
    assert all(one.reason.startswith("f ") and one.action for one in found)


def test_what_ruff_says_comes_with_what_to_do() -> None:
    def said(code: str | None, fix: str | None = None) -> dict[str, object]:
        return {"code": code, "location": {"row": 3, "column": 1}, "message": "m", "url": "u",
                "fix": fix and {"message": fix}}  # fmt: skip

    shell, fixed, broken, other = of_ruff(
        [said("S602"), said("SIM102", "Combine"), said(None), said("B999")]
    )

    assert (shell.rule, shell.line, shell.severity, shell.url) == ("S602", 3, "high", "u")
    assert "list" in shell.action
    assert (fixed.action, fixed.severity) == ("Combine", "low")
    assert (broken.rule, broken.severity) == ("invalid-syntax", "high")
    assert other.action == "See the page of the rule."


@pytest.mark.parametrize(
    ("rule", "severity"),
    [("S307", "high"), ("S113", "medium"), ("S101", "low"), ("F811", "medium"), ("F401", "low"),
     ("PLR1714", "low"), ("PLE0101", "medium"), ("B006", "medium"), ("SIM105", "low"),
     ("PERF401", "low")],
)  # fmt: skip
def test_rules_have_a_severity(rule: str, severity: str) -> None:
    assert severity_of(rule) == severity
