"""OpenAI Responses: `POST /v1/responses`."""

from __future__ import annotations

import json
from typing import Any

from tests.support.fakemodel.dialects.base import JSON, Dialect, Reply, Speech, halves, sse
from tests.support.fakemodel.history import Turn, text_of
from tests.support.fakemodel.tools import Tool, ToolCall, tool

ENCRYPTED = "ZmFrZQ=="
CREATED_AT = 1_700_000_000


class ResponsesReply(Reply):
    def __init__(self, model: str, number: int) -> None:
        super().__init__(model, number)
        self.output: list[dict[str, Any]] = []
        self.sequence = 0

    def _event(self, event: str, **fields: Any) -> bytes:
        self.sequence += 1
        return sse({"type": event, "sequence_number": self.sequence, **fields}, event)

    def _response(self, status: str) -> dict[str, Any]:
        done = status == "completed"
        return {
            "id": f"resp_{self.stem}",
            "object": "response",
            "created_at": CREATED_AT,
            "status": status,
            "model": self.model,
            "output": self.output if done else [],
            "parallel_tool_calls": True,
            "error": None,
            "incomplete_details": None,
            "usage": self._usage() if done else None,
        }

    def _usage(self) -> dict[str, Any]:
        return {
            "input_tokens": self.usage.prompt,
            "input_tokens_details": {"cached_tokens": self.usage.cached},
            "output_tokens": self.usage.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.usage.total,
        }

    def _here(self, kind: Speech) -> dict[str, Any]:
        """The fields that place an event: item, output index, and part index."""
        stem, part = ("msg", "content_index") if kind == "say" else ("rs", "summary_index")
        return {"item_id": self.call_id(stem), "output_index": self.index, part: 0}

    def _item_done(self, item: dict[str, Any]) -> bytes:
        self.output.append(item)
        self.index += 1
        return self._event("response.output_item.done", output_index=self.index - 1, item=item)

    def start(self) -> bytes:
        return self._event("response.created", response=self._response("in_progress"))

    def open(self, kind: Speech) -> bytes:
        here = self._here(kind)
        if kind == "say":
            item = {"type": "message", "id": here["item_id"], "role": "assistant"}
            item |= {"status": "in_progress", "content": []}
            part = {"type": "output_text", "text": "", "annotations": []}
            name = "response.content_part.added"
        else:
            item = {"type": "reasoning", "id": here["item_id"], "summary": []}
            part = {"type": "summary_text", "text": ""}
            name = "response.reasoning_summary_part.added"
        added = self._event("response.output_item.added", output_index=self.index, item=item)
        return added + self._event(name, **here, part=part)

    def chunk(self, kind: Speech, text: str) -> bytes:
        stem = "output_text" if kind == "say" else "reasoning_summary_text"
        return self._event(f"response.{stem}.delta", **self._here(kind), delta=text)

    def close(self, kind: Speech, text: str) -> bytes:
        here = self._here(kind)
        stem = "output_text" if kind == "say" else "reasoning_summary_text"
        done = self._event(f"response.{stem}.done", **here, text=text)
        if kind == "say":
            item = {"type": "message", "id": here["item_id"], "role": "assistant"}
            item["status"] = "completed"
            item["content"] = [{"type": "output_text", "text": text, "annotations": []}]
        else:
            item = {"type": "reasoning", "id": here["item_id"], "encrypted_content": ENCRYPTED}
            item["summary"] = [{"type": "summary_text", "text": text}]
        return done + self._item_done(item)

    def call(self, call: ToolCall) -> bytes:
        self.called = True
        if call.custom:
            stem, kind, field, raw = "ctc", "custom_tool_call", "input", str(call.input)
            event = "response.custom_tool_call_input"
        else:
            stem, kind, field, raw = "fc", "function_call", "arguments", json.dumps(call.input)
            event = "response.function_call_arguments"
        item = {"type": kind, "id": self.call_id(stem), "call_id": self.call_id("call")}
        item |= {"name": call.name, field: raw, "status": "completed"}
        if call.namespace:
            item["namespace"] = call.namespace
        begun = {**item, field: "", "status": "in_progress"}
        here = {"item_id": item["id"], "output_index": self.index}
        out = self._event("response.output_item.added", output_index=self.index, item=begun)
        for piece in halves(raw):
            out += self._event(f"{event}.delta", **here, delta=piece)
        out += self._event(f"{event}.done", **here, **{field: raw})
        return out + self._item_done(item)

    def finish(self) -> bytes:
        return self._event("response.completed", response=self._response("completed"))

    def whole(self) -> dict[str, Any]:
        return self._response("completed")


class Responses(Dialect):
    name = "responses"

    def turns(self, body: JSON) -> list[Turn]:
        turns: list[Turn] = []
        for item in _items(body):
            kind = item.get("type", "message")
            if kind == "message":
                role = "assistant" if item.get("role") == "assistant" else "user"
                turns.append(Turn(role, text_of(item.get("content"))))
            elif kind.endswith("_output"):
                turns.append(Turn("tool", ""))
            elif kind.endswith("_call"):
                turns.append(Turn("assistant", "", called=True))
        return turns

    def tools(self, body: JSON) -> list[Tool]:
        found: list[Tool] = []
        for item in body.get("tools") or []:
            if item.get("type") == "namespace":
                found += [_tool(inner, item.get("name")) for inner in item.get("tools") or []]
            elif item.get("name"):
                found.append(_tool(item))
        return found

    def schema(self, body: JSON) -> Any:
        asked = (body.get("text") or {}).get("format") or {}
        return asked.get("schema") if asked.get("type") == "json_schema" else None

    def images(self, body: JSON) -> int:
        return sum(
            part.get("type") == "input_image"
            for item in _items(body)
            if isinstance(item.get("content"), list)
            for part in item["content"]
        )

    def reply(self, model: str, number: int) -> Reply:
        return ResponsesReply(model, number)


def _items(body: JSON) -> list[dict[str, Any]]:
    given = body.get("input") or []
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _tool(item: JSON, namespace: str | None = None) -> Tool:
    custom = item.get("type") == "custom"
    return tool(item.get("name", ""), item.get("parameters"), custom, namespace)
