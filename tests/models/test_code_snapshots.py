"""Files of a commit, added up."""

from typing import Any

import pytest

from models.code_snapshots import FileMeasures, snapshots, weighed_health


def file(language: str = "Go", **facts: Any) -> FileMeasures:
    known: dict[str, Any] = {"is_test": False, "is_measured": True, "nloc": 100}
    return FileMeasures(language, **(known | facts))


def test_every_language_has_its_row_and_all_of_them_have_one() -> None:
    files = [
        file(bands=(10, 20, 30, 40, 0), said_lines_count=80, duplicated_lines_count=8,
             findings=(1, 2, 3)),
        file("C", ccn=5, functions_count=2), file(is_test=True, nloc=7, ccn=9),
        file(is_measured=False, nloc=0), file("C", is_measured=False, is_test=True, nloc=0),
    ]  # fmt: skip
    found = {one.language: one for one in snapshots(files)}

    assert list(found) == ["C", "Go", "all"]
    assert [
        (one.nloc, one.tests_nloc, one.files_count, one.unmeasured_count, one.ccn)
        for one in found.values()
    ] == [(100, 0, 1, 0, 5), (100, 7, 1, 1, 0), (200, 7, 2, 1, 5)]
    go = found["Go"]
    assert (go.ccn_1_to_5_nloc, go.ccn_above_25_nloc, go.duplicated_lines_count) == (10, 40, 8)
    assert (go.findings_high_count, go.findings_low_count) == (1, 3)


def test_what_nobody_looked_for_is_not_known() -> None:
    *_, found = snapshots([file(), file("Python", findings=None, duplicated_lines_count=None)])

    assert (found.findings_high_count, found.duplicated_lines_count) == (None, None)


def test_health_is_weighed_by_lines() -> None:
    files = [file(health_score=4.0, nloc=100), file(health_score=10.0, nloc=300), file(nloc=50)]

    assert weighed_health(files) == pytest.approx(8.5)
    assert weighed_health(files, worst_ratio=0.1) == pytest.approx(4)
    assert weighed_health(files, worst_ratio=0.5) == pytest.approx(7)
    assert weighed_health([file()]) is None
    assert list(snapshots([])) == []
