"""From agents' files to editors' documents and back. Pure, but for what exists on disk."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

from lsprotocol import types as t

from athena.protocol.agent import AgentView


def path_of(uri: str, *, real: bool = True) -> Path | None:
    """The file of a document, without symbolic links if it is to be `real`; None if it is none.

    Agents' places are real ones, while users come to the same files in whatever way they like.
    """
    parts = urlsplit(uri)
    if parts.scheme != "file" or not parts.path:
        return None
    path = os.fsdecode(unquote_to_bytes(parts.path))
    return Path(os.path.realpath(path) if real else path)


def uri_of(path: Path | str) -> str:
    """The document of a file."""
    return f"file://{quote(os.fsencode(path))}"


def roots(agent: AgentView) -> list[Path]:
    """Where the files of an agent's changeset are: its own tree, then the user's."""
    workspace = agent.workspace
    if workspace is None:
        return []
    found = [Path(workspace.path)]
    if workspace.repository and workspace.repository != workspace.path:
        found.append(Path(workspace.repository))
    return found


def inside(path: Path, root: Path) -> str | None:
    """The path below a root, as changesets write it; None when it is not below it."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return None


def lines(start: int, end: int) -> t.Range:
    """Whole lines, from 1, both included; a place without lines is the file's first."""
    first = max(start, 1) - 1
    return t.Range(t.Position(first, 0), t.Position(max(end, first + 1), 0))


def touches(one: t.Range, other: t.Range) -> bool:
    """Whether two ranges have a line in common."""
    return one.start.line <= _last(other) and other.start.line <= _last(one)


def _last(range_: t.Range) -> int:
    """The last line that a range holds something of."""
    ends_before = range_.end.character == 0 and range_.end.line > range_.start.line
    return range_.end.line - 1 if ends_before else range_.end.line
