"""Which program a harness is here: where, and of which make."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from athena.harness.decode import Json, is_obj, maybe_text, obj
from athena.harness.rows import Harness

SCRIPT = b"#!"
INSIDE = 5
"""How many folders above a script its package may be described."""


@dataclass(frozen=True, slots=True)
class Program:
    """A harness's program, found. `key` changes when the program does. Of a program for Node, its
    package says the `version`, and the versions of Node that it wants."""

    path: str
    key: str
    node: str | None = None
    version: str | None = None


def find(harness: Harness, environment: Mapping[str, str]) -> Program | None:
    """The program on the PATH of the environment, or `None`. The row's own variables go over it."""
    places = {**environment, **harness.env}.get("PATH", os.defpath)
    path = shutil.which(harness.argv[0], path=places)
    if path is None:
        return None
    real = Path(path).resolve()
    try:
        about = real.stat()
    except OSError:
        return None
    words = [*harness.argv, str(real), about.st_size, about.st_mtime_ns]
    key = hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]
    package = _package(real)
    node = maybe_text(obj(package.get("engines")).get("node"))
    return Program(path, key, node, maybe_text(package.get("version")))


def _package(program: Path) -> Json:
    """What describes a script for Node (`package.json`); empty if it is no such script."""
    try:
        with program.open("rb") as file:
            first = file.readline(200)
    except OSError:
        return {}
    if not first.startswith(SCRIPT) or b"node" not in first:
        return {}
    for folder in list(program.parents)[:INSIDE]:
        try:
            package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if is_obj(package):
            return package
    return {}
