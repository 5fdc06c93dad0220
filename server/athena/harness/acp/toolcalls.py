"""Tool calls: what ACP says of them piece by piece, as one item."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from athena.harness.acp.content import spoken
from athena.harness.acp.memory import Work
from athena.harness.decode import Json, maybe_number, maybe_text, obj, objs, text
from athena.harness.paths import shown
from athena.protocol import events as e
from athena.protocol.content import (
    Location,
    ToolContent,
    ToolDiff,
    ToolImage,
    ToolTerminal,
    ToolText,
)
from athena.protocol.items import ItemStatus, ToolCall, ToolKind

STATUS = {
    "pending": ItemStatus.PENDING,
    "in_progress": ItemStatus.IN_PROGRESS,
    "completed": ItemStatus.COMPLETED,
    "failed": ItemStatus.FAILED,
}
OVER = (ItemStatus.COMPLETED, ItemStatus.FAILED)
ON_FILES = (ToolKind.READ, ToolKind.EDIT, ToolKind.DELETE)
KINDS = {kind.value: kind for kind in ToolKind}

MOST_FINISHED = 64
"""Calls of a turn that are over and still known: the memory is written with every commit."""


def key_of(call_id: str) -> str:
    """The ledger's name of a tool call."""
    return f"tool:{call_id}"


def tool_update(work: Work, said: Json) -> str | None:
    """Take a `tool_call` or `tool_call_update`; the item's name. Null: it says nothing new."""
    call_id = text(said.get("toolCallId"))
    if call_id in work.memory.finished:
        return _afterwards(work, work.memory.finished[call_id], said)
    key = key_of(call_id)
    known = work.find(key)
    before = known.item if known and isinstance(known.item, ToolCall) else ToolCall(title="")
    item = readable(merged(before, said), work.memory.cwd)
    item_id = known.item_id if known else work.start(key, item)
    _note_terminals(work, call_id, item)
    if item.status in OVER:
        work.complete(key, item)
        work.remember(finished=_newest({**work.memory.finished, call_id: item_id}))
    else:
        work.update(key, item)
    return item_id


def readable(item: ToolCall, cwd: str) -> ToolCall:
    """With a title and locations for people, whatever the agent leaves out.

    A command is its own best title, a title names the one file that is touched, and paths are seen
    from the workspace. A diff is a location too.
    """
    changed = [one.path for one in item.content if isinstance(one, ToolDiff)]
    locations = item.locations or [Location(path=path) for path in dict.fromkeys(changed)]
    title = item.title.replace(f"{cwd}/", "")
    if item.tool is ToolKind.EXECUTE:
        title = text(obj(item.input).get("command")) or title
    elif item.tool in ON_FILES and len(locations) == 1:
        name = PurePosixPath(locations[0].path).name
        title = title if name in title else f"{title}: {shown(locations[0].path, cwd)}"
    return item.model_copy(update={"title": title, "locations": locations})


def _note_terminals(work: Work, call_id: str, item: ToolCall) -> None:
    shown = {one.terminal_id: call_id for one in item.content if isinstance(one, ToolTerminal)}
    if shown.keys() - work.memory.terminals.keys():
        work.remember(terminals={**work.memory.terminals, **shown})


def _afterwards(work: Work, item_id: str, said: Json) -> str:
    """Some agents tell more of a tool call when it is over: only the new fields are recorded."""
    more = merged(ToolCall(title=""), said)
    changes: dict[str, Any] = {}
    if more.content:
        changes["content"] = [one.wire() for one in more.content]
    if more.output is not None:
        changes["output"] = more.output
    if text(said.get("status")) in STATUS:
        changes["status"] = more.status.value
    if changes:
        work.events.append(e.ItemUpdated(item_id=item_id, changes=changes))
    return item_id


def merged(item: ToolCall, said: Json) -> ToolCall:
    """The tool call with the fields that an update gives; each given field replaces the old one."""
    changes: dict[str, Any] = {}
    if title := text(said.get("title")):
        changes["title"] = title
    if "kind" in said:
        changes["tool"] = KINDS.get(text(said.get("kind")), ToolKind.OTHER)
    if name := _own_name(said):
        changes["name"] = name
    if status := STATUS.get(text(said.get("status"))):
        changes["status"] = status
    if objs(said.get("locations")):
        changes["locations"] = [
            Location(path=text(one.get("path")), line=maybe_number(one.get("line")))
            for one in objs(said.get("locations"))
        ]
    if said.get("content") is not None:
        changes["content"] = _kept(item.content, _contents(said))
    if said.get("rawInput") not in (None, {}):
        changes["input"] = said["rawInput"]
    if said.get("rawOutput") is not None:
        changes["output"] = said["rawOutput"]
    found = item.model_copy(update=changes)
    return _with_terminal(found, obj(said.get("_meta")))


def _own_name(said: Json) -> str | None:
    """The agent's own name of the tool: a field of some, in `_meta` of others."""
    meta = obj(said.get("_meta"))
    own = [one.get("toolName") for one in (meta, *map(obj, meta.values()))]
    return next((name for one in (said.get("name"), *own) if (name := maybe_text(one))), None)


def _contents(said: Json) -> list[ToolContent]:
    return [one for value in objs(said.get("content")) if (one := _content(value)) is not None]


def _content(value: Json) -> ToolContent | None:
    match value.get("type"):
        case "content":
            block = obj(value.get("content"))
            if block.get("type") == "image":
                data, mime = text(block.get("data")), text(block.get("mimeType"))
                return ToolImage(data=data, mime_type=mime)
            return ToolText(text=spoken(block))
        case "diff":
            old = value.get("oldText")
            # An empty old text stands for a new file with some agents, which then say so.
            added = obj(value.get("_meta")).get("kind") == "add"
            return ToolDiff(
                path=text(value.get("path")),
                old_text=old if isinstance(old, str) and not added else None,
                new_text=text(value.get("newText")),
            )
        case "terminal":
            return ToolTerminal(terminal_id=text(value.get("terminalId")))
        case _:
            return None


def _kept(before: list[ToolContent], after: list[ToolContent]) -> list[ToolContent]:
    """The new content, with what would be lost: the output of terminals that are named again, and
    diffs, which some agents replace by a word of success."""
    seen = {one.terminal_id: one for one in before if isinstance(one, ToolTerminal)}
    told = {one.path for one in after if isinstance(one, ToolDiff)}
    diffs = [one for one in before if isinstance(one, ToolDiff) and one.path not in told]
    return [
        *diffs,
        *(
            seen.get(one.terminal_id, one) if isinstance(one, ToolTerminal) else one
            for one in after
        ),
    ]


def _with_terminal(item: ToolCall, meta: Json) -> ToolCall:
    """Output that comes in `_meta`: the convention of editors for agents with own terminals."""
    delta, output = obj(meta.get("terminal_output_delta")), obj(meta.get("terminal_output"))
    ended = obj(meta.get("terminal_exit"))
    named = (maybe_text(one.get("terminal_id")) for one in (delta, output, ended))
    terminal_id = next((name for name in named if name), None)
    if terminal_id is None:
        return item
    return show_terminal(
        item,
        terminal_id,
        text(output.get("data")) if output else None,
        more=text(delta.get("data")),
        exit_code=maybe_number(ended.get("exit_code")),
    )


def show_terminal(
    item: ToolCall,
    terminal_id: str,
    output: str | None,
    more: str = "",
    exit_code: int | None = None,
) -> ToolCall:
    """The tool call with what its terminal printed; `more` is added to what is known."""
    old = next(
        (
            one
            for one in item.content
            if isinstance(one, ToolTerminal) and one.terminal_id == terminal_id
        ),
        ToolTerminal(terminal_id=terminal_id),
    )
    known = old.output if output is None else output
    new = old.model_copy(
        update={
            "output": (known or "") + more if known is not None or more else None,
            "exit_code": old.exit_code if exit_code is None else exit_code,
        }
    )
    others = [one for one in item.content if one is not old]
    return item.model_copy(update={"content": [*others, new]})


def _newest(finished: dict[str, str]) -> dict[str, str]:
    """The calls that ended last: a word about one that ended long before begins a new item."""
    return dict(list(finished.items())[-MOST_FINISHED:])
