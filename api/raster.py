"""An image of ours as pixels, with letters of our own: a machine that serves need have none."""

from pathlib import Path

import resvg_py
from anyio import to_process

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
PNG = "image/png"


async def png(svg: bytes, *, scale: int) -> bytes:
    """In a process that waits for such work: whoever draws holds the lock of the interpreter, and
    everybody else would wait meanwhile.
    """
    return await to_process.run_sync(drawn, svg, scale)


def drawn(svg: bytes, scale: int) -> bytes:
    return resvg_py.svg_to_bytes(
        svg_string=svg.decode(), zoom=scale, skip_system_fonts=True, font_files=[str(FONT)],
        font_family="DejaVu Sans",
    )  # fmt: skip
