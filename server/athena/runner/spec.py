"""What a runner is asked to run: one JSON document on stdin, which is never written to disk.

| key | type | meaning |
| --- | --- | --- |
| `runId` | text | required |
| `argv` | list of text | required; `argv[0]` is looked up on the PATH of `env` |
| `cwd` | text | required |
| `env` | object of text | required: the whole environment of the harness; `ATHENA_RUN` is added |
| `umask` | number | file mode mask of the harness; absent: the runner's own at its start |
| `mergeStderr` | bool | stderr goes into `out.spool` too (terminals) |
| `idleMs` | number | end after so long unattached and without output; 0: never |
| `graceMs` | number | from closing stdin to TERM, and from TERM to KILL, when not told otherwise |
| `readBytes` | number | the one read buffer |
| `outBytes` | number | stop to read the harness beyond that much output; 0: no limit |
| `errBytes` | number | how much of stderr is kept |
| `frameBytes` | number | the longest frame that is taken for the harness |
"""

from __future__ import annotations

import os

from . import layout
from .shapes import integer, mapping, text, texts

SPEC_BYTES = 16 * 1024 * 1024
READ_BYTES = 128 * 1024
LEAST_READ_BYTES = 4096
ERR_BYTES = 4 * 1024 * 1024
FRAME_BYTES = 256 * 1024 * 1024
GRACE_MS = 5000


class Spec:
    """The checked document; `Malformed` says what is wrong with it."""

    def __init__(self, document: layout.Document, run_dir: str) -> None:
        self.run_id = text(document, "runId")
        self.argv = texts(document, "argv")
        self.cwd = text(document, "cwd")
        env = mapping(document, "env")
        self.env = {name: str(value) for name, value in env.items()}
        self.env[layout.MARK] = run_dir
        self.umask = integer(document, "umask", _own_umask())
        self.merge_stderr = document.get("mergeStderr") is True
        self.idle = integer(document, "idleMs", 0) / 1000
        self.grace = integer(document, "graceMs", GRACE_MS) / 1000
        self.read_bytes = max(LEAST_READ_BYTES, integer(document, "readBytes", READ_BYTES))
        self.out_bytes = integer(document, "outBytes", 0)
        self.err_bytes = integer(document, "errBytes", ERR_BYTES)
        self.frame_bytes = integer(document, "frameBytes", FRAME_BYTES)

    def forget(self) -> None:
        """Drop what may be secret or large, and is needed only to start the harness."""
        self.argv, self.env = [], {}


def _own_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
