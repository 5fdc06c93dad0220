"""What a tool is: a pinned program in a folder of its own in the cache, with a stamp when it works.

A kind of tool is a subclass with an `install`; a tool is one row of `table.py`.
"""

from __future__ import annotations

import abc
import fcntl
import hashlib
import inspect
import os
import re
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tools.setup.commands import run, say
from tools.setup.errors import SetupError

STAMP = ".installed"


def cache() -> Path:
    """The folder that holds all tools: `$ATHENA_CACHE` or `~/.cache/athena-dev`."""
    named = os.environ.get("ATHENA_CACHE")
    return Path(named).absolute() if named else Path.home() / ".cache" / "athena-dev"


@contextmanager
def exclusively(name: str) -> Generator[None]:
    """Hold the cache's lock of this name, so that two callers do not install one thing at once."""
    folder = cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another set-up of {name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, kw_only=True)
class Tool(abc.ABC):
    """One program, or folder of files, that tests need.

    `program` is what `path` answers, relative to the tool's folder. After an installation it is
    run with `check`, and must print something that matches `says`; without `check` it must exist.
    `needs` names the tools that must be installed before this one.
    """

    name: str
    version: str
    program: str
    check: tuple[str, ...] = ("--version",)
    says: str = ""
    needs: tuple[str, ...] = ()
    note: str = ""

    kind: ClassVar[str]

    @abc.abstractmethod
    def install(self, prefix: Path) -> None:
        """Fill the empty folder `prefix`; raises `SetupError`."""

    @property
    def prefix(self) -> Path:
        """The folder of this version in the cache."""
        return cache() / f"{self.name}-{self.version}"

    @property
    def path(self) -> Path:
        """Where the program is once it is installed."""
        return self.prefix / self.program

    def is_installed(self) -> bool:
        """Whether this very recipe was installed to its end and its program is still there."""
        stamp = self.prefix / STAMP
        return self.path.exists() and stamp.exists() and stamp.read_text() == self._recipe()

    def ensure(self) -> None:
        """Install the tool unless it is there; raises `SetupError` with the tool's name."""
        if self.is_installed():
            return
        with exclusively(self.name):
            if self.is_installed():
                return
            say(f"{self.name} {self.version}: installing")
            began = time.monotonic()
            shutil.rmtree(self.prefix, ignore_errors=True)
            self.prefix.mkdir(parents=True)
            try:
                self.install(self.prefix)
                self.verify()
            except (SetupError, OSError) as error:
                raise SetupError(f"{self.name} {self.version}: {error}") from error
            (self.prefix / STAMP).write_text(self._recipe())
            say(f"{self.name} {self.version}: ready in {time.monotonic() - began:.0f} s")

    def verify(self) -> None:
        """Run the program as its row says; raises `SetupError` when it does not work."""
        if not self.path.exists():
            raise SetupError(f"the installation has no {self.program}")
        if not self.check:
            return
        with tempfile.TemporaryDirectory(prefix="athena-setup-") as home:  # Some write to it.
            printed = run([self.path, *self.check], env={"HOME": home}, seconds=120)
        if not re.search(self.says, printed, re.MULTILINE):
            raise SetupError(f"{self.path} printed no {self.says!r} but:\n{printed}")

    def _recipe(self) -> str:
        kinds = type(self).__mro__
        source = "".join(inspect.getsource(kind) for kind in kinds[: kinds.index(Tool)])
        return hashlib.sha256(f"{self!r}\n{source}".encode()).hexdigest()


def link(prefix: Path, program: str, target: Path) -> None:
    """Make `program` in `prefix` lead to `target`, an executable elsewhere."""
    place = prefix / program
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def script(prefix: Path, program: str, text: str) -> None:
    """Write an executable shell script as `program` in `prefix`."""
    place = prefix / program
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
