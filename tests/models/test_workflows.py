"""Where strangers may run what they like is found, and what is safe is not."""

import pytest

from models.workflows import findings, is_workflow

SHA = "a" * 40


def workflow(step: str, on: str = "pull_request_target", more: str = "") -> str:
    return f"name: x\non: {on}\n{more}jobs:\n  test:\n    steps:\n      - {step}\n"


def rules(text: str) -> list[tuple[str, int]]:
    return [(one.rule, one.line) for one in findings(text)]


CHECKOUT = f"uses: actions/checkout@{SHA}\n        with:\n          "


@pytest.mark.parametrize("on", ["pull_request_target", "[push, workflow_run]",
                                "{pull_request_target: {types: [opened]}}"])  # fmt: skip
@pytest.mark.parametrize(
    "given",
    ["ref: ${{ github.event.pull_request.head.sha }}", "repository: ${{ github.head_ref }}",
     "ref: refs/pull/${{ github.event.number }}/merge"],
)  # fmt: skip
def test_code_of_strangers_beside_secrets_is_dangerous(on: str, given: str) -> None:
    assert rules(workflow(CHECKOUT + given, on)) == [("dangerous-checkout", 6)]


@pytest.mark.parametrize(
    "text",
    [
        workflow(CHECKOUT + "ref: ${{ github.event.pull_request.head.sha }}", "pull_request"),
        workflow(CHECKOUT + "ref: main"),
        workflow(f"uses: actions/checkout@{SHA}"),
        workflow("run: echo ${{ github.event.number }} ${{ secrets.TOKEN }}"),
        workflow("uses: ./here"),
        workflow("run: echo", more="permissions: read-all\n"),
    ],
)
def test_what_is_safe_is_not_found(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    "expression",
    ["github.event.issue.title", "github.head_ref", "toJSON(github.event.comment.body)",
     "github.event.pull_request.head.ref", "github.event.commits[0].message"],
)  # fmt: skip
@pytest.mark.parametrize(
    "step",
    ["run: echo ${{ EXPR }}", f"uses: a/b@{SHA}\n        with: {{script: 'f(${{{{ EXPR }}}})'}}"],
)
def test_words_of_strangers_in_a_script_are_dangerous(step: str, expression: str) -> None:
    (found,) = findings(workflow(step.replace("EXPR", expression), "push"))

    assert (found.rule, found.severity) == ("script-injection", "high")
    assert "github." in found.reason


def test_what_may_change_and_what_may_write_all_is_told() -> None:
    text = workflow("uses: actions/setup-python@v5", more="permissions: write-all\n")

    assert rules(text) == [("write-all-permissions", 3), ("unpinned-action", 7)]


@pytest.mark.parametrize(
    "text",
    ["", "- a", "on: [", "jobs: {a: {steps: {}}}", "jobs: 1", "[" * 20_000, "a: &a [*a]",
     "x" * 200_001, "on: push\njobs: {a: {steps: [1, null, [2]]}}"],
)  # fmt: skip
def test_what_is_no_workflow_has_nothing(text: str) -> None:
    assert rules(text) == []


def test_a_workflow_is_told_by_its_path() -> None:
    assert is_workflow(".github/workflows/ci.yml")
    assert not is_workflow("docs/.github/workflows/ci.yml")
    assert not is_workflow(".github/workflows/deep/ci.yml")
