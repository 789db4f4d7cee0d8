"""Who asks GitHub, and who is asked first about which repository."""

from gitinsight.github.principals import ANONYMOUS, Principal, fingerprint, last, ordered, users


def test_a_token_is_known_by_its_fingerprint_and_shown_nowhere() -> None:
    (one,) = users(["ghp_secret"])

    assert one.token() == "ghp_secret"
    assert (one.kind, len(one.fingerprint)) == ("user", 16)
    assert "secret" not in repr(one)


def test_without_tokens_github_is_asked_anonymously() -> None:
    assert users([]) == [ANONYMOUS]
    assert ANONYMOUS.token() is None


def test_a_repository_keeps_its_principal_when_another_one_goes() -> None:
    pool = users(["a", "b", "c"])
    subjects = [f"octo/repository-{number}" for number in range(60)]

    before = {subject: ordered(pool, subject)[0] for subject in subjects}
    after = {subject: ordered(pool[:2], subject)[0] for subject in subjects}

    assert set(before.values()) == set(pool)
    assert all(after[one] == first for one, first in before.items() if first in pool[:2])


def test_the_installation_of_the_owner_is_asked_first_and_users_last() -> None:
    own = Principal(fingerprint("own"), "installation", owner="octo")
    other = Principal(fingerprint("other"), "installation", owner="acme")
    (user,) = users(["a"])

    assert ordered([user, other, own], "Octo/hello") == [own, other, user]


def test_whoever_was_rejected_comes_last() -> None:
    one, two, three = users(["a", "b", "c"])

    assert last([one, two, three], one) == [two, three, one]
