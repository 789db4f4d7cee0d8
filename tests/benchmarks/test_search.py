"""How answers are counted."""

import numpy as np

from benchmarks.related import Item, Question
from benchmarks.search import nearest, scored


def question(*answers: int) -> Question:
    return Question("o/n", 99, "t", "b", frozenset(answers), is_duplicate=False)


def test_answers_among_the_first_ten_count_and_the_place_of_the_first_one() -> None:
    late = [*range(50, 60), 2]
    found = scored([question(1, 2), question(2), question(3)], [[7, 1, 2], late, []])

    assert found.recall == (1.0, 0.0, 0.0)
    assert found.reciprocal == (0.5, 1 / 11, 0.0)


def test_the_nearest_of_the_earlier_ones_come_first() -> None:
    items = [Item(number, "t", "b", is_pull_request=False) for number in (1, 2, 3)]
    vectors = np.array([[1, 0], [0, 1], [0.9, 0.1]], dtype=np.float32)
    asked = np.array([0.1, 0.9], dtype=np.float32)

    assert nearest(asked, items, vectors, before=9) == [2, 3, 1]
    assert nearest(asked, items, vectors, before=3) == [2, 1]
