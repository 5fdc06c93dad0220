"""`athena` with the echo core: `program.py relay MODE …` and `program.py daemon …`.

Run by its path, as the real daemon is. Everything but the core is the real thing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "server"), str(ROOT)]
DAEMON = [sys.executable, "-P", str(Path(__file__).resolve()), "daemon"]


def main() -> int:
    import athena

    # Another version of the same program, for what happens between versions.
    athena.__version__ = os.environ.get("ECHO_VERSION", athena.__version__)
    what, *rest = sys.argv[1:]
    if what == "relay":
        from athena.relay.main import run

        return run(rest[0], rest[1:], command=DAEMON)
    from athena.daemon.main import main as daemon
    from athena.lsp import features
    from tests.doors.echo import compose

    features.FEATURES = (*features.FEATURES, _more_features)

    return daemon(rest, compose)


def _more_features(*arguments: Any) -> None:
    from tests.doors.features import register

    register(*arguments)


if __name__ == "__main__":
    sys.exit(main())
