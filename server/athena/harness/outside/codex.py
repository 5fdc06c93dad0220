"""A session file of Codex (a rollout) as events.

Newer versions write each finished item as the app-server says it, in another spelling; older ones
write an event for each kind of work. Both are turned into the app-server's items.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter

from athena.harness.codex import notifications
from athena.harness.codex.memory import Memory as DriverMemory
from athena.harness.codex.memory import Tokens, Work
from athena.harness.codex.usage import as_usage, token_usage
from athena.harness.decode import Json, line_of, maybe_text, obj, objs, parse, text, texts
from athena.harness.ledger import Ledger
from athena.harness.outside.reading import Dated, milliseconds
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.items import UserMessage


@dataclass(frozen=True, slots=True)
class Memory:
    """`has_items`: the file says finished items, so what older versions say is not read."""

    driver: DriverMemory
    at: int = 0
    has_items: bool = False


_MEMORY = TypeAdapter(Memory)


def begin(run_id: str, session_id: str, cwd: str) -> Memory:
    """The memory before the first line."""
    return Memory(DriverMemory(ledger=Ledger(run_id), thread_id=session_id, cwd=cwd))


def dump(memory: Memory) -> bytes:
    return _MEMORY.dump_json(memory)


def load(data: bytes) -> Memory:
    return _MEMORY.validate_json(data)


def read(memory: Memory, line: bytes) -> tuple[Memory, list[Dated]]:
    """Take one line of the file."""
    work = _Reading(memory)
    found = parse(line)
    if found is None:
        if line.strip():
            work.unrecognized("no JSON object", line_of(line))
    else:
        work.at = milliseconds(text(found.get("timestamp"))) or work.at
        work.take(text(found.get("type")), obj(found.get("payload")))
    return work.done()


def rest(memory: Memory) -> tuple[Memory, list[Dated]]:
    """There are no more lines now. Codex says itself when a turn is over."""
    return memory, []


def close(memory: Memory) -> tuple[Memory, list[Dated]]:
    """There will be no more lines: whatever is open was broken off."""
    work = _Reading(memory)
    work.finish(cancelled=True)
    work.settle_all()
    return work.done()


class _Reading(Work):
    """The draft of one line."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory.driver)
        self.at = memory.at
        self.has_items = memory.has_items

    def take(self, kind: str, payload: Json) -> None:
        if kind == "turn_context":
            self.remember(model=maybe_text(payload.get("model")) or self.memory.model)
        elif kind == "compacted":
            self.notice("The conversation was compacted.", topic="compaction")
        elif kind == "event_msg":
            handler = EVENTS.get(text(payload.get("type")))
            if handler is not None:
                handler(self, payload)

    def ensure_turn(self) -> None:
        if self.ledger.turn_id is None:
            self.remember(spent=Tokens())
            self.begin_own_turn("prompt")

    def finish(self, cancelled: bool = False) -> None:
        turn_id = self.ledger.turn_id
        if turn_id is not None:
            stop = "cancelled" if cancelled else "endTurn"
            usage = as_usage(self.memory.spent)
            self.end_turn(e.TurnEnded(turn_id=turn_id, stop_reason=stop, usage=usage))
            self.remember(spent=Tokens())

    def item(self, item: Json) -> None:
        """A finished item, as the app-server says it."""
        self.ensure_turn()
        if item.get("type") == "userMessage":
            words = [text(part.get("text")) for part in objs(item.get("content"))]
            said = [TextContent(text=one) for one in words if one]
            self.add(UserMessage(content=[*said]))
        else:
            params: Json = {"threadId": self.memory.thread_id, "item": item}
            notifications.notification(self, {"method": "item/completed", "params": params})

    def done(self) -> tuple[Memory, list[Dated]]:
        memory = Memory(replace(self.memory, ledger=self.ledger), self.at, self.has_items)
        return memory, [Dated(self.at, event) for event in self.events]


# Newer files.


def _item_completed(reading: _Reading, payload: Json) -> None:
    reading.has_items = True
    reading.item(as_item(obj(payload.get("item"))))


def as_item(written: Json) -> Json:
    """An item of a file in the app-server's spelling."""
    item: Json = {_camel(key): value for key, value in written.items()}
    kind = text(written.get("type"))
    item["type"] = kind[:1].lower() + kind[1:]
    match item["type"]:
        case "agentMessage":
            parts = [text(part.get("text")) for part in objs(written.get("content"))]
            item["text"] = "".join(parts)
        case "reasoning":
            item["summary"] = texts(written.get("summary_text"))
            item["content"] = texts(written.get("raw_content"))
        case "commandExecution":
            item |= _command(written)
        case "fileChange":
            item["changes"] = _changes(obj(written.get("changes")))
        case _:
            pass
    return item


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _command(written: Json) -> Json:
    where = text(written.get("cwd"))
    path = unquote(urlsplit(where).path) if where.startswith("file:") else where
    actions = [
        {**one, "type": _camel(text(one.get("type")))} for one in objs(written.get("parsed_cmd"))
    ]
    command = shlex.join(texts(written.get("command")))
    return {"command": command, "cwd": path, "commandActions": actions}


def _changes(written: Json) -> list[Json]:
    changes: list[Json] = []
    for path, about in written.items():
        given = obj(about)
        diff = maybe_text(given.get("unified_diff")) or text(given.get("content"))
        kind = {"type": text(given.get("type")), "move_path": given.get("move_path")}
        changes.append({"path": path, "kind": kind, "diff": diff})
    return changes


# Older files.


def _old(make: Callable[[Json], Json]) -> Callable[[_Reading, Json], None]:
    """An event of older files, as an item."""

    def handler(reading: _Reading, payload: Json) -> None:
        if not reading.has_items:
            reading.item(make(payload))

    return handler


def _old_prompt(reading: _Reading, payload: Json) -> None:
    if not reading.has_items:
        content = [{"text": payload.get("message")}]
        reading.item({"type": "userMessage", "content": content})


def _old_command(payload: Json) -> Json:
    failed = payload.get("exit_code") not in (0, None)
    output = maybe_text(payload.get("aggregated_output"))
    both = f"{text(payload.get('stdout'))}{text(payload.get('stderr'))}"
    return {
        "type": "commandExecution",
        "id": payload.get("call_id"),
        "status": "failed" if failed else "completed",
        "aggregatedOutput": output or both,
        "exitCode": payload.get("exit_code"),
        **_command(payload),
    }


def _old_patch(payload: Json) -> Json:
    return {
        "type": "fileChange",
        "id": payload.get("call_id"),
        "status": "completed" if payload.get("success") is True else "failed",
        "changes": _changes(obj(payload.get("changes"))),
    }


def _old_mcp(payload: Json) -> Json:
    asked, result = obj(payload.get("invocation")), obj(payload.get("result"))
    good = obj(result.get("Ok"))
    return {
        "type": "mcpToolCall",
        "id": payload.get("call_id"),
        "server": asked.get("server"),
        "tool": asked.get("tool"),
        "arguments": asked.get("arguments"),
        "status": "completed" if good else "failed",
        "result": good or None,
        "error": {"message": result.get("Err")} if "Err" in result else None,
    }


# Of all files.


def _turn_begins(reading: _Reading, payload: Json) -> None:
    reading.finish()
    reading.ensure_turn()


def _token_count(reading: _Reading, payload: Json) -> None:
    info = obj(payload.get("info"))

    def counts(name: str) -> dict[str, Any]:
        return {_camel(key): value for key, value in obj(info.get(name)).items()}

    if info:
        usage = {
            "total": counts("total_token_usage"),
            "last": counts("last_token_usage"),
            "modelContextWindow": info.get("model_context_window"),
        }
        token_usage(reading, {"tokenUsage": usage})


def _error(reading: _Reading, payload: Json) -> None:
    reading.notice(text(payload.get("message")) or "error", "error", "api")


def _title(reading: _Reading, payload: Json) -> None:
    title = maybe_text(payload.get("thread_name"))
    if title is not None:
        reading.events.append(e.TitleChanged(title=title))


EVENTS: Mapping[str, Callable[[_Reading, Json], None]] = {
    "agent_message": _old(lambda one: {"type": "agentMessage", "text": one.get("message")}),
    "agent_reasoning": _old(lambda one: {"type": "reasoning", "summary": [one.get("text")]}),
    "error": _error,
    "exec_command_end": _old(_old_command),
    "item_completed": _item_completed,
    "mcp_tool_call_end": _old(_old_mcp),
    "patch_apply_end": _old(_old_patch),
    "stream_error": _error,
    "task_complete": lambda reading, _: reading.finish(),
    "task_started": _turn_begins,
    "thread_name_updated": _title,
    "token_count": _token_count,
    "turn_aborted": lambda reading, _: reading.finish(cancelled=True),
    "user_message": _old_prompt,
}
