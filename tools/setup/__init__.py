"""Installs the real programs that Athena's tests run, pinned, into a cache outside the checkout.

`python -m tools.setup install nvim-0.11 @editors` installs tools and groups of tools,
`python -m tools.setup path nvim-0.11` prints where one is, `... list` shows them all.
Tests use `path`:

    from tools.setup import path
    nvim = path("nvim-0.11")

The cache is `$ATHENA_CACHE`, or `~/.cache/athena-dev`. `table.py` holds one row per tool.
"""

from tools.setup.errors import SetupError
from tools.setup.table import install, path

__all__ = ["SetupError", "install", "path"]
