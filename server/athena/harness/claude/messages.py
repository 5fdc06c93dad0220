"""Complete messages (`assistant`, `user`): each finishes or makes items.

One `assistant` message comes for each block of a response, all with the response's id; the
results of tools come as `user` messages (`SDKAssistantMessage`, `SDKUserMessage`).
"""

from __future__ import annotations

import json

from athena.harness.claude.errors import of_assistant
from athena.harness.claude.memory import Work, call_key
from athena.harness.claude.tools import (
    PLAN_TOOL,
    SUBAGENTS,
    finished,
    plan,
    tool_call,
)
from athena.harness.claude.usage import of_response
from athena.harness.decode import Json, maybe_text, obj, objs, text
from athena.harness.ledger import BACKGROUND
from athena.protocol.content import TextContent
from athena.protocol.items import Item, Message, Reasoning, ToolCall, UserMessage

SYNTHETIC = "<synthetic>"
INTERRUPTED = "[Request interrupted by user"


def assistant(work: Work, frame: Json) -> None:
    """One complete block of a response, or an error that Claude Code words as a message."""
    message = obj(frame.get("message"))
    scope = text(frame.get("parent_tool_use_id"))
    if not scope and work.ledger.turn_id is None:
        work.begin_own_turn()
    if frame.get("error") or frame.get("is_api_error_message"):
        _error(work, frame, message, scope)
        return
    for block in objs(message.get("content")):
        _block(work, text(message.get("id")), scope, block)
    if not scope:
        # The tokens of a subagent's responses are not final here; the turn's sum has them.
        _count(work, message)


def _error(work: Work, frame: Json, message: Json, scope: str) -> None:
    words = "\n".join(text(block.get("text")) for block in objs(message.get("content")))
    error = of_assistant(frame, words)
    if not scope:
        work.remember(error=error)
    work.notice(words or error.message, "error", topic="api")


def _count(work: Work, message: Json) -> None:
    """Count a response that was not streamed; a streamed one is counted at its end."""
    message_id, model = text(message.get("id")), text(message.get("model"))
    if not message_id or model == SYNTHETIC or message_id in work.memory.streamed:
        return
    usage = of_response(obj(message.get("usage")))
    if usage.output_tokens or usage.input_tokens:
        work.responded(message_id, model or None, usage)


def _block(work: Work, message_id: str, scope: str, block: Json) -> None:
    match block.get("type"):
        case "text" if not scope:
            _speech(work, message_id, Message(text=text(block.get("text"))))
        case "thinking" if not scope:
            _speech(work, message_id, Reasoning(text=text(block.get("thinking"))))
        case "text" | "thinking" | "redacted_thinking":
            # What a subagent says is told by the result of its tool call.
            pass
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            _call(work, scope, block)
        case str(kind) if kind.endswith("_tool_result"):
            _result(work, block, block.get("content"))
        case unknown:
            work.unrecognized(f"content block {unknown!r}", json.dumps(block))


def _speech(work: Work, message_id: str, item: Message | Reasoning) -> None:
    """Finish the oldest open block of this response of the same kind; else it is new."""
    keys = sorted(work.ledger.open_items)
    for key in keys:
        opened = work.ledger.open_items[key]
        if key.startswith(f"block:{message_id}:") and isinstance(opened.item, type(item)):
            work.complete(key, item)
            return
    if item.text:
        work.add(item)


def _call(work: Work, scope: str, block: Json) -> None:
    name, given = text(block.get("name")), obj(block.get("input"))
    tool_use_id = text(block.get("id"))
    key = call_key(tool_use_id, scope)
    if name == PLAN_TOOL:
        if not scope:
            work.plan(plan(given))
        return
    call = tool_call(name, given, work.memory.cwd, work.memory.subagents.get(scope))
    if work.find(key) is None:
        work.start(key, call)
    else:
        work.update(key, call)
    opened = work.find(key)
    if opened is not None and name in SUBAGENTS:
        work.remember(subagents={**work.memory.subagents, tool_use_id: opened.item_id})


def user(work: Work, frame: Json) -> None:
    """Results of tools, and whatever else Claude Code tells the model in the user's name."""
    if frame.get("isReplay") is True:
        return
    message = obj(frame.get("message"))
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objs(content)
    for block in blocks:
        match block.get("type"):
            case "tool_result":
                _result(work, block, frame.get("tool_use_result"))
            case "text":
                _said_for_user(work, frame, text(block.get("text")))
            case _:
                # Images and documents that a tool put before the model belong to its result.
                pass


def _result(work: Work, block: Json, result: object) -> None:
    tool_use_id = text(block.get("tool_use_id"))
    key = work.call_key(tool_use_id)
    opened = work.find(key)
    if opened is None or not isinstance(opened.item, ToolCall):
        return
    if _goes_on(result):
        to_background(work, tool_use_id)
    else:
        work.complete(key, finished(opened.item, block, result))


def _goes_on(result: object) -> bool:
    """Whether a tool's result only says that its work has begun, or goes on."""
    given = obj(result)
    return (
        given.get("status") == "async_launched"
        or given.get("detachedToolCall") is True
        or maybe_text(given.get("backgroundTaskId")) is not None
    )


def to_background(work: Work, tool_use_id: str) -> None:
    """Keep the item of a call open beyond its turn, until the task's end is reported."""
    opened = dict(work.ledger.open_items)
    kept = opened.pop(work.call_key(tool_use_id), None)
    if kept is not None:
        work.replace_open({**opened, call_key(tool_use_id, scope=BACKGROUND): kept})


def _said_for_user(work: Work, frame: Json, words: str) -> None:
    """Text in the user's name that the user did not write."""
    from_subagent = bool(frame.get("parent_tool_use_id"))
    if from_subagent or words.startswith(INTERRUPTED) or frame.get("isSynthetic") is True:
        return
    origin = obj(frame.get("origin")).get("kind")
    if origin == "human":
        return
    item: Item = UserMessage(content=[TextContent(text=words)], by="harness")
    work.add(item)
