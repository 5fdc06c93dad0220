"""Claude Code's tools in the common vocabulary: what each does, in words, and to which files."""

from __future__ import annotations

from collections.abc import Mapping

from athena.harness.decode import Json, maybe_number, maybe_text, obj, objs, text
from athena.harness.toolrows import ToolRow
from athena.protocol.content import Location, ToolContent, ToolDiff, ToolImage, ToolText
from athena.protocol.items import ItemStatus, Plan, PlanEntry, ToolCall, ToolKind


def _edit(given: Json, path: str) -> list[ToolContent]:
    old, new = text(given.get("old_string")), text(given.get("new_string"))
    return [ToolDiff(path=path, old_text=old, new_text=new)]


def _multi_edit(given: Json, path: str) -> list[ToolContent]:
    return [
        ToolDiff(
            path=path, old_text=text(one.get("old_string")), new_text=text(one.get("new_string"))
        )
        for one in objs(given.get("edits"))
    ]


def _write(given: Json, path: str) -> list[ToolContent]:
    return [ToolDiff(path=path, new_text=text(given.get("content")))]


def _notebook(given: Json, path: str) -> list[ToolContent]:
    return [ToolDiff(path=path, new_text=text(given.get("new_source")))]


def _plan_text(given: Json, path: str) -> list[ToolContent]:
    plan = maybe_text(given.get("plan"))
    return [ToolText(text=plan)] if plan else []


_FILE = "file_path"
_SUBAGENT = ToolRow(ToolKind.THINK, "description")

TOOLS: Mapping[str, ToolRow] = {
    "Agent": _SUBAGENT,
    "AskUserQuestion": ToolRow(ToolKind.OTHER, verb="Ask the user"),
    "Bash": ToolRow(ToolKind.EXECUTE, "command"),
    "BashOutput": ToolRow(ToolKind.EXECUTE, "bash_id", "Read the output of"),
    "Edit": ToolRow(ToolKind.EDIT, _FILE, "Edit", _FILE, _edit),
    "EnterPlanMode": ToolRow(ToolKind.SWITCH_MODE, verb="Make a plan"),
    "ExitPlanMode": ToolRow(ToolKind.SWITCH_MODE, verb="Carry out the plan", content=_plan_text),
    "Glob": ToolRow(ToolKind.SEARCH, "pattern", "Find", "path"),
    "Grep": ToolRow(ToolKind.SEARCH, "pattern", "Search", "path"),
    "KillShell": ToolRow(ToolKind.EXECUTE, "shell_id", "End"),
    "LS": ToolRow(ToolKind.SEARCH, "path", "List", "path"),
    "MultiEdit": ToolRow(ToolKind.EDIT, _FILE, "Edit", _FILE, _multi_edit),
    "NotebookEdit": ToolRow(ToolKind.EDIT, "notebook_path", "Edit", "notebook_path", _notebook),
    "PowerShell": ToolRow(ToolKind.EXECUTE, "command"),
    "Read": ToolRow(ToolKind.READ, _FILE, "Read", _FILE),
    "Skill": ToolRow(ToolKind.OTHER, "skill", "Use the skill"),
    "Task": _SUBAGENT,
    "ToolSearch": ToolRow(ToolKind.SEARCH, "query", "Find tools:"),
    "WebFetch": ToolRow(ToolKind.FETCH, "url", "Fetch"),
    "WebSearch": ToolRow(ToolKind.FETCH, "query", "Search the web for"),
    "Write": ToolRow(ToolKind.EDIT, _FILE, "Write", _FILE, _write),
}
"""Tools that are known by name; any other is of kind `other` and named as it names itself."""

SUBAGENTS = ("Agent", "Task")
PLAN_TOOL = "TodoWrite"
QUESTION_TOOL = "AskUserQuestion"
EXIT_PLAN_TOOL = "ExitPlanMode"


def tool_call(name: str, given: Json, cwd: str, parent_id: str | None = None) -> ToolCall:
    """A call of the tool `name`; `given` is empty while the input is still being streamed."""
    row = TOOLS.get(name, ToolRow(ToolKind.OTHER))
    path = maybe_text(given.get(row.path)) if row.path else None
    line = maybe_number(given.get("offset")) if row.kind is ToolKind.READ else None
    return ToolCall(
        title=row.title(given, cwd) or _named(name),
        tool=row.kind,
        name=name,
        status=ItemStatus.PENDING if not given else ItemStatus.IN_PROGRESS,
        locations=[Location(path=path, line=line)] if path else [],
        content=row.content(given, path or "") if row.content and given else [],
        input=given or None,
        parent_id=parent_id,
    )


def _named(name: str) -> str:
    """The name of a tool for people; `mcp__server__tool` of one of an MCP server."""
    return ": ".join(name.removeprefix("mcp__").split("__", 1)) if "__" in name else name


def finished(call: ToolCall, block: Json, result: object) -> ToolCall:
    """The call with its result: the `tool_result` block and the structured `tool_use_result`."""
    failed = block.get("is_error") is True
    said = _result_content(block.get("content"))
    shows_itself = any(isinstance(one, ToolDiff) for one in call.content)
    content = _settled_diff(call, obj(result)) if shows_itself and not failed else call.content
    return call.model_copy(
        update={
            "status": ItemStatus.FAILED if failed else ItemStatus.COMPLETED,
            "content": content if shows_itself and not failed else [*content, *said],
            "output": obj(result) or None if call.name not in TOOLS and not failed else None,
        }
    )


def _settled_diff(call: ToolCall, result: Json) -> list[ToolContent]:
    """A file that was overwritten is shown with what it held before."""
    before = maybe_text(result.get("originalFile"))
    if call.name != "Write" or before is None:
        return call.content
    return [
        one.model_copy(update={"old_text": before}) if isinstance(one, ToolDiff) else one
        for one in call.content
    ]


def _result_content(content: object) -> list[ToolContent]:
    if isinstance(content, str):
        return [ToolText(text=content)] if content else []
    found: list[ToolContent] = []
    for part in objs(content):
        source = obj(part.get("source"))
        match part.get("type"):
            case "text":
                found.append(ToolText(text=text(part.get("text"))))
            case "image" if source.get("type") == "base64":
                mime = text(source.get("media_type"))
                found.append(ToolImage(data=text(source.get("data")), mime_type=mime))
            case "tool_reference":
                found.append(ToolText(text=text(part.get("tool_name"))))
            case _:
                found.append(ToolText(text=f"[{part.get('type')}]"))
    return found


_TODO_STATUS = {
    "pending": ItemStatus.PENDING,
    "in_progress": ItemStatus.IN_PROGRESS,
    "completed": ItemStatus.COMPLETED,
}


def plan(given: Json) -> Plan:
    """The plan that a call of `TodoWrite` writes."""
    return Plan(
        entries=[
            PlanEntry(
                text=text(todo.get("content")),
                status=_TODO_STATUS.get(text(todo.get("status")), ItemStatus.PENDING),
            )
            for todo in objs(given.get("todos"))
        ]
    )
