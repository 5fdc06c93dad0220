"""The daemon's log: bounded, and nothing that the process prints gets past it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from athena.daemon import logfile

TALK = """
import logging, os, sys
from pathlib import Path
from athena.daemon import logfile
logfile.BYTES = 50_000
logfile.into_file(Path(sys.argv[1]))
for number in range(5000):
    logging.getLogger("athena.test").info("line %d %s", number, "x" * 100)
    if number % 1000 == 0:
        os.write(1, b"printed %d\\n" % number)
logging.getLogger("pygls").warning("what a library thinks")
logging.getLogger("athena.test").debug("details")
print("the last print", flush=True)
os.abort()
"""


def test_log_is_bounded_and_has_everything(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TALK, str(tmp_path)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["daemon.log", *(f"daemon.log.{n}" for n in range(1, logfile.OLDER_FILES + 1))]
    assert all(path.stat().st_size < 60_000 for path in tmp_path.iterdir())
    last = (tmp_path / "daemon.log").read_text()
    assert "line 4999" in last and "the last print" in last and "Fatal Python error" in last
    assert "what a library thinks" not in last and "details" not in last
    everything = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "printed 4000" in everything
