"""What is asked of each page: that everybody can use it, in light and dark, on a phone."""

import os
from typing import Any

from tests.conftest import ADMIN_KEY
from tests.support.browser import picture, settle, violations

WANTS_IMAGES = bool(os.environ.get("GITINSIGHT_IMAGES"))
"""Pictures are taken anew; asked before the variables of a developer are taken away."""
_TWO = [("light", "wide"), ("dark", "phone")]
LOOKS = [*_TWO, ("dark", "wide"), ("light", "phone")] if WANTS_IMAGES else _TWO
"""Each theme and each size once, and all four where pictures are taken."""


def look_at(page: Any, name: str, *, theme: str, size: str) -> None:
    """And where pictures are wanted, they are taken: `GITINSIGHT_IMAGES=1`."""
    settle(page)
    found = violations(page)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    if WANTS_IMAGES:
        picture(page, name, theme=theme, size=size)
    assert found == []
    assert page.evaluate(width) <= 0


def take_key(page: Any, key: str = ADMIN_KEY) -> None:
    """Signed in from the first request on, as somebody who pasted a key into this tab."""
    page.add_init_script(f"sessionStorage.setItem('gitinsight-key', '{key}')")
