"""Gemini: `POST /v1beta/models/MODEL:generateContent` and `:streamGenerateContent`."""

from __future__ import annotations

from typing import Any

from tests.support.fakemodel.dialects.base import JSON, Dialect, Reply, Speech, sse
from tests.support.fakemodel.history import Turn, text_of
from tests.support.fakemodel.tools import Tool, ToolCall, tool

SIGNATURE = "ZmFrZQ=="
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}


class GeminiReply(Reply):
    def __init__(self, model: str, number: int) -> None:
        super().__init__(model, number)
        self.parts: list[dict[str, Any]] = []

    def _body(self, parts: list[dict[str, Any]], last: bool = False) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        if last:
            candidate["finishReason"] = "STOP"
        usage = {
            "promptTokenCount": self.usage.prompt,
            "cachedContentTokenCount": self.usage.cached,
            "candidatesTokenCount": self.usage.output,
            "totalTokenCount": self.usage.total,
        }
        return {
            "candidates": [candidate],
            "modelVersion": self.model,
            "responseId": self.stem,
            "usageMetadata": usage,
        }

    def chunk(self, kind: Speech, text: str) -> bytes:
        return sse(self._body([_part(kind, text)]))

    def close(self, kind: Speech, text: str) -> bytes:
        self.parts.append(_part(kind, text))
        return b""

    def call(self, call: ToolCall) -> bytes:
        self.called = True
        function = {"name": call.name, "args": call.input, "id": self.call_id("call")}
        part = {"functionCall": function, "thoughtSignature": SIGNATURE}
        self.parts.append(part)
        self.index += 1
        return sse(self._body([part]))

    def finish(self) -> bytes:
        return sse(self._body([{"text": ""}], last=True))

    def whole(self) -> dict[str, Any]:
        return self._body(self.parts or [{"text": ""}], last=True)


class Gemini(Dialect):
    name = "gemini"

    def turns(self, body: JSON) -> list[Turn]:
        return [_turn(content) for content in body.get("contents") or []]

    def tools(self, body: JSON) -> list[Tool]:
        return [
            tool(item["name"], item.get("parametersJsonSchema") or item.get("parameters"))
            for group in body.get("tools") or []
            for item in group.get("functionDeclarations") or []
        ]

    def schema(self, body: JSON) -> Any:
        config = body.get("generationConfig") or {}
        return config.get("responseJsonSchema") or config.get("responseSchema")

    def images(self, body: JSON) -> int:
        return sum(
            "inlineData" in part
            for content in body.get("contents") or []
            for part in content.get("parts") or []
        )

    def reply(self, model: str, number: int) -> Reply:
        return GeminiReply(model, number)

    def error(self, status: int, message: str) -> dict[str, Any]:
        name = STATUSES.get(status, "UNAVAILABLE")
        return {"error": {"code": status, "message": message, "status": name}}


def _part(kind: Speech, text: str) -> dict[str, Any]:
    return {"text": text} if kind == "say" else {"text": text, "thought": True}


def _turn(content: JSON) -> Turn:
    parts = content.get("parts") or []
    text = text_of([part for part in parts if "text" in part and not part.get("thought")])
    if content.get("role") == "model":
        return Turn("assistant", text, any("functionCall" in part for part in parts))
    answers = any("functionResponse" in part for part in parts)
    return Turn("tool" if answers else "user", text)
