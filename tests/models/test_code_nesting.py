"""Blocks within blocks, and nothing else, are nesting."""

import ast
import re

import pytest

from gitinsight.code.facts import Source
from models.code_measures import measure
from models.code_nesting import _BLOCKS

FLAT = "if (a && b) return 1; x = a ? b : c; if (d) { e(); } else if (f) { g(); } " * 5


def nesting(name: str, text: str) -> dict[str, int]:
    return {one.name: one.nesting for one in measure(Source(name, text)).functions}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.c", f"int f(int a) {{ {FLAT} }}"),
        ("a.java", f"class A {{ int f(int a) {{ {FLAT} }} }}"),
        ("a.ts", f"function f(a: number): number {{ {FLAT} }}"),
        ("a.go", "package a\nfunc f(a int) int {" + "if a > 1 && b {\nc()\n}\n" * 5 + "}"),
        ("a.rb", "def f(a)\n" + "if a && b\nc\nend\nreturn 1 if b\n" * 5 + "end"),
        ("a.lua", "function f(a)\n" + "if a and b then\nc()\nend\n" * 5 + "end"),
        ("a.py", "def f(a):\n" + "  if a and b:\n    c = 1 if d else 2\n  elif e: g()\n" * 5),
    ],
)
def test_what_stands_after_each_other_is_not_nested(name: str, text: str) -> None:
    assert [depth for one, depth in nesting(name, text).items() if one[-1] == "f"] == [1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.java", """class A { void f() { for (int i=0; i<1; i++) { try { if (a) { b(); } }
                   catch (E e) { c(); } } } }"""),
        ("a.go", """package a\nfunc f() { for i := 0; i < 3; i++ { switch x { case 1:
                 if y := z(); y { z() } } } }"""),
        ("a.rs", "fn f() { while a { match b { 1 => 2, _ => { if c { d() } } } } }"),
        ("a.js", "function f() { if (a) { b({x: {y: 1}}); for (;;) { while (c) { d() } } } }"),
        ("a.lua", "function f()\nif a then\nfor i = 1, 2 do\nwhile b do\nc()\nend\nend\nend\nend"),
        ("a.rb", """def f\n  unless a\n    while b\n      if c\n        d\n      end\n    end
                 end\nend"""),
        ("a.py", """async def f():\n  for a in b:\n    async with c:\n      match d:
                    case 1: e()\n"""),
    ],
)  # fmt: skip
def test_each_block_within_another_is_one_deeper(name: str, text: str) -> None:
    assert [depth for one, depth in nesting(name, text).items() if one[-1] == "f"] == [3]


def test_a_function_within_another_is_measured_by_itself() -> None:
    python = "def f():\n  if a:\n    if b:\n      def g():\n        while c: d()\n"
    script = "function f() { if (a) { if (b) { function g() { while (c) { d() } } } } }"

    assert nesting("a.py", python) == {"f": 2, "f.g": 1}
    assert nesting("a.js", script) == {"f": 2, "g": 1}


def test_what_python_cannot_parse_has_no_nesting() -> None:
    assert nesting("a.py", "def f():\n  if a:\n    print 'two'\n") == {"f": 0}


def test_whatever_holds_a_statement_is_looked_into() -> None:
    """As Python tells of its own tree: a later version may have another place for them."""
    told = " ".join(one.__doc__ or "" for one in vars(ast).values() if isinstance(one, type))

    assert set(re.findall(r"\b(?:stmt|excepthandler|match_case)\* (\w+)", told)) == set(_BLOCKS)
