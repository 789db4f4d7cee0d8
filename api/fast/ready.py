"""Answers as good as sent: a request that comes again word for word is recognised by one look."""

from api.fast.entries import UNCHANGED, Entry, lines
from api.fast.heads import Head
from api.traffic import Line


class Ready:
    """What one request is answered but for what all answers of its form begin with and, unless it
    brings one, its id. ``until`` is when, of the monotonic clock, it has to be made anew.
    """

    __slots__ = ("body", "form", "line", "request_id", "told", "until")

    def __init__(self, entry: Entry, head: Head, target: bytes, *, until: float) -> None:
        self.until = until
        self.request_id = head.request_id
        self.form = entry.form(head.held, takes_gzip=head.takes_gzip)
        self.body = entry.body_in(self.form)
        size = len(self.body)
        own = {"etag": entry.etag}
        if self.form is not UNCHANGED:
            own["content-length"] = str(size)
        self.told = lines(own) + b"x-request-id: "
        self.line = Line(entry.route, self.form.status, target=target, size=size)
