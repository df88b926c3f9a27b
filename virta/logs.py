"""Structured logs on standard error: words on a terminal, JSON lines elsewhere. No personal data."""

import logging
import sys

import structlog


def set_up_logs(level: int = logging.INFO) -> None:
    """Call once, before anything runs. Times are UTC."""
    colours = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if colours else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
