"""`python -m athena.daemon`, or this file by its path, which is how relays start it."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Started by path and with -P, Python does not know where this package is. It comes last, so
    # that what lies beside it cannot hide a module of Python's own.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from athena.daemon.main import main

    sys.exit(main(sys.argv[1:]))
