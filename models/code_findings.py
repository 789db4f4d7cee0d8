"""What to look at in code, why, and what to do about it: of functions in every language, by what
lizard measures, and of Python by what ruff says beyond that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gitinsight.code.facts import Finding, Function, Measured, Severity

DEFINITION = "code-findings@1"
"""Which rules there are, those of workflows and secrets among them."""
COMPLEX_CCN, VERY_COMPLEX_CCN, LONG_NLOC, DEEP_NESTING, MANY_PARAMETERS = 10, 25, 60, 4, 6

_GRAVE = """
    S102 S202 S301 S302 S307 S312 S321 S323 S324 S501 S502 S503 S504 S505 S506 S507 S508 S509 S602
    S604 S605 S608 S609 S611 S612 S701 S702 F821 F822 F823 PLE0100 invalid-syntax
"""
_HIGH = frozenset(_GRAVE.split())
_MEDIUM = ("S", "B", "F", "PLE", "E9")
_LOW = frozenset({"S101", "S311", "S404", "S603", "S607", "F401", "F841", "B007", "B905"})
_ACTIONS = {
    "S101": "Raise an error of its own: assertions are gone where Python optimises.",
    "S102": "Call what is wanted directly instead of running text as code.",
    "S108": "Ask the module tempfile for a place that nobody else can guess.",
    "S110": "Name the error that is expected, and say in the log when it comes.",
    "S112": "Name the error that is expected, and say in the log when it comes.",
    "S113": "Give the request a timeout.",
    "S202": "Extract member by member, or with filter='data'.",
    "S301": "Use JSON or another format that runs nothing when it is read.",
    "S307": "Use ast.literal_eval, or parse what is expected.",
    "S311": "Use the module secrets where somebody gains by guessing.",
    "S324": "Use SHA-256, or say usedforsecurity=False where it protects nothing.",
    "S501": "Verify certificates; trust a private authority by its file.",
    "S506": "Use yaml.safe_load.",
    "S602": "Give the command as a list, without a shell.",
    "S603": "See that no part of the command comes from outside unchecked.",
    "S605": "Use subprocess with a list of arguments.",
    "S607": "Name the program by its full path where others may write to PATH.",
    "S608": "Give values as parameters of the query.",
    "S701": "Switch autoescape on.",
    "B006": "Default to None, and make the value in the function.",
    "B008": "Default to None, and call in the function.",
    "B904": "Raise it from the error that caused it, or from None.",
    "F401": "Remove the import.",
    "F811": "Rename or remove one of the two.",
    "F821": "Define or import the name.",
    "F841": "Remove the variable, or use it.",
    "invalid-syntax": "Mend the syntax; nothing else was checked here.",
}


def all_of(one: Measured, said: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """What is found in one text, from its beginning."""
    return sorted(
        (*of_functions(one.functions), *one.findings, *of_ruff(said)),
        key=lambda found: (found.line, found.rule),
    )


def of_functions(functions: Iterable[Function]) -> Iterator[Finding]:
    for one in functions:
        name, line = one.name, one.first_line
        if one.ccn > COMPLEX_CCN:
            yield Finding(
                line,
                "complex-function",
                "medium" if one.ccn > VERY_COMPLEX_CCN else "low",
                f"{name} has {one.ccn} paths through it; {COMPLEX_CCN} are easy to follow and test",
                "Move branches into functions of their own, or decide by a table.",
            )
        if one.nloc > LONG_NLOC:
            yield Finding(
                line,
                "long-function",
                "low",
                f"{name} has {one.nloc} lines of code",
                "Split it where it begins to do another thing.",
            )
        if one.nesting >= DEEP_NESTING:
            yield Finding(
                line,
                "deep-nesting",
                "low",
                f"{name} nests {one.nesting} levels deep",
                "Return early, or move the inner block into a function.",
            )
        if one.parameters_count > MANY_PARAMETERS:
            yield Finding(
                line, "many-parameters", "low", f"{name} takes {one.parameters_count} parameters",
                "Put those that belong together into one value.",
            )  # fmt: skip


def is_over(one: Function) -> bool:
    """Whether something is found of it."""
    return next(of_functions([one]), None) is not None


def of_ruff(said: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """From what ruff writes as JSON."""
    for one in said:
        rule = one["code"] or "invalid-syntax"
        fix = one["fix"] or {}
        action = _ACTIONS.get(rule) or fix.get("message") or "See the page of the rule."
        yield Finding(
            one["location"]["row"], rule, severity_of(rule), one["message"], action, one["url"]
        )


def severity_of(rule: str) -> Severity:
    if rule in _HIGH:
        return "high"
    is_style = rule in _LOW or not rule.startswith(_MEDIUM) or rule.startswith("SIM")
    return "low" if is_style else "medium"
