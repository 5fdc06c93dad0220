"""Paths given by a client or an agent stay inside their worktree; paths of git survive JSON."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from athena.worktree.errors import PathEscapes

# `.git` as file systems that fold case or have short names see it (CVE-2014-9390).
GIT_FOLDER = re.compile(r"\.git(?:$|[ .:])|git~[0-9]+$", re.I)

ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
UNESCAPES = {ord(letter): code for code, letter in ESCAPES.items()}


def inside(root: Path, given: str | os.PathLike[str], *, follow: bool = True) -> Path:
    """The real path of `given`, which must lie in `root` after every `..` and symbolic link.

    Relative paths are relative to `root`; absolute ones are taken when they lie in it. With
    `follow` false the last component is not resolved, to speak of a symbolic link itself. Raises
    `PathEscapes` for everything outside, for NUL bytes and for the `.git` folder.
    """
    text = os.fspath(given)
    if not text or "\0" in text:
        raise PathEscapes(f"{text!r} is not a path.", advice="Give a path inside the worktree.")
    real_root = Path(os.path.realpath(root))
    wanted = real_root / text
    try:
        real = _resolve(wanted, follow)
    except (OSError, RuntimeError) as error:
        raise PathEscapes(
            f"{text!r} cannot be followed: {error}.", advice="Give a path inside the worktree."
        ) from error
    if real != real_root and not real.is_relative_to(real_root):
        raise PathEscapes(
            f"{text!r} leads out of {real_root}.", advice="Give a path inside the worktree."
        )
    if any(is_git_folder(part) for part in real.relative_to(real_root).parts):
        raise PathEscapes(
            f"{text!r} is part of git's own files.", advice="Use git to change those."
        )
    return real


def is_git_folder(component: str) -> bool:
    """Whether a file system could take this path component for `.git`."""
    visible = "".join(c for c in component if unicodedata.category(c) != "Cf")
    return GIT_FOLDER.match(visible) is not None


def to_wire(path: str) -> str:
    """A path of git as valid Unicode: quoted as git quotes it, only where it must be.

    Paths that are UTF-8 stay as they are; others, and those that begin with a quote, come back
    in C style inside double quotes, as `git ls-files` prints them. `from_wire` is the inverse.
    """
    raw = path.encode("utf-8", "surrogateescape")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if not path.startswith('"'):
            return path
    return '"' + "".join(_quoted(byte) for byte in raw) + '"'


def from_wire(text: str) -> str:
    """The path that `to_wire` made `text` of."""
    if not (len(text) >= 2 and text.startswith('"') and text.endswith('"')):
        return text
    raw = text[1:-1].encode("utf-8", "surrogateescape")
    unquoted = re.sub(rb'\\([0-7]{3}|[abtnvfr"\\])', _unquoted, raw)
    return unquoted.decode("utf-8", "surrogateescape")


def _quoted(byte: int) -> str:
    if byte in ESCAPES:
        return "\\" + ESCAPES[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _unquoted(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return bytes([int(code, 8) & 255]) if len(code) == 3 else bytes([UNESCAPES[code[0]]])


def _resolve(path: Path, follow: bool) -> Path:
    if follow or path.name in {"", ".", ".."}:
        return path.resolve(strict=False)
    return path.parent.resolve(strict=False) / path.name
