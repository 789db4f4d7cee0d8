"""A collector of OpenTelemetry: an HTTP server that reads what real ones read."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from gitinsight import traces
from gitinsight.outward_settings import TracingSettings


@dataclass(frozen=True, slots=True)
class Told:
    """A span; its ids are hexadecimal, ``parent`` is empty where it is the first of its trace."""

    name: str
    service: str
    trace: str
    id: str
    parent: str
    facts: dict[str, Any]
    is_error: bool


@dataclass
class Collector:
    url: str
    spans: list[Told] = field(default_factory=list)
    authorizations: set[str | None] = field(default_factory=set)

    def named(self, name: str) -> Told:
        (found,) = (one for one in self.spans if one.name == name)
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            collector.authorizations.add(self.headers.get("authorization"))
            collector.spans += _spans(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


@contextmanager
def traced(**told: Any) -> Iterator[Collector]:
    """What this process does is told to a collector; all of it is there when it ends."""
    with collecting() as collector:
        settings = TracingSettings.model_validate({"endpoint": collector.url, **told})
        traces.configure(settings, service="test")
        try:
            yield collector
        finally:
            traces.stop()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Told]:
    for resource in request.resource_spans:
        (service,) = (
            one.value.string_value
            for one in resource.resource.attributes
            if one.key == "service.name"
        )
        for scope in resource.scope_spans:
            for one in scope.spans:
                facts = {
                    fact.key: getattr(fact.value, fact.value.WhichOneof("value") or "string_value")
                    for fact in one.attributes
                }
                yield Told(
                    one.name, service, one.trace_id.hex(), one.span_id.hex(),
                    one.parent_span_id.hex(), facts, one.status.code == 2,
                )  # fmt: skip
