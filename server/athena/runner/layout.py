"""The files of one run directory (0700), known to the runner that writes them and to its readers.

| file | holds |
| --- | --- |
| `lock` | `flock`ed by the runner for life: whoever gets the lock knows that the runner is dead |
| `run.json` | who runs: run id, boot id, runner and harness as pid and start time; no environment |
| `exit.json` | how the run ended; there is never more than one ending |
| `epoch` | the highest fencing epoch that was accepted, for people who look |
| `sock` | the runner's Unix socket, 0600 |
| `out.spool` | every byte of the harness's stdout |
| `out.index` | when it was said: records of `INDEX_RECORD` bytes |
| `in.spool` | every numbered frame for the harness: a header line, the payload, a newline |
| `err.log`, `err.tail`, `err.tail.old` | stderr: its first bytes, and its last ones by rotation |
| `runner.log` | what the runner itself has to complain about |
"""

from __future__ import annotations

import os

from .lean import Mapping, dumps

LOCK = "lock"
RUN = "run.json"
EXIT = "exit.json"
EPOCH = "epoch"
SOCKET = "sock"
OUT = "out.spool"
INDEX = "out.index"
IN = "in.spool"
ERR = "err.log"
ERR_TAIL = "err.tail"
ERR_TAIL_OLD = "err.tail.old"
LOG = "runner.log"

INDEX_RECORD = 16
"""Two little-endian u64: offset in `out.spool` where a read begins, and its Unix time in ms."""

MARK = "ATHENA_RUN"
"""Environment variable that the runner gives its harness, and that descendants inherit: the real
path of the run directory. (A run id alone may exist in two state directories.)"""

Document = Mapping[str, object]


def index_record(offset: int, at_ms: int) -> bytes:
    """One record of `out.index`."""
    return offset.to_bytes(8, "little") + at_ms.to_bytes(8, "little")


def input_header(number: int, length: int) -> bytes:
    """The line that precedes a frame in `in.spool`; `length` is the payload without its newline."""
    return b'{"n":%d,"len":%d}\n' % (number, length)


def replace(path: str, document: Document) -> None:
    """Write a JSON document so that readers, also after a power cut, see all of it or none."""
    draft = path + ".new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(dumps(document) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
