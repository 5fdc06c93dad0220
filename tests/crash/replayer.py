"""A harness that says again what was recorded, one frame at a time, each when it is released.

    python replayer.py OUT_SPOOL RELEASED

Frame n is printed when the file RELEASED holds a number of at least n. A response waits for its
request, and after a request of its own the harness waits for the answer, as the recorded one did.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

POLL_SECONDS = 0.002
BETWEEN_TURNS = ("available_commands_update", "config_option_update", "current_mode_update")
"""Updates that a session may send before its first prompt."""


class Heard:
    """What came on stdin: the ids of requests and of answers."""

    def __init__(self) -> None:
        self.requests: set[object] = set()
        self.prompted = False
        self.answers: set[object] = set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            message = json.loads(line)
            self.prompted |= message.get("method") == "session/prompt"
            if "id" in message:
                (self.requests if "method" in message else self.answers).add(message["id"])
        sys.exit(0)


def until(check: object) -> None:
    while not check():  # type: ignore[operator]
        time.sleep(POLL_SECONDS)


def released(path: Path) -> int:
    try:
        return int(path.read_text() or 0)
    except (FileNotFoundError, ValueError):
        return 0


def _in_turn(message: dict[str, object]) -> bool:
    params = message.get("params")
    update = params.get("update") if isinstance(params, dict) else None
    kind = update.get("sessionUpdate") if isinstance(update, dict) else None
    return kind not in BETWEEN_TURNS


def main() -> None:
    spool, gate = Path(sys.argv[1]), Path(sys.argv[2])
    heard = Heard()
    for number, line in enumerate(spool.read_bytes().splitlines(), 1):
        message = json.loads(line)
        if "method" not in message and "id" in message:
            until(lambda wanted=message["id"]: wanted in heard.requests)
        elif _in_turn(message):
            until(lambda: heard.prompted)
        until(lambda n=number: released(gate) >= n)
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
        if "method" in message and "id" in message:
            until(lambda wanted=message["id"]: wanted in heard.answers)
    threading.Event().wait()


if __name__ == "__main__":
    main()
