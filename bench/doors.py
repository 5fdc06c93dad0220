"""How soon an editor is served, by the real program: relay, daemon, and what they hold in memory.

    python -m bench.doors          a table
    python -m bench.doors --json   the same numbers for a machine

The baseline is the start of a Python that does nothing, measured in turns with the rest. `warm` is
from starting `athena lsp` to the last byte of the answer to `initialize`; `cold` the same without a
daemon; `killed` from SIGKILL of the daemon, with editors attached, until a new `athena lsp` that an
editor starts as soon as its old one ends has answered: alone, and with the supervisor that would
replace it. Times are in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from athena.daemon.supervisor import SETTLED_SECONDS
from athena.relay import control
from athena.relay.client import HeadlessClient

ROUNDS = 15
COLD_ROUNDS = 5
CALLS = 2_000
ATTACHED = 5
ATHENA = [str(Path(sys.executable).with_name("athena"))]


class Editor:
    """An `athena lsp` process, as an editor starts one."""

    def __init__(self, state: Path) -> None:
        environ = {"PATH": os.environ["PATH"], "HOME": str(state), "ATHENA_STATE_DIR": str(state)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*ATHENA, "lsp"], env=environ, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def initialize(self) -> None:
        self.send(
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
        )
        length = int(self.stdout.readline().split(b":")[1])
        self.stdout.readline()
        assert b'"result"' in self.stdout.read(length)

    def send(self, message: object) -> None:
        body = json.dumps(message).encode()
        self.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.stdin.flush()

    def end(self) -> None:
        self.send({"jsonrpc": "2.0", "id": 2, "method": "shutdown"})
        self.send({"jsonrpc": "2.0", "method": "exit"})
        self.process.communicate()


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Milliseconds from the beginning of the block to the end of it."""
    begun = time.perf_counter()
    ended = begun
    yield lambda: (ended - begun) * 1000
    ended = time.perf_counter()


def nothing() -> float:
    with timed() as took:
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    return took()


def warm(state: Path) -> float:
    with timed() as took:
        editor = Editor(state)
        editor.initialize()
    editor.end()
    return took()


def cold(state: Path) -> float:
    control.stop(str(state))
    return warm(state)


def killed(state: Path, kill: Callable[[str], None]) -> float:
    attached = [Editor(state) for _ in range(ATTACHED)]
    for editor in attached:
        editor.initialize()
    while status(state)["uptimeSeconds"] < SETTLED_SECONDS:
        time.sleep(0.1)
    with timed() as took:
        kill(str(state))
        for editor in attached:
            editor.process.wait()
        again = Editor(state)
        again.initialize()
    again.end()
    return took()


def kill_daemon(state: str) -> None:
    os.kill(control.holder(state), signal.SIGKILL)


def status(state: Path) -> dict[str, Any]:
    found = control.status(str(state))
    assert found is not None
    return found


def calls(state: Path) -> dict[str, object]:
    """One request after the other over one connection, in the command line's own client."""
    with HeadlessClient(str(state), start=False) as client:
        each: list[float] = []
        for _ in range(CALLS):
            with timed() as took:
                client.call("athena/system/info")
            each.append(took())
    ranked = sorted(each)
    return {
        "calls": CALLS,
        "p50_ms": round(ranked[CALLS // 2], 3),
        "p99_ms": round(ranked[CALLS * 99 // 100], 3),
        "per_second": round(CALLS / sum(each) * 1000),
    }


def resident_mb(pid: int, field: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(status.split(f"{field}:")[1].split()[0]) / 1024, 1)


def measure() -> dict[str, object]:
    """All numbers of this file, with a state directory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        try:
            return measure_in(state)
        finally:
            control.stop(str(state), force=True)


def measure_in(state: Path) -> dict[str, object]:
    """All numbers of this file, in the order of the table."""
    cold(state)
    rounds = [(nothing(), warm(state)) for _ in range(ROUNDS)]
    base = statistics.median(each for each, _ in rounds)
    starts = [row("python that does nothing", [each for each, _ in rounds], base)]
    starts.append(row("warm initialize", [each for _, each in rounds], base))
    starts.append(row("cold initialize", [cold(state) for _ in range(COLD_ROUNDS)], base))
    for what, kill in (("killed", kill_daemon), ("killed with its supervisor", control.kill)):
        each = [killed(state, kill) for _ in range(COLD_ROUNDS)]
        starts.append(row(f"{what}, until back", each, base))
    editor = Editor(state)
    editor.initialize()
    pid = control.holder(str(state))
    memory = {
        "relay_mb": resident_mb(editor.process.pid, "VmRSS"),
        "relay_private_mb": private_mb(editor.process.pid),
        "daemon_mb": resident_mb(pid, "VmRSS"),
        "supervisor_mb": resident_mb(psutil.Process(pid).ppid(), "VmRSS"),
        "both_proportional_mb": round(
            sum(proportional_mb(each) for each in (pid, psutil.Process(pid).ppid())), 1
        ),
    }
    editor.end()
    return {"starts": starts, "calls": [calls(state)], "memory": [memory]}


def proportional_mb(pid: int) -> float:
    """Its share of what is shared included (PSS)."""
    return psutil.Process(pid).memory_full_info().pss / (1 << 20)


def private_mb(pid: int) -> float:
    """What would be free again without this process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return round(
        sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024, 1
    )


def row(name: str, each: list[float], base: float) -> dict[str, object]:
    median = statistics.median(each)
    return {
        "what": name,
        "median_ms": round(median, 1),
        "worst_ms": round(max(each), 1),
        "times_python": round(median / base, 1),
    }


def table(title: str, rows: list[dict[str, object]]) -> str:
    """Markdown, one row per measurement."""
    names = list(rows[0])
    lines = [f"### {title}", "", " | ".join(["", *names, ""]).strip()]
    lines.append("|" + " --- |" * len(names))
    lines += [" | ".join(["", *(str(row[name]) for name in names), ""]).strip() for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the doors")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    measured = measure()
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    for title, rows in measured.items():
        assert isinstance(rows, list)
        sys.stdout.write(table(title, rows) + "\n")


if __name__ == "__main__":
    main()
