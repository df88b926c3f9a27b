"""Structured logs on standard error: words on a terminal, JSON lines elsewhere. No personal data."""

import contextlib
import logging
import sys
import traceback
from typing import Literal, TextIO, cast

import structlog

Form = Literal["auto", "words", "json"]
_FRAMES = 4  # of the place where a fault came from


def set_up_logs(level: int = logging.INFO, form: Form = "auto") -> None:
    """Call it before anything runs; the last call counts. Times are UTC. What libraries say by Python's own
    `logging` comes along as a line of its own, without its words, which may quote what somebody sent."""
    words = form == "words" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if words else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Wordless)]:
        root.removeHandler(handler)
    root.addHandler(_Wordless(max(level, logging.WARNING)))


class _Unfailing:
    """Standard error, perhaps a file on a disk that is full: a line that cannot be written is no reason to
    stop. As far as the buffer goes, it is written later."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._file.flush()


class _Wordless(logging.Handler):
    """What a library says, told by where it was said and by the kind and place of the fault alone."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger("virta")
        fault = record.exc_info[1] if record.exc_info else None
        if fault is None:
            log.warning("a library has something to say", by=record.name, said=str(record.msg)[:200])
            return
        frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES:]
        log.error(
            "a fault of the program",
            by=record.name,
            fault=type(fault).__name__,
            at=[f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
        )
