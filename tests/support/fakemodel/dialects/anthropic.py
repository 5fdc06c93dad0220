"""Anthropic Messages: `POST /v1/messages`."""

from __future__ import annotations

import json
from typing import Any

from tests.support.fakemodel.dialects.base import (
    ERROR_TYPES,
    JSON,
    Dialect,
    Reply,
    Speech,
    halves,
    sse,
)
from tests.support.fakemodel.history import Turn, text_of
from tests.support.fakemodel.tools import Tool, ToolCall, tool

SIGNATURE = "ZmFrZQ=="


class AnthropicReply(Reply):
    def __init__(self, model: str, number: int) -> None:
        super().__init__(model, number)
        self.content: list[dict[str, Any]] = []

    def _usage(self, output: int) -> dict[str, Any]:
        return {
            "input_tokens": self.usage.input,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": self.usage.cached,
            "output_tokens": output,
            "service_tier": "standard",
        }

    def _message(self, content: list[dict[str, Any]], stop: str | None, output: int) -> JSON:
        return {
            "id": f"msg_{self.stem}",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": self._usage(output),
        }

    def _delta(self, delta: JSON) -> bytes:
        return _event("content_block_delta", index=self.index, delta=delta)

    def _end_block(self, block: dict[str, Any]) -> bytes:
        self.content.append(block)
        self.index += 1
        return _event("content_block_stop", index=self.index - 1)

    def start(self) -> bytes:
        return _event("message_start", message=self._message([], None, output=1))

    def open(self, kind: Speech) -> bytes:
        block = (
            {"type": "text", "text": ""}
            if kind == "say"
            else {"type": "thinking", "thinking": "", "signature": ""}
        )
        return _event("content_block_start", index=self.index, content_block=block)

    def chunk(self, kind: Speech, text: str) -> bytes:
        if kind == "say":
            return self._delta({"type": "text_delta", "text": text})
        return self._delta({"type": "thinking_delta", "thinking": text})

    def close(self, kind: Speech, text: str) -> bytes:
        if kind == "say":
            return self._end_block({"type": "text", "text": text})
        signed = self._delta({"type": "signature_delta", "signature": SIGNATURE})
        block = {"type": "thinking", "thinking": text, "signature": SIGNATURE}
        return signed + self._end_block(block)

    def call(self, call: ToolCall) -> bytes:
        self.called = True
        head = {"type": "tool_use", "id": self.call_id("toolu"), "name": call.name}
        out = _event("content_block_start", index=self.index, content_block={**head, "input": {}})
        for piece in halves(json.dumps(call.input)):
            out += self._delta({"type": "input_json_delta", "partial_json": piece})
        return out + self._end_block({**head, "input": call.input})

    @property
    def _stop(self) -> str:
        return "tool_use" if self.called else "end_turn"

    def finish(self) -> bytes:
        delta = {"stop_reason": self._stop, "stop_sequence": None}
        usage = self._usage(self.usage.output)
        return _event("message_delta", delta=delta, usage=usage) + _event("message_stop")

    def whole(self) -> dict[str, Any]:
        return dict(self._message(self.content, self._stop, self.usage.output))


class Anthropic(Dialect):
    name = "anthropic"

    def turns(self, body: JSON) -> list[Turn]:
        return [_turn(message) for message in body.get("messages") or []]

    def tools(self, body: JSON) -> list[Tool]:
        return [
            tool(item["name"], item.get("input_schema"))
            for item in body.get("tools") or []
            if item.get("name")
        ]

    def schema(self, body: JSON) -> Any:
        asked = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
        return asked.get("schema")

    def images(self, body: JSON) -> int:
        return sum(
            part.get("type") == "image"
            for message in body.get("messages") or []
            for part in _parts(message)
        )

    def reply(self, model: str, number: int) -> Reply:
        return AnthropicReply(model, number)

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = ERROR_TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}}


def _event(event: str, **fields: Any) -> bytes:
    return sse({"type": event, **fields}, event)


def _parts(message: JSON) -> list[dict[str, Any]]:
    content = message.get("content")
    return content if isinstance(content, list) else [{"type": "text", "text": content or ""}]


def _turn(message: JSON) -> Turn:
    parts = _parts(message)
    text = text_of([part for part in parts if part.get("type") == "text"])
    if message.get("role") == "assistant":
        return Turn("assistant", text, any(part.get("type") == "tool_use" for part in parts))
    answers = any(part.get("type") == "tool_result" for part in parts)
    return Turn("tool" if answers else "user", text)
