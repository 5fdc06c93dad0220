"""Crates that are programs, built by the Rust of the system."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tools.setup.commands import run
from tools.setup.errors import SetupError
from tools.setup.tool import Tool

BUILD_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class CargoTool(Tool):
    """A crate with a command of the same name. To build one takes minutes, so no test needs one."""

    program: str = ""

    kind: ClassVar[str] = "Cargo"

    def __post_init__(self) -> None:
        if not self.program:
            object.__setattr__(self, "program", f"bin/{self.name}")

    def install(self, prefix: Path) -> None:
        """Build the crate at its version; raises `SetupError` where there is no Rust."""
        cargo = shutil.which("cargo")
        if cargo is None:
            raise SetupError(f"{self.name} is built with Rust: install cargo first")
        words = ["install", "--quiet", "--locked", "--version", f"={self.version}"]
        run([cargo, *words, "--root", str(prefix), self.name], seconds=BUILD_SECONDS)
