"""Both ways to count agree."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models import code_clones
from models.code_clone_counts import duplicated_counts

DIGESTS = list(code_clones.line_digests("a\nb\nc\nd\ne"))
TEXTS = st.lists(st.lists(st.sampled_from(DIGESTS), max_size=40))


@given(TEXTS)
def test_what_is_counted_is_what_the_places_say(texts: list[list[int]]) -> None:
    found = duplicated_counts([np.array(one, np.int64) for one in texts])

    named = {str(number): text for number, text in enumerate(texts)}
    assert found == list(code_clones.duplicated_counts(named).values())


def test_six_lines_in_two_texts_are_twelve() -> None:
    text = np.arange(7)

    assert duplicated_counts([text, text[1:], text[2:]]) == [6, 6, 0]
