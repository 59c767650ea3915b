"""Structured logs: one JSON object a line, only fields from an allow-list, so that nobody's data slips in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "service",
        "role",
        "method",
        "route",
        "status",
        "ms",
        "trace_id",
        "event_id",
        "subject",
        "stream",
        "attempts",
        "reason",
        "kind",
        "count",
        "due_at",
        "error",
        "where",
        "path",
        "version",
        "migration",
        "unit",
        "port",
        "url",
        "pid",
        "lag",
        "exit_code",
    ]
)


def _only_allowed(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [name for name in entry if name not in ALLOWED]
    for name in dropped:
        del entry[name]
    return entry


def _error_class(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception is logged by class and place: its message may quote a row, and rows hold people."""
    raised = entry.pop("exc_info", None)
    if isinstance(raised, BaseException):
        entry["error"] = type(raised).__name__
        trace = raised.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        if trace:
            entry["where"] = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
    return entry


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send every log of this process to standard error as JSON lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error_class,
            _only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


log: structlog.stdlib.BoundLogger = structlog.get_logger()
