"""The contributor absence factor and the concentration of commits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bus_factor import TopPerson, bus_factor
from models.facts import CommitShare

SHARES = st.lists(
    st.builds(
        CommitShare,
        person=st.text(alphabet="abcdefgh", min_size=1, max_size=2),
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
    assert (found.caf_50, found.caf_80) == (caf_50, caf_80)


@pytest.mark.parametrize("shares", [[], [CommitShare("ann", 0)]])
def test_without_commits_every_measure_is_unknown(shares: list[CommitShare]) -> None:
    found = bus_factor(shares)
    assert (found.caf_50, found.caf_80, found.hhi, found.gini) == (None, None, None, None)
    assert (found.commits_count, found.persons_count, found.top_persons) == (0, 0, ())


def test_concentration_is_worked_out_by_hand() -> None:
    found = bus_factor(shares_of(6, 3, 1))
    assert found.hhi == pytest.approx(0.46)
    # mean absolute difference (3 + 5 + 2) * 2 / 9, over twice the mean of 10 / 3
    assert found.gini == pytest.approx(20 / 9 / (2 * 10 / 3))


def test_equals_are_listed_by_name_and_at_most_ten() -> None:
    found = bus_factor(list(reversed(shares_of(*[2] * 12))))
    assert [top.person for top in found.top_persons] == [f"person-{n:02}" for n in range(10)]
    assert found.top_persons[0] == TopPerson("person-00", 2, 2 / 24)
    assert found.persons_count == 12


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 commits"):
        bus_factor([CommitShare("ann", -1)])


@given(SHARES)
def test_the_order_of_the_facts_changes_nothing(shares: list[CommitShare]) -> None:
    assert bus_factor(sorted(shares, key=lambda share: share.person)) == bus_factor(shares)
    assert bus_factor(shares[::-1]) == bus_factor(shares)


@given(SHARES)
def test_measures_stay_within_their_bounds(shares: list[CommitShare]) -> None:
    found = bus_factor(shares)
    if found.caf_50 is None or found.caf_80 is None:
        assert found.commits_count == 0
        return
    assert 1 <= found.caf_50 <= found.caf_80 <= found.persons_count
    assert found.hhi is not None
    assert found.gini is not None
    assert 1 / found.persons_count <= found.hhi + 1e-12
    assert found.hhi <= 1
    assert 0 <= found.gini < 1
    if found.persons_count <= 10:
        assert math.isclose(sum(top.share for top in found.top_persons), 1)
