"""The changes of a file that Codex makes (`FileUpdateChange`), as old and new text."""

from __future__ import annotations

from io import StringIO

from athena.harness.decode import Json, maybe_text, obj, text
from athena.protocol.content import ToolDiff


def file_diff(change: Json) -> ToolDiff:
    """A new file comes whole, a deleted one as it was, an update as a unified diff of its hunks."""
    path, diff = text(change.get("path")), text(change.get("diff"))
    kind = obj(change.get("kind"))
    match kind.get("type"):
        case "add":
            return ToolDiff(path=path, new_text=diff)
        case "delete":
            return ToolDiff(path=path, old_text=diff, new_text="")
        case _:
            old, new = hunks(diff)
            moved = maybe_text(kind.get("move_path"))
            return ToolDiff(path=moved or path, old_text=old, new_text=new)


def hunks(diff: str) -> tuple[str, str]:
    """The text of all hunks of a unified diff without file headers, before and after."""
    old: list[str] = []
    new: list[str] = []
    for line in StringIO(diff):  # Unlike `splitlines` it ends lines where git does.
        sign, content = line[:1], line[1:]
        if sign in "- ":
            old.append(content)
        if sign in "+ ":
            new.append(content)
    return "".join(old), "".join(new)
