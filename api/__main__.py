"""`python -m api FILE`: writes the OpenAPI document, which the dashboard's client is made from."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from api.app import create_app
from gitinsight.settings import Settings

_NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def document() -> str:
    """Nothing is connected to for it."""
    app = create_app(Settings(), warehouse_url=_NOWHERE, admin_key=None)
    return json.dumps(app.openapi(), indent=1) + "\n"


def main(arguments: Sequence[str]) -> None:
    """A file that says the same already stays as it is: nothing is to be made anew for it."""
    (name,) = arguments
    file, told = Path(name), document()
    if not file.exists() or file.read_text("utf-8") != told:
        file.write_text(told, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
