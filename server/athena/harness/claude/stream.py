"""Responses while they are being streamed (`stream_event`): items begin, text grows, tokens count.

The complete blocks follow as `assistant` messages (see `messages`), which finish the items.
"""

from __future__ import annotations

from dataclasses import replace

from athena.harness.claude.memory import Streaming, Work, call_key
from athena.harness.claude.tools import PLAN_TOOL, tool_call
from athena.harness.claude.usage import of_response
from athena.harness.decode import Json, maybe_text, number, obj, text
from athena.protocol import events as e
from athena.protocol.items import Message, Reasoning
from athena.protocol.usage import ContextWindow

STREAMED_LIMIT = 64
"""How many ids of streamed responses are remembered, to know whose tokens are counted already."""


def block_key(message_id: str, index: int) -> str:
    """How the ledger names a block of text or thinking that is being streamed."""
    return f"block:{message_id}:{index:06d}"


def stream_event(work: Work, frame: Json) -> None:
    """Take one event of a stream (Anthropic Messages streaming)."""
    event = obj(frame.get("event"))
    scope = text(frame.get("parent_tool_use_id"))
    match event.get("type"):
        case "message_start":
            _message_start(work, scope, obj(event.get("message")))
        case "content_block_start":
            _block_start(work, scope, number(event.get("index")), obj(event.get("content_block")))
        case "content_block_delta":
            _block_delta(work, scope, number(event.get("index")), obj(event.get("delta")))
        case "message_delta":
            _message_delta(work, scope, event)
        case "content_block_stop" | "message_stop" | "ping":
            pass
        case unknown:
            work.unrecognized(f"stream event {unknown!r}", str(event))


def _message_start(work: Work, scope: str, message: Json) -> None:
    if not scope and work.ledger.turn_id is None:
        work.begin_own_turn()
    message_id = text(message.get("id"))
    begun = Streaming(message_id, maybe_text(message.get("model")), obj(message.get("usage")))
    streamed = (*work.memory.streamed, message_id)[-STREAMED_LIMIT:]
    work.remember(streams={**work.memory.streams, scope: begun}, streamed=streamed)


def _block_start(work: Work, scope: str, index: int, block: Json) -> None:
    stream = work.memory.streams.get(scope)
    if stream is None:
        return
    match block.get("type"):
        case "text" if not scope:
            work.start(block_key(stream.message_id, index), Message())
        case "thinking" if not scope:
            work.start(block_key(stream.message_id, index), Reasoning())
        case "tool_use" if block.get("name") != PLAN_TOOL:
            parent = work.memory.subagents.get(scope)
            call = tool_call(text(block.get("name")), {}, work.memory.cwd, parent)
            work.start(call_key(text(block.get("id")), scope), call)
        case _:
            # Other blocks, and the words of subagents, are shown when they are complete.
            pass


def _block_delta(work: Work, scope: str, index: int, delta: Json) -> None:
    stream = work.memory.streams.get(scope)
    if stream is None:
        return
    match delta.get("type"):
        case "text_delta":
            work.append(block_key(stream.message_id, index), text(delta.get("text")))
        case "thinking_delta":
            work.append(block_key(stream.message_id, index), text(delta.get("thinking")))
        case _:
            # Tool input, signatures and citations are whole in the message that follows.
            pass


def _message_delta(work: Work, scope: str, event: Json) -> None:
    """The last word on a response's tokens; what it leaves out was said at the start."""
    stream = work.memory.streams.get(scope)
    if stream is None:
        return
    last = {key: value for key, value in obj(event.get("usage")).items() if value is not None}
    usage = of_response({**stream.usage, **last})
    work.remember(
        streams={**work.memory.streams, scope: replace(stream, usage={**stream.usage, **last})}
    )
    work.responded(stream.message_id, stream.model, usage)
    if not scope:
        used = usage.input_tokens + usage.output_tokens
        window = ContextWindow(used=used, size=work.memory.context_size)
        work.events.append(e.ContextMeasured(window=window))
        work.remember(stop=maybe_text(obj(event.get("delta")).get("stop_reason")))
