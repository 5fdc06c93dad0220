"""pi's tools in the common vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

from athena.harness.decode import Json, maybe_number, maybe_text, obj, objs, text
from athena.harness.toolrows import ToolRow
from athena.protocol.content import Location, ToolContent, ToolDiff, ToolImage, ToolText
from athena.protocol.items import ItemStatus, ToolCall, ToolKind


def _edits(given: Json, path: str) -> list[ToolContent]:
    return [
        ToolDiff(path=path, old_text=text(one.get("oldText")), new_text=text(one.get("newText")))
        for one in objs(given.get("edits"))
    ]


def _written(given: Json, path: str) -> list[ToolContent]:
    return [ToolDiff(path=path, new_text=text(given.get("content")))]


TOOLS: Mapping[str, ToolRow] = {
    "bash": ToolRow(ToolKind.EXECUTE, "command"),
    "edit": ToolRow(ToolKind.EDIT, "path", "Edit", "path", _edits),
    "find": ToolRow(ToolKind.SEARCH, "pattern", "Find", "path"),
    "grep": ToolRow(ToolKind.SEARCH, "pattern", "Search", "path"),
    "ls": ToolRow(ToolKind.SEARCH, "path", "List", "path"),
    "read": ToolRow(ToolKind.READ, "path", "Read", "path"),
    "write": ToolRow(ToolKind.EDIT, "path", "Write", "path", _written),
}
"""Tools that pi has by itself; those of extensions are of kind `other`."""


def tool_call(name: str, given: Json, cwd: str) -> ToolCall:
    """A call of the tool `name` that runs."""
    row = TOOLS.get(name, ToolRow(ToolKind.OTHER))
    path = _absolute(maybe_text(given.get(row.path)), cwd) if row.path else None
    line = maybe_number(given.get("offset")) if row.kind is ToolKind.READ else None
    return ToolCall(
        title=row.title(given, cwd) or name,
        tool=row.kind,
        name=name,
        status=ItemStatus.IN_PROGRESS,
        locations=[Location(path=path, line=line)] if path else [],
        content=row.content(given, path) if row.content and path else [],
        input=given or None,
    )


def _absolute(path: str | None, cwd: str) -> str | None:
    """pi takes paths from its working directory on."""
    return path if path is None or path.startswith(("/", "~")) else f"{cwd}/{path}"


def said(result: Json) -> str:
    """The text of a result."""
    return "".join(text(one.get("text")) for one in objs(result.get("content")))


def finished(call: ToolCall, result: Json, is_error: bool) -> ToolCall:
    """The call with its result. A diff says more than that it was made."""
    shows_itself = any(isinstance(one, ToolDiff) for one in call.content)
    more = [] if shows_itself and not is_error else _content(result)
    return call.model_copy(
        update={
            "status": ItemStatus.FAILED if is_error else ItemStatus.COMPLETED,
            "content": [*call.content, *more],
            "output": obj(result.get("details")) or None if call.name not in TOOLS else None,
        }
    )


def _content(result: Json) -> list[ToolContent]:
    found: list[ToolContent] = []
    for part in objs(result.get("content")):
        if part.get("type") == "image":
            mime = text(part.get("mimeType"))
            found.append(ToolImage(data=text(part.get("data")), mime_type=mime))
        elif words := maybe_text(part.get("text")):
            found.append(ToolText(text=words))
    return found
