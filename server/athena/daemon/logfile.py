"""The daemon's own log: one file of bounded size and a few older ones."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from athena.relay import paths

BYTES = 2 << 20
OLDER_FILES = 3
FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
CHATTY = ("pygls", "asyncio", "aiosqlite", "jsonrpcserver")
"""Libraries that log each message, or what we answer and log ourselves."""


class _OutputToo(RotatingFileHandler):
    """Lets standard output and error go where the log goes, after each rotation again.

    So a crash of the interpreter or a stray print lands in a bounded file too.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=BYTES, backupCount=OLDER_FILES, encoding="utf-8")
        self._point_output()

    def doRollover(self) -> None:
        super().doRollover()
        self._point_output()

    def _point_output(self) -> None:
        if self.stream is not None:
            for descriptor in (1, 2):
                os.dup2(self.stream.fileno(), descriptor)


def into_file(state: Path) -> None:
    """Log into `daemon.log`. A disk that is full must not end the daemon: the log then misses."""
    logging.raiseExceptions = False
    _configure(_OutputToo(state / paths.LOG))


def onto_stderr() -> None:
    """Log where the daemon was started, for `athena daemon run` and service managers."""
    _configure(logging.StreamHandler(sys.stderr))


def _configure(handler: logging.Handler) -> None:
    handler.setFormatter(logging.Formatter(FORMAT))
    wanted = os.environ.get("ATHENA_LOG_LEVEL", "INFO").upper()
    level = wanted if wanted in logging.getLevelNamesMapping() else "INFO"
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    faulthandler.enable()
