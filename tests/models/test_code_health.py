"""The score is the formula of docs/models/code-health.md, part by part."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitinsight.code.facts import Function
from models.code_health import SMALLEST_NLOC, health, risk_profile


def function(**facts: Any) -> Function:
    known = {"name": "f", "first_line": 1, "last_line": 9, "nloc": 10, "ccn": 1,
             "parameters_count": 0, "nesting": 0}  # fmt: skip
    return Function(**(known | facts))


@pytest.mark.parametrize(
    ("functions", "nloc", "penalties"),
    [
        ([], 200, {}),
        ([function(nloc=60, ccn=10, nesting=3, parameters_count=4)], 200,
         {"bumpy_functions": 0.35}),
        ([function(nloc=70, ccn=10, nesting=3)], 700,
         {"brain_functions": 1, "bumpy_functions": 0.35, "long_functions": 0.3, "size": 1.1787}),
        ([function(nloc=20, ccn=11)], 200, {"complex_code": 0.4}),
        ([function(nloc=61)], 122, {"long_functions": 1.5}),
        ([function(nloc=30, nesting=4)], 200, {"deep_nesting": 0.5}),
        ([function(parameters_count=6)], 100, {"parameters": 0.25}),
        ([], 400, {"size": 0.6522}),
        ([function(nloc=80, ccn=30, nesting=5, parameters_count=9)] * 9, 2_000,
         {"brain_functions": 3, "bumpy_functions": 2, "complex_code": 1.44, "long_functions": 1.08,
          "deep_nesting": 1, "size": 1.5, "parameters": 0.5}),
    ],
)  # fmt: skip
def test_each_penalty_is_as_published(
    functions: list[Function], nloc: int, penalties: dict[str, float]
) -> None:
    found = health(functions, nloc)

    said = {one.name: one.points for one in found.penalties}
    assert said == pytest.approx(penalties, abs=1e-4)
    assert found.score == pytest.approx(max(1, 10 - sum(said.values())))


def test_of_a_tiny_file_nothing_is_said() -> None:
    assert health([function(ccn=50)], SMALLEST_NLOC - 1).score is None
    assert health([], SMALLEST_NLOC).score == 10


FUNCTIONS = st.lists(
    st.builds(
        function, nloc=st.integers(1, 300), ccn=st.integers(1, 60), nesting=st.integers(0, 9),
        parameters_count=st.integers(0, 20),
    ),
    max_size=20,
)  # fmt: skip


@given(FUNCTIONS, st.integers(57, 5_000))
def test_a_worse_function_never_makes_it_better(functions: list[Function], nloc: int) -> None:
    before = health(functions, nloc).score
    after = health([*functions, function(nloc=99, ccn=40, nesting=6)], nloc).score

    assert before is not None
    assert after is not None
    assert 1 <= after <= before <= 10


def test_the_risk_profile_is_of_lines_by_complexity() -> None:
    found = risk_profile(
        [function(nloc=nloc, ccn=ccn) for nloc, ccn in
         ((1, 5), (2, 6), (4, 10), (8, 11), (16, 25), (32, 26))], 100,
    )  # fmt: skip

    assert (
        found.ccn_1_to_5_nloc, found.ccn_6_to_10_nloc, found.ccn_11_to_25_nloc,
        found.ccn_above_25_nloc, found.outside_nloc,
    ) == (1, 6, 24, 32, 37)  # fmt: skip
