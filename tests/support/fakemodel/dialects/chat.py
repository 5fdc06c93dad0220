"""OpenAI Chat Completions: `POST /v1/chat/completions`."""

from __future__ import annotations

import json
from typing import Any

from tests.support.fakemodel.dialects.base import JSON, Dialect, Reply, Speech, sse
from tests.support.fakemodel.history import Turn, text_of
from tests.support.fakemodel.tools import Tool, ToolCall, tool

CREATED_AT = 1_700_000_000


class ChatReply(Reply):
    def __init__(self, model: str, number: int) -> None:
        super().__init__(model, number)
        self.said = ""
        self.calls: list[dict[str, Any]] = []

    def _envelope(self, kind: str, choices: list[JSON]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.stem}",
            "object": kind,
            "created": CREATED_AT,
            "model": self.model,
            "choices": choices,
        }

    def _chunk(self, delta: JSON, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse(self._envelope("chat.completion.chunk", [choice]))

    def _usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.usage.prompt,
            "completion_tokens": self.usage.output,
            "total_tokens": self.usage.total,
            "prompt_tokens_details": {"cached_tokens": self.usage.cached},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }

    def start(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def chunk(self, kind: Speech, text: str) -> bytes:
        return self._chunk({"content" if kind == "say" else "reasoning_content": text})

    def close(self, kind: Speech, text: str) -> bytes:
        if kind == "say":
            self.said += text
        return b""

    def call(self, call: ToolCall) -> bytes:
        self.called = True
        function = {"name": call.name, "arguments": json.dumps(call.input)}
        item = {"id": self.call_id("call"), "type": "function", "function": function}
        self.index += 1
        self.calls.append(item)
        return self._chunk({"tool_calls": [{"index": len(self.calls) - 1, **item}]})

    @property
    def _stop(self) -> str:
        return "tool_calls" if self.called else "stop"

    def finish(self) -> bytes:
        usage = {**self._envelope("chat.completion.chunk", []), "usage": self._usage()}
        return self._chunk({}, self._stop) + sse(usage) + b"data: [DONE]\n\n"

    def whole(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.said or None}
        if self.calls:
            message["tool_calls"] = self.calls
        choice = {"index": 0, "message": message, "finish_reason": self._stop}
        return {**self._envelope("chat.completion", [choice]), "usage": self._usage()}


class Chat(Dialect):
    name = "chat"

    def turns(self, body: JSON) -> list[Turn]:
        return [
            _turn(message)
            for message in body.get("messages") or []
            if message.get("role") not in ("system", "developer")
        ]

    def tools(self, body: JSON) -> list[Tool]:
        found: list[Tool] = []
        for item in body.get("tools") or []:
            inner = item.get("function") or item.get("custom") or {}
            if inner.get("name"):
                custom = item.get("type") == "custom"
                found.append(tool(inner["name"], inner.get("parameters"), custom))
        return found

    def schema(self, body: JSON) -> Any:
        asked = body.get("response_format") or {}
        if asked.get("type") != "json_schema":
            return None
        return (asked.get("json_schema") or {}).get("schema")

    def images(self, body: JSON) -> int:
        return sum(
            part.get("type") == "image_url"
            for message in body.get("messages") or []
            if isinstance(message.get("content"), list)
            for part in message["content"]
        )

    def reply(self, model: str, number: int) -> Reply:
        return ChatReply(model, number)


def _turn(message: JSON) -> Turn:
    text = text_of(message.get("content"))
    match message.get("role"):
        case "assistant":
            return Turn("assistant", text, bool(message.get("tool_calls")))
        case "tool":
            # A tool's output may hold any text, even a marker: it selects nothing.
            return Turn("tool", "")
        case _:
            return Turn("user", text)
