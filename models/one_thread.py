"""Products of matrices by the thread that asks for them.

The other threads of NumPy's BLAS spin while they wait for their part of a product. Those of a few
texts are so small that this was a third of the CPU time; whoever has cores to spare asks from
threads or processes of his own.
"""

from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """While it lasts, of the whole process; what was before is so again after."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Looks through the libraries that are loaded, which takes longer than a text does."""
    return ThreadpoolController()
