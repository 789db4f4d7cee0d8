"""The replay server for a repository of a million records.

``python -m benchmarks.large_replay ARGUMENTS`` takes the arguments of the server and gives its
answers to the last byte. It looks up where a list that is asked for since a moment begins; the
server itself goes through the whole list for every page, and sorts it, which is quadratic.
"""

import bisect
import importlib
import sys
from operator import itemgetter
from typing import Any

from benchmarks.replay import FOLDER

_COMMENTS = "_list_by_id"
"""What lists comments, of whichever kind."""
_OLDEST_FIRST = {"sort": "updated", "direction": "asc"}


def main() -> None:
    sys.path.insert(0, str(FOLDER))
    server = importlib.import_module("server")
    _issues(importlib.import_module("ghreplay.store").Repo)
    _comments(importlib.import_module("ghreplay.rest"))
    server.main()


def _issues(repository: Any) -> None:
    whole = repository.sorted_items

    def since(self: Any, kind: str, field: str, flt: Any = None, flt_key: Any = None) -> Any:
        is_since = field == "updated" and kind == "issues" and flt_key and flt_key[0] == "all"
        if not is_since or any(flt_key[2:]):
            return whole(self, kind, field, flt, flt_key)
        rows, keys = whole(self, kind, field)
        first = bisect.bisect_left(keys, (flt_key[1],))
        return rows[first:], keys[first:]

    repository.sorted_items = since


def _comments(rest: Any) -> None:
    whole = getattr(rest, _COMMENTS)

    def since(q: Any, rows: Any, render: Any) -> Any:
        began = q.since()
        base = q.view.base
        is_whole = rows is base.comments or rows is base.review_comments
        if not is_whole or not began or _OLDEST_FIRST.items() - q.q.items():
            return whole(q, rows, render)
        key = itemgetter("updated_at", "id")
        ordered = base.cached(("updated", id(rows)), lambda: sorted(rows, key=key))
        begun = ordered[bisect.bisect_left(ordered, began, key=itemgetter("updated_at")) :]
        return [render(q.view, one) for one in q.slice(begun)]

    setattr(rest, _COMMENTS, since)


if __name__ == "__main__":
    main()
