"""What pi says by itself: one function per event, in one table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from athena.harness.decode import Json, amount, items, maybe_text, number, obj, objs, text
from athena.harness.errors import of_status, of_words, provider_words, status_in
from athena.harness.pi.asks import dialog
from athena.harness.pi.memory import Pending, Work
from athena.harness.pi.models import heard
from athena.harness.pi.tools import finished, said, tool_call
from athena.protocol import events as e
from athena.protocol.content import ImageContent, TextContent
from athena.protocol.items import ItemStatus, Message, Reasoning, ToolCall, UserMessage
from athena.protocol.usage import ContextWindow, Cost, CostSource, Usage

Handler = Callable[[Work, Json], None]
STATUS_FIRST = re.compile(r"^\d{3}\s+")


def event(work: Work, message: Json) -> None:
    """Take an event."""
    kind = text(message.get("type"))
    handler = EVENTS.get(kind)
    if handler is not None:
        handler(work, message)
    elif kind not in SILENT:
        work.unrecognized(f"event {kind!r}", json.dumps(message))


def turn_error(words: str) -> e.TurnError:
    """Why a response failed. pi has no classes of errors: `429 {"error": ...}` or just words."""
    status = status_in(words)
    message, kind = provider_words(STATUS_FIRST.sub("", words))
    category = of_status(status)
    if category in ("unknown", "invalidRequest"):
        category = of_words(message, kind.replace("_", " ")) or category
    return e.TurnError(category=category, message=message or words, status=status)


# Turns.


def _agent_start(work: Work, message: Json) -> None:
    if work.ledger.turn_id is None:
        work.begin_own_turn()
        work.new_turn(is_accepted=True)
    work.remember(is_running=True, will_go_on=False, stop="", error=None)
    if work.memory.is_interrupted:
        # It was asked for before there was anything to interrupt.
        work.request(Pending("abort"), "abort")


def _agent_end(work: Work, message: Json) -> None:
    work.remember(is_running=False)
    # What went wrong around a response is told here alone.
    for body in objs(message.get("messages"))[-1:]:
        _stopped(work, body)
    work.ask_whether_over()


def _stopped(work: Work, body: Json) -> None:
    """How a response of the model ended."""
    stop = text(body.get("stopReason"))
    if stop:
        words = maybe_text(body.get("errorMessage")) or "The provider gave no reason."
        work.remember(stop=stop, error=turn_error(words) if stop == "error" else None)


def _retry_start(work: Work, message: Json) -> None:
    work.remember(will_go_on=True)
    error = turn_error(text(message.get("errorMessage")))
    tries = f"{number(message.get('attempt'))} of {number(message.get('maxAttempts'))}"
    seconds = f"{number(message.get('delayMs')) / 1000:g} s"
    work.notice(f"{error.message}; retry {tries} in {seconds}.", "warning", "retry")


def _retry_end(work: Work, message: Json) -> None:
    if message.get("success") is not True:
        work.remember(will_go_on=False)
        work.ask_whether_over()


def _compaction_end(work: Work, message: Json) -> None:
    failed = maybe_text(message.get("errorMessage"))
    if failed:
        work.notice(failed, "warning", "compaction")
    elif message.get("aborted") is True:
        work.notice("The conversation was not compacted: it was cancelled.", topic="compaction")
    elif message.get("result"):
        work.notice("The conversation was compacted.", topic="compaction")
    will_go_on = message.get("willRetry") is True
    work.remember(will_go_on=will_go_on)
    # Before a prompt is accepted, pi goes on to it.
    if work.memory.is_accepted and not will_go_on:
        work.ask_whether_over("compacted")


# Messages.


def _part_key(index: int) -> str:
    return f"part:{index}"


def _message_start(work: Work, message: Json) -> None:
    work.remember(parts=())


def _message_update(work: Work, message: Json) -> None:
    part = obj(message.get("assistantMessageEvent"))
    index, kind = number(part.get("contentIndex")), text(part.get("type"))
    key = _part_key(index)
    match kind:
        case "text_delta" | "thinking_delta":
            if work.find(key) is None:
                work.start(key, Message() if kind == "text_delta" else Reasoning())
            work.append(key, text(part.get("delta")))
        case "text_end":
            _complete(work, index, Message(text=text(part.get("content"))))
        case "thinking_end":
            _complete(work, index, Reasoning(text=text(part.get("content"))))
        case "toolcall_start":
            _call_begins(work, part)
        case _ if kind in SILENT_PARTS:
            pass
        case _:
            work.unrecognized(f"part {kind!r}", json.dumps(part))


def _complete(work: Work, index: int, item: Message | Reasoning) -> None:
    work.remember(parts=(*work.memory.parts, index))
    if work.complete(_part_key(index), item) is None and item.text:
        work.add(item)


def _call_begins(work: Work, part: Json) -> None:
    """The model writes a call, which may take long; what it calls for comes when it runs."""
    written = items(obj(part.get("partial")).get("content"))
    call = obj(dict(enumerate(written)).get(number(part.get("contentIndex"))))
    if call.get("id"):
        item = tool_call(text(call.get("name")), {}, work.memory.cwd)
        pending = item.model_copy(update={"status": ItemStatus.PENDING})
        work.start(_call_key(call.get("id")), pending)


def _message_end(work: Work, message: Json) -> None:
    body = obj(message.get("message"))
    role = text(body.get("role"))
    match role:
        case "assistant":
            _assistant(work, body)
        case "user":
            _user(work, body)
        case "custom":
            if body.get("display") is True:
                words = _text_of(body.get("content"))
                work.notice(words, topic=maybe_text(body.get("customType")) or "extension")
        case "toolResult":
            # It was told when the tool was done.
            pass
        case _:
            work.unrecognized(f"message of {role!r}", json.dumps(body))


def _assistant(work: Work, body: Json) -> None:
    for index, part in enumerate(map(obj, items(body.get("content")))):
        kind = text(part.get("type"))
        if index in work.memory.parts or kind == "toolCall":
            continue
        match kind:
            case "text":
                _complete(work, index, Message(text=text(part.get("text"))))
            case "thinking":
                _complete(work, index, Reasoning(text=text(part.get("thinking"))))
            case _:
                work.unrecognized(f"part {kind!r}", json.dumps(part))
    _stopped(work, body)
    if work.memory.stop == "error":
        _never_run(work)
    _count(work, body)


def _never_run(work: Work) -> None:
    """The calls of a response that failed; pi may ask for it again."""
    for key, opened in work.ledger.open_items.items():
        if isinstance(opened.item, ToolCall) and opened.item.status is ItemStatus.PENDING:
            work.complete(key, opened.item.model_copy(update={"status": ItemStatus.FAILED}))


def _count(work: Work, body: Json) -> None:
    """pi's input is without what came from the cache, Athena's is with it."""
    told = obj(body.get("usage"))
    read, written = number(told.get("cacheRead")), number(told.get("cacheWrite"))
    usage = Usage(
        input_tokens=number(told.get("input")) + read + written,
        output_tokens=number(told.get("output")),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
    if usage == Usage():
        return
    dollars = amount(obj(told.get("cost")).get("total"))
    memory = work.memory
    work.remember(spent=memory.spent.plus(usage), dollars=memory.dollars + dollars)
    work.events.append(
        e.UsageReported(
            turn_id=work.ledger.turn_id,
            response_id=maybe_text(body.get("responseId")),
            model=f"{text(body.get('provider'))}/{text(body.get('model'))}",
            usage=usage,
            cost=Cost(amount=dollars, source=CostSource.REPORTED) if dollars else None,
        )
    )
    size = memory.model.window if memory.model is not None else None
    used = number(told.get("totalTokens"))
    work.events.append(e.ContextMeasured(window=ContextWindow(used=used, size=size)))


def _user(work: Work, body: Json) -> None:
    """A prompt: Athena's own are recorded already. What pi made of one, or an extension says in
    the user's name, is shown."""
    content, own = body.get("content"), list(work.memory.own)
    words = _text_of(content)
    if words in own:
        own.remove(words)
        work.remember(own=tuple(own))
        return
    shown = [] if isinstance(content, str) else objs(content)
    images = [
        ImageContent(data=text(one.get("data")), mime_type=text(one.get("mimeType")))
        for one in shown
        if one.get("type") == "image"
    ]
    work.add(UserMessage(content=[TextContent(text=words), *images], by="harness"))


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    return "".join(text(one.get("text")) for one in objs(content))


# Tools.


def _call_key(call_id: object) -> str:
    return f"call:{text(call_id)}"


def _tool_start(work: Work, message: Json) -> None:
    key, name = _call_key(message.get("toolCallId")), text(message.get("toolName"))
    call = tool_call(name, obj(message.get("args")), work.memory.cwd)
    if work.find(key) is None:
        work.start(key, call)
    else:
        work.update(key, call)


def _tool_update(work: Work, message: Json) -> None:
    """pi tells all that there is so far, or the end of it where that is much."""
    key = _call_key(message.get("toolCallId"))
    opened = work.find(key)
    words = said(obj(message.get("partialResult")))
    if opened is not None and words.startswith(opened.output):
        work.print(key, words[len(opened.output) :])


def _tool_end(work: Work, message: Json) -> None:
    key, is_error = _call_key(message.get("toolCallId")), message.get("isError") is True
    opened = work.find(key) or work.ledger.given_up.get(key)
    known = opened.item if opened is not None else None
    name = text(message.get("toolName"))
    call = known if isinstance(known, ToolCall) else tool_call(name, {}, work.memory.cwd)
    done = finished(call, obj(message.get("result")), is_error)
    if is_error and work.memory.is_interrupted:
        done = done.model_copy(update={"status": ItemStatus.CANCELLED})
    if work.complete(key, done) is None:
        work.add(done)


# The session.


def _level(work: Work, message: Json) -> None:
    heard(work, None, maybe_text(message.get("level")))


def _named(work: Work, message: Json) -> None:
    if name := maybe_text(message.get("name")):
        work.events.append(e.TitleChanged(title=name))


def _extension_error(work: Work, message: Json) -> None:
    path, words = text(message.get("extensionPath")), text(message.get("error"))
    work.notice(f"The extension {path} failed: {words}", "error", "extension")


EVENTS: Mapping[str, Handler] = {
    "agent_end": _agent_end,
    "agent_start": _agent_start,
    "auto_retry_end": _retry_end,
    "auto_retry_start": _retry_start,
    "compaction_end": _compaction_end,
    "extension_error": _extension_error,
    "extension_ui_request": dialog,
    "message_end": _message_end,
    "message_start": _message_start,
    "message_update": _message_update,
    "session_info_changed": _named,
    "thinking_level_changed": _level,
    "tool_execution_end": _tool_end,
    "tool_execution_start": _tool_start,
    "tool_execution_update": _tool_update,
}
SILENT = frozenset({"compaction_start", "queue_update", "turn_end", "turn_start"})
SILENT_PARTS = frozenset({"text_start", "thinking_start", "toolcall_delta", "toolcall_end"})
"""Understood, and on purpose not recorded: it is said elsewhere, too."""
