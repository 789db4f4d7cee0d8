"""Which identities may be one person, by what, and which are left alone."""

from hypothesis import given
from hypothesis import strategies as st

from models.identity_matches import Evidence, Identity, suggest


def identity(login: str, *names: str, email: str | None = None, commits: int = 1) -> Identity:
    address = email or (login if "@" in login else f"{login.lower()}@work.test")
    return Identity(login, commits, frozenset(names), frozenset({address}))


def told(*identities: Identity) -> list[tuple[str, str, list[str]]]:
    return [
        (one.alias, one.person, [each.rule for each in one.evidence]) for one in suggest(identities)
    ]


def test_two_words_of_a_name_are_evidence_in_any_order_and_without_accents() -> None:
    jose = identity("jp@home.test", "José Peña")
    again = identity("peps@work.test", "pena, JOSE", commits=3)

    [found] = suggest([jose, again])
    assert (found.alias, found.person, found.score) == ("jp@home.test", "peps@work.test", 0.95)
    assert found.evidence == (Evidence("same name", "jose pena"),)


def test_one_word_of_a_name_is_no_evidence() -> None:
    assert told(identity("aj@x.test", "Jose"), identity("bj@y.test", "Jose")) == []


def test_an_account_is_the_person_whoever_has_more_commits() -> None:
    account = identity("Ann-Lee", "al")
    address = identity("annlee@home.test", "x", commits=99)

    assert told(account, address) == [("annlee@home.test", "Ann-Lee", ["similar account"])]


def test_what_speaks_together_says_more_than_alone() -> None:
    one = identity("annlee@home.test", "Ann Lee", commits=2)
    other = identity("annlee@work.test", "Ann Lee")

    [found] = suggest([one, other])
    assert [each.rule for each in found.evidence] == ["same name", "same local part"]
    assert found.score == 0.992


def test_the_tag_of_an_address_is_left_out_and_a_noreply_address_is_its_account() -> None:
    tagged = identity("annlee+git@home.test")
    noreply = identity("7+annlee@users.noreply.github.com")

    assert [rules for *_, rules in told(tagged, noreply)] == [["same local part"]]


def test_an_account_may_be_a_name_as_one_word() -> None:
    assert told(identity("bobsmith", "bobby"), identity("rs@home.test", "Bob Smith")) == [
        ("rs@home.test", "bobsmith", ["account like the name"])
    ]


def test_addresses_of_machines_and_short_ones_are_nobody() -> None:
    assert told(*(identity(f"{name}@{host}.test") for name in ("root", "info", "jo")
                  for host in ("a", "b"))) == []  # fmt: skip


def test_a_name_that_three_accounts_share_is_a_machine_s() -> None:
    assert told(*(identity(login, "merge script") for login in ("anna", "bert", "carl"))) == []


IDENTITIES = st.lists(
    st.builds(
        identity,
        st.sampled_from(
            ["ann@x.test", "annlee@y.test", "AnnLee", "Bob", "bobby@x.test", "ann-lee"]
        ),
        st.sampled_from(["Ann Lee", "Lee Ann", "bob", "Bob Lee"]),
        commits=st.integers(0, 5),
    ),
    unique_by=lambda one: one.login,
)


@given(IDENTITIES, st.randoms())
def test_no_order_changes_what_is_suggested(identities: list[Identity], random: object) -> None:
    shuffled = list(identities)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert suggest(shuffled) == suggest(identities)
    assert all(one.alias != one.person for one in suggest(identities))
