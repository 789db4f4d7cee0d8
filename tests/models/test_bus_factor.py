"""The contributor absence factor and the concentration of commits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bus_factor import bus_factor
from models.facts import CommitShare

SHARES = st.lists(
    st.builds(
        CommitShare,
        person=st.uuids().map(str),
        commits_count=st.integers(0, 50),
    ),
    max_size=20,
)


def shares_of(*counts: int) -> list[CommitShare]:
    return [CommitShare(f"person-{n:02}", count) for n, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("counts", "caf_50", "caf_80"),
    [
        # https://chaoss.community/kb/metric-contributor-absence-factor/
        ((1000, 433, 343, 332, 202, 90, 42, 33), 2, 4),
        ((1, 1), 1, 2),
        ((4, 1), 1, 1),
        ((7,), 1, 1),
    ],
)
def test_the_absence_factor_is_the_fewest_persons_who_reach_the_share(
    counts: tuple[int, ...], caf_50: int, caf_80: int
) -> None:
    found = bus_factor(shares_of(*counts))
    assert (found.caf_50_count, found.caf_80_count) == (caf_50, caf_80)


@pytest.mark.parametrize("shares", [[], [CommitShare("ann", 0)]])
def test_without_commits_every_measure_is_unknown(shares: list[CommitShare]) -> None:
    found = bus_factor(shares)
    assert (found.caf_50_count, found.caf_80_count, found.hhi_ratio, found.gini_ratio) == (
        None,
        None,
        None,
        None,
    )
    assert (found.commits_count, found.persons_count, found.top_persons) == (0, 0, ())


def test_concentration_is_worked_out_by_hand() -> None:
    found = bus_factor(shares_of(6, 3, 1))
    assert found.hhi_ratio == pytest.approx(0.46)
    # mean absolute difference (3 + 5 + 2) * 2 / 9, over twice the mean of 10 / 3
    assert found.gini_ratio == pytest.approx(20 / 9 / (2 * 10 / 3))


def test_equals_are_listed_by_name_and_at_most_ten() -> None:
    found = bus_factor(list(reversed(shares_of(*[2] * 12))))
    assert [top.person for top in found.top_persons] == [f"person-{n:02}" for n in range(10)]
    assert found.top_persons[0] == CommitShare("person-00", 2)
    assert found.persons_count == 12


@given(SHARES)
def test_the_order_of_the_facts_changes_nothing(shares: list[CommitShare]) -> None:
    assert bus_factor(sorted(shares, key=lambda share: share.person)) == bus_factor(shares)
    assert bus_factor(shares[::-1]) == bus_factor(shares)


@given(SHARES)
def test_measures_stay_within_their_bounds(shares: list[CommitShare]) -> None:
    found = bus_factor(shares)
    if found.caf_50_count is None or found.caf_80_count is None:
        assert found.commits_count == 0
        return
    assert 1 <= found.caf_50_count <= found.caf_80_count <= found.persons_count
    assert found.hhi_ratio is not None
    assert found.gini_ratio is not None
    assert 1 / found.persons_count <= found.hhi_ratio + 1e-12
    assert found.hhi_ratio <= 1 + 1e-12
    assert -1e-12 <= found.gini_ratio < 1
