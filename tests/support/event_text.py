"""Events as readable lines, for golden texts: one line per event, long or unsteady values cut."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from athena.protocol import events as e
from athena.protocol.content import ToolContent, ToolDiff, ToolImage, ToolTerminal, ToolText
from athena.protocol.items import (
    Item,
    Message,
    Notice,
    Plan,
    Reasoning,
    ToolCall,
    Unrecognized,
    UserMessage,
)
from athena.protocol.request import Inquiry, Permission
from athena.protocol.usage import Cost, Usage

TEXT_LENGTH = 200


def event_lines(events: Iterable[e.EventData], names: Mapping[str, str] | None = None) -> str:
    """All events as text; `names` replaces unsteady texts such as paths."""
    lines = "".join(f"{event_line(event)}\n" for event in events)
    for value, name in sorted((names or {}).items(), key=lambda pair: -len(pair[0])):
        lines = lines.replace(value, name)
    return lines


def event_line(event: e.EventData) -> str:
    """One event as a line."""
    match event:
        case e.SessionOpened():
            return f"sessionOpened model={event.model} mode={event.mode}"
        case e.TurnStarted():
            return f"turnStarted {event.turn_id} origin={event.origin}"
        case e.TurnEnded():
            return _turn_ended(event)
        case e.UsageReported():
            return f"usage {event.model} {_usage(event.usage)}"
        case e.ContextMeasured():
            return f"context {event.window.used} of {event.window.size}"
        case e.ItemStarted():
            return f"+ {event.item_id} {_item(event.item)}{_turn(event.turn_id)}"
        case e.ItemCompleted():
            return f"= {event.item_id} {_item(event.item)}{_turn(event.turn_id)}"
        case e.ItemUpdated():
            return f"~ {event.item_id} {_json(event.changes)}"
        case e.RequestOpened():
            return f"? {event.request_id} item={event.item_id} {_request(event.request)}"
        case e.RequestClosed():
            return f"! {event.request_id} {event.outcome} by={event.by}"
        case e.CommandsChanged():
            return f"commandsChanged {len(event.commands)}"
        case e.OptionsChanged():
            current = {option.id: option.current for option in event.options}
            return f"optionsChanged {_json(current)}"
        case _:
            return f"{event.KIND} {_json(event.wire())}"


def _turn(turn_id: str | None) -> str:
    return "" if turn_id is not None else " (no turn)"


def _turn_ended(event: e.TurnEnded) -> str:
    parts = [f"turnEnded {event.turn_id} {event.stop_reason}"]
    if event.usage is not None:
        parts.append(_usage(event.usage))
    if event.cost is not None:
        parts.append(_cost(event.cost))
    if event.error is not None:
        error = event.error
        parts.append(f"error={error.category} status={error.status} {_cut(error.message)!r}")
    return " ".join(parts)


def _usage(usage: Usage) -> str:
    cached = f" cached={usage.cache_read_tokens}" if usage.cache_read_tokens else ""
    return f"in={usage.input_tokens} out={usage.output_tokens}{cached}"


def _cost(cost: Cost) -> str:
    return f"cost={cost.amount:g} {cost.currency} {cost.source}"


def _item(item: Item) -> str:
    match item:
        case UserMessage():
            return f"user by={item.by} {_json([one.wire() for one in item.content])}"
        case Message():
            return f"message {_cut(item.text)!r}"
        case Reasoning():
            return f"reasoning {_cut(item.text)!r}"
        case ToolCall():
            return _tool_call(item)
        case Plan():
            return f"plan {_json([[entry.status, entry.text] for entry in item.entries])}"
        case Notice():
            return f"notice {item.level} {item.topic} {_cut(item.text)!r}"
        case Unrecognized():
            return f"unrecognized {item.reason} {_cut(item.raw)!r}"


def _tool_call(call: ToolCall) -> str:
    parts = [f"{call.tool} [{call.status}] {_cut(call.title)!r} name={call.name}"]
    if call.parent_id:
        parts.append(f"parent={call.parent_id}")
    if call.locations:
        parts.append("at " + " ".join(f"{one.path}:{one.line or ''}" for one in call.locations))
    parts += [_content(one) for one in call.content]
    if call.output is not None:
        parts.append(f"output={_json(call.output)}")
    return " ".join(parts)


def _content(content: ToolContent) -> str:
    match content:
        case ToolText():
            return f"text={_cut(content.text)!r}"
        case ToolImage():
            return f"image={content.mime_type}"
        case ToolDiff():
            return f"diff={content.path} {_cut(content.old_text)!r} -> {_cut(content.new_text)!r}"
        case ToolTerminal():
            return f"terminal={content.terminal_id} {_cut(content.output)!r}"


def _request(request: Permission | Inquiry) -> str:
    if isinstance(request, Permission):
        options = " | ".join(f"{one.kind}: {one.name}" for one in request.options)
        return f"permission {_cut(request.title)!r} [{options}]"
    questions = [
        [one.text, [choice.label for choice in one.choices], one.several]
        for one in request.questions
    ]
    return f"inquiry {_json(questions)}"


def _json(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str | None) -> str:
    if text is None or len(text) <= TEXT_LENGTH:
        return text if text is not None else "None"
    return f"{text[:TEXT_LENGTH]}…+{len(text) - TEXT_LENGTH}"
