"""Codex's items (`ThreadItem`) in the common vocabulary."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping

from athena.harness.codex.diffs import file_diff
from athena.harness.decode import Json, items, maybe_text, number, obj, objs, text, texts
from athena.harness.paths import shown
from athena.protocol.content import Location, ToolContent, ToolImage, ToolText
from athena.protocol.items import ItemStatus, Message, Reasoning, ToolCall, ToolKind

STATUS: Mapping[str, ItemStatus] = {
    "inProgress": ItemStatus.IN_PROGRESS,
    "completed": ItemStatus.COMPLETED,
    "failed": ItemStatus.FAILED,
    "declined": ItemStatus.FAILED,
    "interrupted": ItemStatus.CANCELLED,
}

ACTIONS: Mapping[str, ToolKind] = {
    "read": ToolKind.READ,
    "listFiles": ToolKind.SEARCH,
    "search": ToolKind.SEARCH,
}
"""What Codex itself read out of a command line (`CommandAction`)."""


def speech(item: Json) -> Message | Reasoning | None:
    """An item that is text, or `None`."""
    match item.get("type"):
        case "agentMessage" | "plan":
            return Message(text=text(item.get("text")))
        case "reasoning":
            parts = texts(item.get("summary")) or texts(item.get("content"))
            return Reasoning(text="\n\n".join(parts))
        case _:
            return None


def tool_call(item: Json, cwd: str, parent_id: str | None) -> ToolCall | None:
    """An item that is work, or `None`."""
    make = TOOLS.get(text(item.get("type")))
    if make is None:
        return None
    call = make(item, cwd)
    return call.model_copy(update={"parent_id": parent_id}) if parent_id else call


def _status(item: Json) -> ItemStatus:
    return STATUS.get(text(item.get("status")), ItemStatus.IN_PROGRESS)


def _command(item: Json, cwd: str) -> ToolCall:
    actions = objs(item.get("commandActions"))
    kinds = {ACTIONS.get(text(action.get("type")), ToolKind.EXECUTE) for action in actions}
    paths = [path for action in actions if (path := maybe_text(action.get("path")))]
    command = text(item.get("command"))
    output = text(item.get("aggregatedOutput"))
    exit_code = item.get("exitCode")
    return ToolCall(
        title=_command_title(command),
        tool=kinds.pop() if len(kinds) == 1 else ToolKind.EXECUTE,
        name="shell",
        status=_status(item),
        locations=[Location(path=path) for path in paths],
        content=[ToolText(text=output)] if output else [],
        input={"command": command, "cwd": text(item.get("cwd")) or cwd},
        output={"exitCode": exit_code} if isinstance(exit_code, int) else None,
    )


def _command_title(command: str) -> str:
    """The command without the shell that Codex puts around it (`/bin/bash -lc '...'`)."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    is_wrapped = len(words) == 3 and words[1] in ("-c", "-lc")
    return words[2] if is_wrapped else command


def _file_change(item: Json, cwd: str) -> ToolCall:
    changes = objs(item.get("changes"))
    kinds = {text(obj(change.get("kind")).get("type")) for change in changes}
    moved = any(obj(change.get("kind")).get("move_path") for change in changes)
    names = ", ".join(shown(text(change.get("path")), cwd) for change in changes)
    kind = ToolKind.MOVE if moved else ToolKind.DELETE if kinds == {"delete"} else ToolKind.EDIT
    verb = {"add": "Write", "delete": "Delete"}.get(next(iter(kinds), ""), "Edit")
    return ToolCall(
        title=f"{verb if len(kinds) == 1 else 'Edit'} {names}".strip(),
        tool=kind,
        name="apply_patch",
        status=_status(item),
        locations=[Location(path=text(change.get("path"))) for change in changes],
        content=[file_diff(change) for change in changes],
    )


def _mcp(item: Json, cwd: str) -> ToolCall:
    result, error = obj(item.get("result")), obj(item.get("error"))
    said = [_mcp_content(one) for one in objs(result.get("content"))]
    if error:
        said.append(ToolText(text=text(error.get("message"))))
    return ToolCall(
        title=f"{text(item.get('server'))}: {text(item.get('tool'))}",
        name=f"{text(item.get('server'))}.{text(item.get('tool'))}",
        status=_status(item),
        content=said,
        input=item.get("arguments"),
        output=result.get("structuredContent"),
    )


def _mcp_content(part: Json) -> ToolContent:
    match part.get("type"):
        case "text":
            return ToolText(text=text(part.get("text")))
        case "image":
            return ToolImage(data=text(part.get("data")), mime_type=text(part.get("mimeType")))
        case _:
            return ToolText(text=json.dumps(part))


def _dynamic(item: Json, cwd: str) -> ToolCall:
    said = [text(part.get("text")) for part in objs(item.get("contentItems"))]
    return ToolCall(
        title=text(item.get("tool")),
        name=text(item.get("tool")),
        status=_status(item),
        content=[ToolText(text=one) for one in said if one],
        input=item.get("arguments"),
    )


def _web_search(item: Json, cwd: str) -> ToolCall:
    action = obj(item.get("action"))
    what = maybe_text(action.get("url")) or maybe_text(action.get("query"))
    query = what or text(item.get("query"))
    return ToolCall(
        title=f"Search the web for {query}" if query else "Search the web",
        tool=ToolKind.FETCH,
        name="web_search",
        status=ItemStatus.IN_PROGRESS,
        output=items(item.get("results")) or None,
    )


def _image_view(item: Json, cwd: str) -> ToolCall:
    path = text(item.get("path"))
    return ToolCall(
        title=f"Look at {shown(path, cwd)}",
        tool=ToolKind.READ,
        name="view_image",
        status=ItemStatus.IN_PROGRESS,
        locations=[Location(path=path)],
    )


def _image_generation(item: Json, cwd: str) -> ToolCall:
    saved = maybe_text(item.get("savedPath"))
    return ToolCall(
        title=maybe_text(item.get("revisedPrompt")) or "Make an image",
        name="image_generation",
        status=_status(item),
        locations=[Location(path=saved)] if saved else [],
    )


_COLLAB_TITLES = {
    "spawnAgent": "Start a subagent",
    "sendInput": "Write to a subagent",
    "sendMessage": "Write to a subagent",
    "followupTask": "Give a subagent more to do",
    "resumeAgent": "Resume a subagent",
    "wait": "Wait for subagents",
    "closeAgent": "Close a subagent",
    "interruptAgent": "Interrupt a subagent",
    "listAgents": "List the subagents",
}


def _collab(item: Json, cwd: str) -> ToolCall:
    tool, prompt = text(item.get("tool")), text(item.get("prompt"))
    states = obj(item.get("agentsStates"))
    said = [message for one in states.values() if (message := text(obj(one).get("message")))]
    return ToolCall(
        title=_COLLAB_TITLES.get(tool, tool),
        tool=ToolKind.THINK,
        name=tool,
        status=_status(item),
        content=[ToolText(text=one) for one in said],
        input={"prompt": prompt} if prompt else None,
    )


def _sleep(item: Json, cwd: str) -> ToolCall:
    seconds = number(item.get("durationMs")) / 1000
    status = ItemStatus.IN_PROGRESS
    return ToolCall(title=f"Wait {seconds:g} s", name="sleep", status=status)


TOOLS: Mapping[str, Callable[[Json, str], ToolCall]] = {
    "collabAgentToolCall": _collab,
    "commandExecution": _command,
    "dynamicToolCall": _dynamic,
    "fileChange": _file_change,
    "imageGeneration": _image_generation,
    "imageView": _image_view,
    "mcpToolCall": _mcp,
    "sleep": _sleep,
    "webSearch": _web_search,
}
