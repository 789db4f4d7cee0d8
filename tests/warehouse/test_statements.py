"""What is said of a statement, by whoever has no parser."""

import subprocess
import sys

from warehouse.statements import QueryFailed


def test_it_says_where_it_is_wrong_where_that_is_known() -> None:
    assert str(QueryFailed("no such table", (2, 7))) == (
        "the query failed: no such table (line 2, column 7)"
    )
    assert str(QueryFailed("no such table")) == "the query failed: no such table"


def test_an_api_that_nobody_has_asked_holds_no_parser() -> None:
    told = "import sys, api.serve; print('sqlglot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"]
