"""What is dangerous in a workflow of GitHub Actions: where what strangers write is run.

The rules are those of OpenSSF Scorecard's Dangerous-Workflow, Token-Permissions and
Pinned-Dependencies, as far as one file tells.
"""

import re
from collections.abc import Iterator

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from gitinsight.code.facts import Finding

DANGEROUS = frozenset({"dangerous-checkout", "script-injection"})
_PATH = re.compile(r"^\.github/workflows/[^/]+\.ya?ml$")
_MAX_CHARACTERS = 200_000
_PRIVILEGED = frozenset({"pull_request_target", "workflow_run"})
_STRANGERS_CODE = re.compile(
    r"github\.event\.pull_request\.(head|number|merge_commit_sha)|github\.head_ref"
    r"|github\.event\.workflow_run\.(head|pull_requests)|refs/pull/"
)
_STRANGERS_WORDS = re.compile(
    r"\$\{\{[^}]{0,500}github\.(head_ref|event\.("
    r"(issue|pull_request|discussion)\.(title|body)|(comment|review|review_comment)\.body"
    r"|pull_request\.head\.(ref|label|repo\.default_branch)|head_commit\.(message|author)"
    r"|commits|pages|workflow_run\.(head_branch|head_commit|display_title)))"
)
_PINNED = re.compile(r"^\./|@[0-9a-f]{40}$|@sha256:[0-9a-f]{64}$")


def is_workflow(path: str) -> bool:
    return _PATH.match(path) is not None


def findings(text: str) -> Iterator[Finding]:
    """Nothing of what is no YAML, or nests too deeply to be a workflow."""
    if len(text) > _MAX_CHARACTERS:
        return
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    is_privileged = bool(_PRIVILEGED & _names(_get(root, "on")))
    yield from _permissions(root)
    for job in _values(_get(root, "jobs")):
        yield from _permissions(job)
        for step in _items(_get(job, "steps")):
            yield from _step(step, is_privileged=is_privileged)


def _step(step: Node, *, is_privileged: bool) -> Iterator[Finding]:
    given, uses = _get(step, "with"), _get(step, "uses")
    action = _text(uses)
    if is_privileged and action.startswith("actions/checkout@"):
        for name in ("ref", "repository"):
            if _STRANGERS_CODE.search(_text(_get(given, name))):
                yield Finding(
                    _line(uses), "dangerous-checkout", "high",
                    "code of a pull request is checked out where secrets and a token that writes"
                    " are at hand",
                    "Run it on pull_request, or do not run what was checked out.",
                )  # fmt: skip
                break
    for node in (_get(step, "run"), _get(given, "script")):
        if found := _STRANGERS_WORDS.search(_text(node)):
            words = found[0].removeprefix("${{").strip()
            yield Finding(
                _line(node), "script-injection", "high",
                f"what strangers write becomes part of the script: {words}",
                "Give it as a variable of the environment, and quote that in the script.",
            )  # fmt: skip
    if action and not _PINNED.search(action):
        yield Finding(
            _line(uses), "unpinned-action", "low", f"{action} may be another one tomorrow",
            "Name it by the SHA of a commit.",
        )  # fmt: skip


def _permissions(node: Node | None) -> Iterator[Finding]:
    said = _get(node, "permissions")
    if _text(said) == "write-all":
        yield Finding(
            _line(said), "write-all-permissions", "medium", "the token may write everything",
            "Name the permissions that it needs.",
        )  # fmt: skip


def _get(node: Node | None, name: str) -> Node | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == name:
                found: Node = value
                return found
    return None


def _values(node: Node | None) -> list[Node]:
    return [value for _, value in node.value] if isinstance(node, MappingNode) else []


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, SequenceNode) else []


def _names(node: Node | None) -> set[str]:
    """Of what triggers it: one name, several, or names with what else is said of them."""
    if isinstance(node, MappingNode):
        return {key.value for key, _ in node.value if isinstance(key, ScalarNode)}
    return {_text(node), *map(_text, _items(node))}


def _text(node: Node | None) -> str:
    return str(node.value) if isinstance(node, ScalarNode) else ""


def _line(node: Node | None) -> int:
    return int(node.start_mark.line) + 1 if node is not None else 1
