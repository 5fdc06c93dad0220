"""What to run, as the daemon says it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from athena.runner.spec import ERR_BYTES, FRAME_BYTES, GRACE_MS, READ_BYTES


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One harness (or terminal) process. `run_id` is also the name of its run directory.

    `env` is the whole environment; it reaches the runner through a pipe and no disk. `umask` of
    the process; `None`: the daemon's own. `merge_stderr` puts both outputs into the frames, as a
    terminal does. `idle_ms`: end an unattached, silent run after so long; 0 never does.
    `grace_ms`: from TERM to KILL where no call says otherwise. `out_bytes`: beyond that much
    output the process is read no more (state `stalled: output limit`); 0 sets no limit.
    """

    run_id: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    umask: int | None = None
    merge_stderr: bool = False
    idle_ms: int = 0
    grace_ms: int = GRACE_MS
    read_bytes: int = READ_BYTES
    out_bytes: int = 0
    err_bytes: int = ERR_BYTES
    frame_bytes: int = FRAME_BYTES

    def to_json(self) -> bytes:
        """The runner's stdin (see `athena.runner.spec`)."""
        document: dict[str, object] = {
            "runId": self.run_id,
            "argv": list(self.argv),
            "cwd": str(self.cwd),
            "env": dict(self.env),
            "mergeStderr": self.merge_stderr,
            "idleMs": self.idle_ms,
            "graceMs": self.grace_ms,
            "readBytes": self.read_bytes,
            "outBytes": self.out_bytes,
            "errBytes": self.err_bytes,
            "frameBytes": self.frame_bytes,
        }
        if self.umask is not None:
            document["umask"] = self.umask
        return json.dumps(document).encode()
