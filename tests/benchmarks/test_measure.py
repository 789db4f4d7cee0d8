"""What a program took is what it took, and one that fails is no measurement."""

import subprocess
import sys

import pytest

from benchmarks import measure
from benchmarks.measure import Failed, own_peak_bytes

MEBIBYTE = 1 << 20
HOLD = "import time; held = bytearray(100 * 2**20); time.sleep(0.3)"


def test_the_last_line_is_what_a_program_says() -> None:
    done = measure.run([sys.executable, "-c", "print('words'); print('{\"rows\": 3}')"])

    assert done.last_line == {"rows": 3}
    assert done.seconds > 0


def test_memory_is_that_of_the_most_filled_moment() -> None:
    alone = measure.run([sys.executable, "-c", HOLD])

    assert 100 * MEBIBYTE < alone.peak_bytes < 200 * MEBIBYTE


def test_memory_of_descendants_counts() -> None:
    held = f"{HOLD}; time.sleep(1)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {held!r}])"

    done = measure.run([sys.executable, "-c", code])

    assert done.peak_bytes > 100 * MEBIBYTE


def test_time_of_the_processor_is_not_that_of_waiting() -> None:
    waited = measure.run([sys.executable, "-S", "-c", "import time; time.sleep(1)"])

    assert waited.seconds > 1 > waited.cpu_seconds


def test_a_program_that_fails_says_why() -> None:
    with pytest.raises(Failed, match=r"ended with 3: what went wrong"):
        measure.run(
            [
                sys.executable,
                "-c",
                "import sys; print('what went wrong', file=sys.stderr); sys.exit(3)",
            ]
        )


def test_a_program_that_does_not_end_is_ended() -> None:
    with pytest.raises(Failed, match=r"not done after 0 s"):
        measure.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout_seconds=0.2)


def test_a_process_knows_the_most_that_it_had() -> None:
    code = (
        "from benchmarks.measure import own_peak_bytes\n"
        "bytearray(100 * 2**20)\n"
        "print(own_peak_bytes())"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert int(done.stdout) > 100 * MEBIBYTE
    assert own_peak_bytes() > 0
