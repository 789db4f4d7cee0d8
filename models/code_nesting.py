"""How deep the blocks of a function lie within each other: conditions, loops, and what catches.

lizard's own extension counts conditional expressions and single statements, too, and forgets to
leave them. Three families of languages are told apart here: by indentation, braces, and `end`.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

_PYTHON = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar,
    ast.Match,
)  # fmt: skip
_PYTHON_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
"""Where statements lie within a statement. Most of a tree is expressions, and none is in them."""
_WORDS = """
    if else elif elseif for foreach while do switch match when try catch finally loop guard select
    unless until using synchronized lock
"""
_CONTROL = frozenset(_WORDS.split())
_ENDED = frozenset(["if", "unless", "while", "until", "for", "case", "begin"])
_ALSO_ENDED = frozenset(["def", "class", "module", "function"])
_WITH_DO = frozenset(["while", "until", "for"])
BY_END = frozenset({"Lua", "Ruby"})
NOT_TOLD = frozenset({"Erlang", "Fortran", "GDScript", "PLSQL"})
"""Languages whose blocks are not told apart here: nesting is 0."""

Tokens = Iterator[Any]


def of_python(text: str) -> Mapping[int, int]:
    """By the line of each ``def``; nothing of what this Python cannot parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, int] = {}
    rest: list[tuple[ast.AST, int, int]] = [(tree, 0, 0)]
    while rest:  # no recursion: texts of strangers nest as deep as they like
        node, function, depth = rest.pop()
        if isinstance(node, _PYTHON_FUNCTIONS):
            function, depth = getattr(node, "lineno", 0), 0
        elif isinstance(node, _PYTHON):
            depth += 1
            found[function] = max(found.get(function, 0), depth)
        # What stands alone in an else is an elif, and no deeper.
        others = node.orelse if isinstance(node, ast.If) and len(node.orelse) == 1 else ()
        for field in _BLOCKS:
            for child in getattr(node, field, ()):
                continues = isinstance(child, ast.If) and child in others
                rest.append((child, function, depth - 1 if continues else depth))
    return found


def processor(language: str | None) -> Callable[[Tokens, Any], Tokens]:
    """What lizard's tokens pass; it leaves ``deepest`` at each function."""
    if language in NOT_TOLD or language == "Python":
        return lambda tokens, _: tokens
    if language in BY_END:
        return _by_end
    return partial(_by_braces, ends_by=None if language == "Go" else ";")


def _by_braces(tokens: Tokens, reader: Any, *, ends_by: str | None) -> Tokens:
    """A brace is a block of control where its statement began with such a word. Go has semicolons
    before the brace alone.
    """
    blocks: list[tuple[bool, int, bool]] = []
    depth = brackets = 0
    is_control = False
    for word in tokens:
        if word in _CONTROL:
            is_control = True
        elif word == "(":
            brackets += 1
        elif word == ")":
            brackets = max(0, brackets - 1)
        elif word == ends_by and not brackets:
            is_control = False
        elif word == "{":
            blocks.append((is_control, brackets, is_control and bool(brackets)))
            _note(reader, depth, depth + is_control)
            depth += is_control
            brackets, is_control = 0, False
        elif word == "}":
            was_control, brackets, is_control = blocks.pop() if blocks else (False, 0, False)
            depth -= was_control
        yield word


def _by_end(tokens: Tokens, reader: Any) -> Tokens:
    blocks: list[bool] = []
    depth = 0
    first = ""
    line = -1
    for word in tokens:
        if reader.context.current_line != line:
            line, first = reader.context.current_line, word
            opens = word in _ENDED
            is_block = opens or word in _ALSO_ENDED or word == "do"
        else:
            opens = False
            is_block = word == "function" or (word == "do" and first not in _WITH_DO)
        if word == "end":
            depth -= blocks.pop() if blocks else False
        elif is_block:
            blocks.append(opens)
            _note(reader, depth, depth + opens)
            depth += opens
        yield word


def _note(reader: Any, before: int, depth: int) -> None:
    """A function that begins within blocks of another is measured from there."""
    function = reader.context.current_function
    if not hasattr(function, "outside"):
        function.outside, function.deepest = before, 0
    function.deepest = max(function.deepest, depth - function.outside)
