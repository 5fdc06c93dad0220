"""A real VS Code workbench with a real extension host: code-server, from npm alone.

No install script of the package runs, because some download and some build what a test never
uses; the few native modules that the server loads are built one by one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tools.setup.debian import apt_install
from tools.setup.npm import NODE, npm, npm_install
from tools.setup.tool import Tool, script

NATIVE_MODULES = (
    "node-pty",
    "@vscode/spdlog",
    "@vscode/native-watchdog",
    "@vscode/deviceid",
    "@parcel/watcher",
)
WORKBENCH_LINKS = {
    "bin/remote-cli/code-server": "code-linux.sh",
    "bin/helpers/browser.sh": "browser-linux.sh",
}
BUILD_PACKAGES = {"g++": "g++", "make": "make", "python3": "python3", "pkg-config": "pkg-config"}


@dataclass(frozen=True, kw_only=True)
class CodeServerTool(Tool):
    """code-server at a version, and `bin/code-server` to start it."""

    program: str = "bin/code-server"
    needs: tuple[str, ...] = ("node",)

    kind: ClassVar[str] = "npm"

    def install(self, prefix: Path) -> None:
        """Install the server, the workbench inside it and the built-in extensions."""
        missing = [package for name, package in BUILD_PACKAGES.items() if not shutil.which(name)]
        if missing:
            apt_install(missing)
        npm_install(prefix, {"code-server": self.version}, build=["argon2"])
        server = prefix / "node_modules" / "code-server"
        workbench = server / "lib" / "vscode"
        npm("install", "--omit=dev", "--ignore-scripts", cwd=workbench)
        npm("rebuild", "--foreground-scripts", *NATIVE_MODULES, cwd=workbench)
        npm("install", "--omit=dev", "--ignore-scripts", cwd=workbench / "extensions")
        # What code-server's own post-install script links, where the package has it not already.
        for name, target in WORKBENCH_LINKS.items():
            if not (workbench / name).exists():
                (workbench / name).symlink_to(target)
        entry = server / "out" / "node" / "entry.js"
        script(prefix, self.program, f'exec "{NODE.path}" "{entry}" "$@"')
