"""The OpenAPI document as a file."""

import json
from pathlib import Path

import pytest

from api.__main__ import main
from tests.support.checkout import ROOT

MADE_FROM = ROOT / "web" / "openapi.json"


def test_the_document_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    main([str(file)])
    first = file.stat().st_mtime_ns

    main([str(file)])

    assert json.loads(file.read_text("utf-8"))["info"]["title"] == "GitInsight"
    assert file.stat().st_mtime_ns == first


def test_what_has_changed_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text("{}")

    main([str(file)])

    assert len(file.read_text("utf-8")) > 1000


def test_the_client_of_the_dashboard_is_made_from_the_document_as_it_is(tmp_path: Path) -> None:
    types = MADE_FROM.parent / "src" / "lib" / "api" / "schema.d.ts"
    if not types.exists():
        pytest.skip("the dashboard is not built here: make web")
    main([str(tmp_path / "now.json")])

    assert MADE_FROM.read_text("utf-8") == (tmp_path / "now.json").read_text("utf-8"), "make web"
    assert types.stat().st_mtime_ns >= MADE_FROM.stat().st_mtime_ns
