"""`make docs`: writes what comes from the definitions into the checkout."""

import sys
from pathlib import Path

from gitinsight.metrics import documents
from gitinsight.metrics.catalogue import metrics

CHECKOUT = Path(__file__).parents[2]
LOCK = "gitinsight/metrics/versions.lock"


def written(checkout: Path) -> dict[str, str]:
    """Each file and what belongs into it; ValueError where a formula changed under its number."""
    found = metrics().values()
    held = checkout / LOCK
    known = documents.read_lock(held.read_text("utf-8")) if held.exists() else {}
    return {
        LOCK: documents.lock(known, found),
        "docs/metrics.md": documents.page(found),
        "dbt/models/_metrics.md": documents.doc_blocks(found),
    }


def main(checkout: Path = CHECKOUT) -> int:
    try:
        found = written(checkout)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, text in found.items():
        (checkout / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
