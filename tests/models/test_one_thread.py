"""How many threads NumPy multiplies with."""

from threadpoolctl import threadpool_info, threadpool_limits

from models.one_thread import one_thread


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_it_is_one_and_afterwards_as_many_as_before() -> None:
    with threadpool_limits(2, "blas"):
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}
