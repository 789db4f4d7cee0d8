"""How much is asked for at once."""

from flows.steps.page_size import PageSize


def test_it_starts_with_the_largest_and_remembers_nothing() -> None:
    size = PageSize.of(24, {})

    assert (size.now, size.remembered) == (24, {})


def test_it_is_halved_until_there_is_nothing_smaller() -> None:
    size = PageSize.of(24, {})

    seen = [size.now]
    while size.shrink():
        seen.append(size.now)

    assert seen == [24, 12, 6, 3, 1]
    assert size.remembered == {"page_size": 1}


def test_it_grows_back_after_twenty_quick_answers_in_a_row() -> None:
    size = PageSize.of(24, {"page_size": 6})
    for _ in range(19):
        size.succeeded(0.5)
    size.succeeded(9.0)  # a slow one breaks the row
    for _ in range(19):
        size.succeeded(0.5)
    assert size.now == 6

    size.succeeded(0.5)
    assert size.now == 9
    for _ in range(200):
        size.succeeded(0.5)
    assert (size.now, size.remembered) == (24, {})
