"""Traces of OpenTelemetry, where somebody collects them. Else nothing is loaded for them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from gitinsight.outward_settings import TracingSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

Value = str | int | float | bool
_PATIENCE_SECONDS = 2.0
"""With a collector that is told the last spans: the SDK waits for half a minute."""


class Span(Protocol):
    """What is under way; facts may be added to it."""

    def set_attribute(self, key: str, value: Value) -> None: ...

    def update_name(self, name: str) -> None: ...


class _Nothing:
    def set_attribute(self, key: str, value: Value) -> None: ...

    def update_name(self, name: str) -> None: ...


_NOTHING = _Nothing()
_provider: "TracerProvider | None" = None
_tracer: "Tracer | None" = None


def configure(settings: TracingSettings, *, service: str) -> None:
    """Of this process, once. The last spans are sent when it ends in order."""
    global _provider, _tracer  # noqa: PLW0603 - there is one place that spans go to
    if settings.endpoint is None or _provider is not None:
        return
    # Whoever collects no traces does not load what makes them.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

    _provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.sampled_ratio),
        resource=Resource.create({"service.name": service}),
        shutdown_on_exit=False,  # whoever ends a process does it, and waits no longer than we do
    )
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.endpoint.rstrip('/')}/v1/traces",
        headers=None
        if settings.authorization is None
        else {"authorization": settings.authorization.get_secret_value()},
    )
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("gitinsight")


def is_on() -> bool:
    return _tracer is not None


@contextmanager
def span(
    name: str, *, parent: Mapping[str, str] | None = None, **facts: Value | None
) -> Iterator[Span]:
    """``parent`` are headers of W3C Trace Context, of whoever asked; without any it is what is
    under way here. What is raised within is part of it.
    """
    if _tracer is None:
        yield _NOTHING
        return
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - as above
        TraceContextTextMapPropagator,
    )

    told = {key.replace("__", "."): value for key, value in facts.items() if value is not None}
    context = TraceContextTextMapPropagator().extract(parent) if parent else None
    with _tracer.start_as_current_span(name, context=context, attributes=told) as begun:
        yield begun


def ids() -> dict[str, str]:
    """Of what is under way, as logs tell them."""
    if _tracer is None:
        return {}
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - as above

    told = get_current_span().get_span_context()
    if not told.is_valid:
        return {}
    return {"trace_id": f"{told.trace_id:032x}", "span_id": f"{told.span_id:016x}"}


def traceparent() -> str | None:
    """Of what is under way, if it is sent anywhere."""
    if _tracer is None:
        return None
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - as above

    told = get_current_span().get_span_context()
    if not (told.is_valid and told.trace_flags.sampled):
        return None
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-01"


def flush() -> None:
    """Before a process may be ended by force."""
    if _provider is not None:
        _try(_provider.force_flush)


def stop() -> None:
    """Send what is left; from now on nothing is traced."""
    global _provider, _tracer  # noqa: PLW0603 - as above
    if _provider is not None:
        _try(_provider.shutdown)
    _provider = _tracer = None


def _try(work: Callable[[], object]) -> None:
    """What is not done by then goes on for as long as the process does."""
    one = Thread(target=work, name="traces", daemon=True)
    one.start()
    one.join(_PATIENCE_SECONDS)
