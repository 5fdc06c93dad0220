"""Start of a runner: `python -I -S <this folder>/__main__.py RUN_DIR`, its spec on stdin.

Answers `ready` on stdout and returns once the harness runs (or has failed to start, which
`exit.json` then says), while a second process, in a session of its own, goes on as the runner.
Errors: exit status 1 and one line on stderr.
"""

import os.path
import sys

if __name__ == "__main__":
    # `-I` keeps every folder of ours off the search path, and `-S` site-packages. The folder that
    # holds `athena` goes last, so nothing beside it can take the place of a standard module.
    # (A whole package, not a folder of loose files: relative imports stay true for type checkers,
    # and the daemon shares `layout`, `system` and `sweep` with it.)
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.append(os.path.dirname(package))
    from athena.runner.start import main

    sys.exit(main(sys.argv[1:]))
