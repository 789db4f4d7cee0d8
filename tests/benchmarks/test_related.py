"""What people have called related, in recorded words."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.related import Related, documents, related
from benchmarks.replay import Missing


@pytest.fixture
def found(tmp_path: Path) -> Related:
    items = [
        item(1, "It crashes"), item(2, "Crash on start", "Duplicates #1, as I see"),
        item(3, "Repair the start", "Fixes #1, #2 and resolves: #9.\nSee #2", is_pr=True),
        item(4, "Docs", "This fixes #2 for me"), item(5, "Typo"),
    ]  # fmt: skip
    said = [
        {"number": 5, "body": "duplicate of #4"}, {"number": 4, "body": "dup of #5"},
        {"number": 5, "body": "not like #1"}, {"number": 5, "body": None},
    ]  # fmt: skip
    write(tmp_path / "octo__app", items, said)
    return related(tmp_path)


def item(number: int, title: str, body: str | None = None, *, is_pr: bool = False) -> Any:
    return {"number": number, "title": title, "body": body, "is_pr": is_pr}


def write(folder: Path, items: list[Any], comments: list[Any]) -> None:
    folder.mkdir()
    for name, rows in (("issues", items), ("comments", comments)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(one) + "\n" for one in rows)


def test_the_later_one_asks_for_the_earlier_ones(found: Related) -> None:
    told = {(one.number, one.is_duplicate): set(one.answers) for one in found.questions}

    assert told == {(2, True): {1}, (3, False): {1, 2}, (5, True): {4}}
    assert {one.repository for one in found.questions} == {"octo/app"}
    assert [one.number for one in found.items["octo/app"]] == [1, 2, 3, 4, 5]


def test_a_question_does_not_name_its_answer(found: Related) -> None:
    bodies = {one.number: one.body for one in found.questions}

    assert bodies[2] == " , as I see"
    assert "#1" not in bodies[3]
    assert "Fixes" not in bodies[3]


def test_documents_are_what_the_search_of_the_product_has(found: Related) -> None:
    told = list(documents(7, found.items["octo/app"]))

    assert [(one.number, one.kind) for one in told[:3]] == [
        (1, "issue"), (2, "issue"), (3, "pull_request"),
    ]  # fmt: skip
    assert {one.repository_id for one in told} == {7}


def test_without_the_recorded_data_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no recorded issues"):
        related(tmp_path)
