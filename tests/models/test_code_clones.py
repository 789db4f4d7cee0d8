"""What stands twice is found, with its places, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from gitinsight.code.facts import Source
from models.code_clones import duplicated_counts, duplication, line_digests

SIX = "\n".join(f"value_{one} = compute({one})" for one in range(6))


def lines(*names: str) -> str:
    return "\n".join(f"{one} = 1" for one in names)


def test_six_lines_in_two_files_are_a_clone() -> None:
    one = Source("a.py", f"import x\n{SIX}\nleft = 1")
    other = Source("b.py", "# a comment\n\n  " + SIX.replace("\n", "\n\n  ") + "\nright = 2")

    found = duplication([one, other])

    (clone,) = found.clones
    assert (clone.lines_count, found.lines_count, found.duplicated_count) == (6, 15, 12)
    assert (clone.first.name, clone.first.first_line, clone.first.last_line) == ("a.py", 2, 7)
    assert (clone.second.name, clone.second.first_line, clone.second.last_line) == ("b.py", 3, 13)


def test_five_lines_are_none() -> None:
    five = SIX.rpartition("\n")[0]

    assert duplication([Source("a", five), Source("b", five)]).duplicated_count == 0


def test_within_a_file_a_clone_is_as_long_as_it_goes() -> None:
    found = duplication([Source("a", f"{SIX}\nc = 3\nmiddle\n{SIX}\nc = 3\nend")])

    (clone,) = found.clones
    assert (clone.lines_count, clone.first.last_line, clone.second.first_line) == (7, 7, 9)
    assert found.duplicated_count == 14


def test_what_only_repeats_itself_is_one_place_until_it_is_two() -> None:
    assert duplication([Source("a", "x = 1\n" * 11)]).duplicated_count == 0
    assert duplication([Source("a", "x = 1\n" * 12)]).duplicated_count == 12


def test_brackets_and_comments_say_nothing() -> None:
    assert list(line_digests("}\n\n  );\n# x\n// x\n/* x\n * x\n{ [ ( _\n")) == []


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60))
def test_the_counts_are_those_of_the_places(letters: list[str]) -> None:
    text = lines(*letters)
    other = lines(*letters[::-1])
    found = duplication([Source("a", text), Source("b", other)])

    counted = duplicated_counts({"a": list(line_digests(text)), "b": list(line_digests(other))})
    assert sum(counted.values()) == found.duplicated_count
    covered = {
        (place.name, line)
        for clone in found.clones
        for place in (clone.first, clone.second)
        for line in range(place.first_line, place.last_line + 1)
    }
    assert len(covered) == found.duplicated_count
