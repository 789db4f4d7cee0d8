"""Answers as good as sent: a request that comes again word for word is recognised by one look."""

from api.fast.entries import Entry
from api.fast.heads import Head
from api.traffic import Line

_ANY = "*"


class Ready:
    """What one request is answered but for the date and, unless it brings one, its id; ``until`` is
    when, of the monotonic clock, it has to be made anew.
    """

    __slots__ = ("body", "line", "request_id", "status", "told", "until")

    def __init__(self, entry: Entry, head: Head, target: bytes, *, until: float) -> None:
        self.until = until
        self.request_id = head.request_id
        self.status, self.told, self.body = 200, entry.head, entry.body
        if head.held and (entry.etag in head.held or _ANY in head.held):
            self.status, self.told, self.body = 304, entry.unchanged_head, b""
        elif head.takes_gzip and entry.compressed is not None:
            self.told, self.body = entry.compressed_head, entry.compressed
        self.line = Line(entry.route, self.status, target=target, size=len(self.body))
