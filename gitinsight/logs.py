"""Structured logs: past-tense event names with facts; lines on a terminal, JSON elsewhere."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

from gitinsight import traces


def _traced(_logger: object, _name: str, event: EventDict) -> EventDict:
    for name, value in traces.ids().items():
        event.setdefault(name, value)
    return event


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    _traced,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure(level: str = "INFO", *, stream: TextIO = sys.stderr) -> None:
    """Send every log record of this process, our libraries' too, to ``stream`` in one format."""
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    lines = logging.StreamHandler(stream)
    lines.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [lines]
    root.setLevel(level)
    server = logging.getLogger("uvicorn")  # Prefect gives it an end, and a level, of its own
    server.handlers, server.propagate = [], True
    server.setLevel(logging.NOTSET)
    for frank in ("uvicorn.error", "websockets"):  # keys are in what they say of each request
        logging.getLogger(frank).setLevel(max(root.level, logging.INFO))
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
