"""Work over a connection is begun again when it breaks, later each time."""

import threading
import time

import pytest
from pika.exceptions import AMQPConnectionError

from flows import broker


@pytest.mark.parametrize("error", [AMQPConnectionError("gone"), OSError("refused"), KeyError("x")])
def test_what_breaks_is_begun_again_with_a_pause(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "_LONGEST_SECONDS", 0.3)
    stop, begun = threading.Event(), list[float]()

    def work() -> None:
        begun.append(time.monotonic())
        if len(begun) == 3:
            stop.set()
        raise error

    broker.keep_going(work, stop=stop, name="test")

    assert len(begun) == 3
    assert begun[2] - begun[1] >= 0.3
