"""Degree of authorship, and how few authors most files rest on."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.facts import FileChange
from models.source_files import is_source
from models.truck_factor import Authorship, authors_of, degree_of_authorship, truck_factor

CHANGES = st.lists(
    st.builds(
        FileChange,
        path=st.sampled_from(["a.py", "b.py", "c.py"]),
        previous_path=st.sampled_from([None, None, "a.py"]),
        person=st.sampled_from(["ann", "ben", "cyd", None]),
        lines_added_count=st.integers(0, 5),
        lines_deleted_count=st.integers(0, 5),
        is_merge=st.booleans(),
        is_on_trunk=st.booleans(),
    )
)


def change(
    path: str, person: str | None, *, was: str | None = None, lines: int = 1,
    is_merge: bool = False, is_on_trunk: bool = True,
) -> FileChange:  # fmt: skip
    return FileChange(path, was, person, max(lines, 0), max(-lines, 0), is_merge, is_on_trunk)


@pytest.mark.parametrize(
    ("is_creator", "own", "others", "degree"),
    # Worked out by hand: 3.293 + 1.098 FA + 0.164 DL - 0.321 ln(1 + AC).
    [(True, 0, 0, 4.391), (False, 1, 0, 3.457), (True, 2, 9, 3.97987), (False, 0, 1, 3.07050)],
)
def test_the_degree_of_authorship_is_that_of_avelino(
    *, is_creator: bool, own: int, others: int, degree: float
) -> None:
    found = degree_of_authorship(is_creator=is_creator, own_changes=own, changes_of_others=others)
    assert found == pytest.approx(degree, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "authors"),
    [
        ({}, ["ann"]),
        # 3.457 against 4.168: four fifths of the best, and more than a stranger has.
        ({"ben": 1}, ["ann", "ben"]),
        # 3.293 + 0.164 - 0.321 ln 7 = 2.83: less than a stranger.
        ({"ben": 1, "cyd": 6}, ["ann", "cyd"]),
        # ann has 4.391 - 0.321 ln 41 = 3.20, ben 3.293 + 6.56: the creator is far from the best.
        ({"ben": 40}, ["ben"]),
    ],
)
def test_an_author_is_near_the_best_of_the_file(
    changes: dict[str, int], authors: list[str]
) -> None:
    assert authors_of("ann", Counter(changes)) == authors


def test_a_file_that_no_human_made_has_no_author() -> None:
    assert authors_of(None, Counter()) == []
    assert truck_factor([change("a.py", None)]).truck_factor_count is None


@pytest.mark.parametrize(
    ("creators", "count"),
    [
        (["ann"], 1),
        # Half of the files are not fewer than half.
        (["ann", "ben"], 2),
        (["ann", "ann", "ben"], 1),
        (["ann", "ben", "cyd", "dee"], 3),
        (["ann", "ann", "ann", "ben", "ben", "cyd"], 2),
    ],
)
def test_authors_leave_until_fewer_than_half_of_the_files_have_one(
    creators: list[str], count: int
) -> None:
    found = truck_factor(change(f"{n}.py", one) for n, one in enumerate(creators))
    assert found.truck_factor_count == count
    assert found.authors_count == len(set(creators))


def test_a_file_with_two_authors_is_kept_by_the_other_one() -> None:
    shared = [one for n in range(3) for one in (change(f"{n}.py", "ann"), change(f"{n}.py", "ben"))]
    found = truck_factor(shared)
    assert found.truck_factor_count == 2
    assert found.top_persons == (Authorship("ann", 3), Authorship("ben", 3))


def test_a_rename_keeps_the_creator_and_is_a_change() -> None:
    history = [change("a.py", "ann"), change("b.py", "ben", was="a.py", lines=0)]
    found = truck_factor(history)
    assert (found.files_count, found.authors_count) == (1, 2)


def test_what_is_deleted_is_gone_and_may_be_made_anew_by_somebody_else() -> None:
    deleted = [change("a.py", "ann", lines=9), change("a.py", "ben", lines=-9)]
    assert truck_factor(deleted).files_count == 0
    assert truck_factor(deleted).truck_factor_count is None
    again = truck_factor([*deleted, change("a.py", "cyd")])
    assert again.top_persons == (Authorship("cyd", 1),)


def test_what_a_branch_brings_is_there_once_it_is_merged() -> None:
    branch = [
        change("a.py", "ann", lines=3),
        change("b.py", "ben", was="a.py", lines=2, is_on_trunk=False),
        change("a.py", "cyd", lines=1),
    ]
    before = truck_factor(branch)
    merged = [*branch, change("b.py", "ann", was="a.py", lines=2, is_merge=True)]
    after = truck_factor(merged)
    assert before.files_count == after.files_count == 1
    assert after.top_persons == (Authorship("ann", 1), Authorship("ben", 1))
    gone = truck_factor([*merged, change("b.py", "ann", lines=-6, is_merge=True)])
    assert gone.files_count == 0


@pytest.mark.parametrize(
    "path",
    ["src/a.py", "lib/Main.java", "Makefile", "web/app.tsx", "Dockerfile", "a/b/c.RS"],
)
def test_source_is_source(path: str) -> None:
    assert is_source(path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "docs/conf.py", "vendor/x/a.go", "node_modules/a/index.js", "a.min.js",
        "api/v1_pb2.py", "logo.png", "package-lock.json", "poetry.lock", "LICENSE", "py", "a.",
        "examples/a.py", "static/jquery-3.7.1.js", "configure",
    ],
)  # fmt: skip
def test_what_is_vendored_generated_or_documentation_is_not(path: str) -> None:
    assert not is_source(path)


@given(CHANGES)
def test_the_count_stays_within_its_bounds(changes: list[FileChange]) -> None:
    def one_by_one() -> Iterator[FileChange]:
        yield from changes

    found = truck_factor(one_by_one())
    assert found == truck_factor(changes)
    assert (found.truck_factor_count is None) == (found.authors_count == 0)
    assert 1 <= (found.truck_factor_count or 1) <= max(found.authors_count, 1)
