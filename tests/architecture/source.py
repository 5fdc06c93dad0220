"""The Python files of the checkout, parsed once for all rules."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED_MARK = "generated, do not edit"


@dataclass(frozen=True)
class Module:
    """A Python file: its path from the root of the checkout, its dotted name, its text and tree."""

    path: str
    name: str
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def is_generated(self) -> bool:
        return GENERATED_MARK in self.text[:1000].lower()

    def is_in(self, *packages: str) -> bool:
        """Whether the module is one of these or lies under one of these."""
        return any(self.name == one or self.name.startswith(f"{one}.") for one in packages)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything imported, at the top or inside a function."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.lineno, node.module

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything that is called by name, such as `time.sleep`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and (name := dotted(node.func)):
                yield node.lineno, name


def dotted(node: ast.AST) -> str:
    """The dotted name that an expression spells, or the empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


@functools.cache
def tracked_files() -> tuple[str, ...]:
    """Every committed file, as its path from the root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return tuple(name for name in listing.split("\0") if name and (ROOT / name).is_file())


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every committed Python file; those of the server are named `athena....`."""
    return tuple(
        Module(name, _dotted_path(name), (ROOT / name).read_text(encoding="utf-8"))
        for name in tracked_files()
        if name.endswith(".py")
    )


def _dotted_path(path: str) -> str:
    stem = path.removesuffix(".py").removesuffix("/__init__").removeprefix("server/")
    return stem.replace("/", ".")
