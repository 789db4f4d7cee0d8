"""Source text over HTTP: measured in another process, never run."""

import subprocess
import sys
import time
from pathlib import Path

import httpx2
import lizard
import pytest

from api.code import CHARACTERS, FILES, SHOWN

ANALYZE = "/api/v1/ai/analyze-code"
BAD = "def f(a):\n" + "".join(
    f"    if a == {one}:\n        for b in a:\n            eval(b)\n" for one in range(30)
)


def test_each_file_is_answered_with_what_was_measured(reading: httpx2.Client) -> None:
    files = [
        {"filename": "src/bad.py", "code": BAD},
        {"filename": "a.go", "code": "package a\n"},
        {"filename": "deploy.key", "code": "-----BEGIN " + "PRIVATE KEY-----\n"},
    ]
    found = reading.post(ANALYZE, json={"files": files}).json()

    bad, go, key = found["files"]
    theirs = lizard.analyze_file.analyze_source_code("bad.py", BAD)
    assert (bad["language"], bad["nloc"], bad["ccn"]) == ("Python", theirs.nloc, theirs.CCN)
    (function,) = bad["functions"]
    assert (function["name"], function["ccn"], function["nesting"]) == ("f", 61, 2)
    points = sum(one["points"] for one in bad["health"]["penalties"])
    assert bad["health"]["score"] == pytest.approx(10 - points)
    assert bad["health"]["score"] < 7
    assert {one["rule"] for one in bad["findings"]} == {
        "S307", "complex-function", "long-function",
    }  # fmt: skip
    assert all(one["line"] and one["reason"] and one["action"] for one in bad["findings"])
    assert sum(bad["risk_profile"].values()) == bad["nloc"]
    assert (go["language"], go["health"]["score"], go["findings"]) == ("Go", None, [])
    assert (key["unmeasured"], key["nloc"], key["health"]["score"]) == (
        "other_language",
        None,
        None,
    )
    assert [one["kind"] for one in key["secrets"]] == ["private_key"]
    assert found["engine_versions"]["lizard"] == lizard.version
    assert found["engine_versions"]["code_health"] == "code-health@1"


def test_nothing_that_is_handed_in_is_run(reading: httpx2.Client, tmp_path: Path) -> None:
    left = tmp_path / "it-ran"
    code = f"import os\nopen({str(left)!r}, 'w').close()\nos.system('touch {left}')\n"

    assert reading.post(ANALYZE, json={"filename": "a.py", "code": code}).status_code == 200
    assert not left.exists()


@pytest.mark.parametrize(
    "body",
    [
        {}, {"code": "x"}, {"filename": "a.py"}, {"files": []},
        {"filename": "a.py", "code": "x", "files": [{"filename": "b.py", "code": ""}]},
        {"filename": "a.py", "code": "x" * (CHARACTERS + 1)},
        {"files": [{"filename": "a.py", "code": "x"}] * 2},
        {"files": [{"filename": f"{one}.py", "code": "x"} for one in range(FILES + 1)]},
        {"files": [{"filename": f"{one}", "code": "x" * (CHARACTERS // 2 + 1)} for one in "ab"]},
        {"filename": "a.py", "code": "x", "run": True},
    ],
    ids=["empty", "nameless", "codeless", "none", "both", "long", "twice", "many", "together",
         "other"],
)  # fmt: skip
def test_what_is_too_much_or_no_code_is_not_valid(
    reading: httpx2.Client, body: dict[str, object]
) -> None:
    assert reading.post(ANALYZE, json=body).status_code == 422


HOSTILE = [
    ("a.py", "[" * 500_000), ("a.c", "#" * 900_000), ("a.py", "'" * 999_999),
    ("a.ts", "`${" * 300_000), ("a.java", "/*" * 400_000), ("a.rb", "\\" * 900_000),
    ("a.cpp", "<" * 400_000), ("a.php", "<?php " * 100_000), ("a.py", "eval(x)\n" * 20_000),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.js", "(" * 500_000), ("a.py", "eval(x)\n" * 1_000), ("../../a.py", "x = 1\n"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in HOSTILE),
    ],
)  # fmt: skip
def test_hostile_text_is_answered_or_refused_in_time(
    reading: httpx2.Client, name: str, code: str
) -> None:
    started = time.monotonic()
    found = reading.post(ANALYZE, json={"filename": name, "code": code})

    assert found.status_code in {200, 422}
    assert time.monotonic() - started < 25
    if found.status_code == 200:
        assert len(found.json()["files"][0]["findings"]) <= SHOWN
    alive = reading.post(ANALYZE, json={"filename": "a.go", "code": "package a\n"})
    assert alive.status_code == 200


def test_text_that_is_none_is_not_valid(reading: httpx2.Client) -> None:
    raw = b'{"filename": "a", "code": "\\ud800"}'
    found = reading.post(ANALYZE, content=raw, headers={"content-type": "application/json"})

    assert found.status_code == 422


def test_importing_the_api_loads_nothing_that_measures() -> None:
    code = (
        "import sys, api.app; print([one for one in sys.modules"
        " if one.startswith(('lizard', 'models.code_measures'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
