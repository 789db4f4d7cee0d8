"""How good the rules about accounts are, on accounts that people have labelled."""

import csv
from pathlib import Path

import jinja2
import pytest

from flows.project import DIRECTORY
from warehouse.engine import Engine, driver

LABELS = Path(__file__).parents[3] / "shared" / "datasets" / "bots_train_label.csv"


def test_a_name_that_says_bot_is_nearly_always_right(warehouse: Engine) -> None:
    """Many of these humans were chosen because they are named like bots. A name alone finds two of
    three; that ends in bot without a word of its own is no evidence: one in six is a human.
    """
    if not LABELS.is_file():
        pytest.skip(f"no labelled accounts in ../{LABELS.parent.name}")
    macros = jinja2.Template((DIRECTORY / "macros" / "actors.sql").read_text("utf-8")).module
    rule = macros.is_named_like_a_machine("login")  # type: ignore[attr-defined]
    with LABELS.open(encoding="utf-8", newline="") as lines:
        labelled = [(one["contributor"], one["bot"] == "1") for one in csv.DictReader(lines)]
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("create temporary table labelled (login text, is_bot boolean)")
        with raw.cursor().copy("copy labelled from stdin") as copy:
            for row in labelled:
                copy.write_row(row)
        found = raw.execute(
            f"""
            select
                count(*) filter (where judged and is_bot)::float / count(*) filter (where judged),
                count(*) filter (where judged and is_bot)::float / count(*) filter (where is_bot)
            from (select is_bot, login ~ '\\[bot\\]$' or {rule} as judged from labelled) as judged
            """.encode()
        ).fetchone()
    assert found is not None
    precision, recall = found
    print(f"precision {precision:.3f}, recall {recall:.3f} of {len(labelled)} accounts")  # noqa: T201
    assert precision >= 0.97
    assert recall >= 0.6
