"""Connecting to a Unix socket however long its path is.

An AF_UNIX address holds about 104 bytes on macOS and 108 on Linux, and a state directory may be
longer. The runner binds by a name relative to its working directory. A daemon cannot change its
own, as other work runs in it; it goes through a symbolic link in a fresh 0700 directory, for the
moment of connecting. (Linux alone could use `/proc/self/fd`; one way for both is tested on both.)
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 100
SHORT_FOLDER = "/tmp"


@contextmanager
def short_address(path: Path) -> Generator[str]:
    """A name for the socket `path` that fits into an address, while the context lasts."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) > LONGEST // 2:
        folder = SHORT_FOLDER
    with tempfile.TemporaryDirectory(prefix="athena-", dir=folder) as short:
        link = Path(short, "d")
        link.symlink_to(path.parent.absolute(), target_is_directory=True)
        yield str(link / path.name)
