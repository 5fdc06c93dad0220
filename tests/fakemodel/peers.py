"""The smallest possible harness of each API: it offers tools, calls them, and keeps a history."""

from __future__ import annotations

import json
import urllib.request
from abc import ABC, abstractmethod
from typing import Any

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url: str, body: dict[str, Any]) -> bytes:
    """The raw body of an answer; `urllib.error.HTTPError` for an error status."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with _direct.open(request, timeout=10) as response:
        return response.read()


def events(raw: bytes) -> list[dict[str, Any]]:
    """The data of a stream of server-sent events."""
    lines = [line[6:] for line in raw.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def schema(*names: str) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": properties, "required": list(names)}


class Peer(ABC):
    """A conversation over one API. `ask` answers with readable lines of what the model said."""

    def __init__(self, base: str, stream: bool) -> None:
        self.base = base
        self.stream = stream
        self.history: list[dict[str, Any]] = []

    @abstractmethod
    def user(self, text: str) -> None: ...

    @abstractmethod
    def ask(self) -> list[str]:
        """One round: request, remember the reply, and remember an `ok` for each tool call."""

    def play(self, prompt: str, rounds: int = 10) -> list[str]:
        """A whole turn: rounds until the model calls no tool."""
        self.user(prompt)
        said: list[str] = []
        for _ in range(rounds):
            now = self.ask()
            said += [*now, "--"]
            if not any(line.startswith("call ") for line in now):
                return said
        raise AssertionError("the turn did not end: " + "\n".join(said))


class AnthropicPeer(Peer):
    TOOLS = (
        ("Read", ("file_path",)),
        ("Edit", ("file_path", "old_string", "new_string")),
        ("Write", ("file_path", "content")),
        ("Bash", ("command",)),
    )

    def user(self, text: str) -> None:
        self.history.append({"role": "user", "content": text})

    def ask(self) -> list[str]:
        tools = [{"name": name, "input_schema": schema(*args)} for name, args in self.TOOLS]
        body = {"model": "m", "messages": self.history, "tools": tools, "stream": self.stream}
        raw = post(f"{self.base}/v1/messages", body)
        content = self._joined(raw) if self.stream else json.loads(raw)["content"]
        self.history.append({"role": "assistant", "content": content})
        calls = [part for part in content if part["type"] == "tool_use"]
        if calls:
            results = [
                {"type": "tool_result", "tool_use_id": p["id"], "content": "ok"} for p in calls
            ]
            self.history.append({"role": "user", "content": results})
        return [self._line(part) for part in content]

    @staticmethod
    def _joined(raw: bytes) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        arguments = ""
        for event in events(raw):
            delta = event.get("delta") or {}
            match event["type"], delta.get("type"):
                case "content_block_start", _:
                    parts.append(event["content_block"])
                    arguments = ""
                case _, "text_delta":
                    parts[-1]["text"] += delta["text"]
                case _, "thinking_delta":
                    parts[-1]["thinking"] += delta["thinking"]
                case _, "input_json_delta":
                    arguments += delta["partial_json"]
                case "content_block_stop", _:
                    if arguments:
                        parts[-1]["input"] = json.loads(arguments)
                case _:
                    pass
        return parts

    @staticmethod
    def _line(part: dict[str, Any]) -> str:
        match part["type"]:
            case "text":
                return f"say {part['text']}"
            case "thinking":
                return f"think {part['thinking']}"
            case _:
                return f"call {part['name']} {json.dumps(part['input'])}"


class ResponsesPeer(Peer):
    """Offers what Codex offers: a shell function and the free-text `apply_patch`."""

    def user(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        self.history.append({"type": "message", "role": "user", "content": content})

    def ask(self) -> list[str]:
        tools = [
            {"type": "function", "name": "exec_command", "parameters": schema("cmd")},
            {"type": "custom", "name": "apply_patch"},
        ]
        body = {"model": "m", "input": self.history, "tools": tools, "stream": self.stream}
        raw = post(f"{self.base}/v1/responses", body)
        done = events(raw)[-1]["response"] if self.stream else json.loads(raw)
        for item in done["output"]:
            self.history.append(item)
            if item["type"].endswith("_call"):
                kind = item["type"] + "_output"
                self.history.append({"type": kind, "call_id": item["call_id"], "output": "ok"})
        return [self._line(item) for item in done["output"]]

    @staticmethod
    def _line(item: dict[str, Any]) -> str:
        match item["type"]:
            case "message":
                return f"say {item['content'][0]['text']}"
            case "reasoning":
                return f"think {item['summary'][0]['text']}"
            case "custom_tool_call":
                return f"call {item['name']} {json.dumps(item['input'])}"
            case _:
                return f"call {item['name']} {item['arguments']}"


class ChatPeer(Peer):
    """Offers a shell alone, as the smallest harnesses do."""

    def user(self, text: str) -> None:
        self.history.append({"role": "user", "content": text})

    def ask(self) -> list[str]:
        function = {"name": "bash", "parameters": schema("command")}
        body = {"model": "m", "messages": self.history, "stream": self.stream}
        body["tools"] = [{"type": "function", "function": function}]
        raw = post(f"{self.base}/v1/chat/completions", body)
        message = self._joined(raw) if self.stream else json.loads(raw)["choices"][0]["message"]
        self.history.append(message)
        for call in message.get("tool_calls", []):
            self.history.append({"role": "tool", "tool_call_id": call["id"], "content": "ok"})
        said = [f"say {message['content']}"] if message["content"] else []
        calls = [call["function"] for call in message.get("tool_calls", [])]
        return said + [f"call {call['name']} {call['arguments']}" for call in calls]

    @staticmethod
    def _joined(raw: bytes) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        for event in events(raw):
            for choice in event["choices"]:
                message["content"] += choice["delta"].get("content", "")
                if calls := choice["delta"].get("tool_calls"):
                    message.setdefault("tool_calls", []).extend(calls)
        return message


class GeminiPeer(Peer):
    TOOLS = (
        ("read_file", ("absolute_path",)),
        ("replace", ("file_path", "old_string", "new_string", "instruction")),
        ("write_file", ("file_path", "content")),
        ("run_shell_command", ("command",)),
    )

    def user(self, text: str) -> None:
        self.history.append({"role": "user", "parts": [{"text": text}]})

    def ask(self) -> list[str]:
        functions = [
            {"name": name, "parametersJsonSchema": schema(*args)} for name, args in self.TOOLS
        ]
        body = {"contents": self.history, "tools": [{"functionDeclarations": functions}]}
        verb = "streamGenerateContent?alt=sse" if self.stream else "generateContent"
        raw = post(f"{self.base}/v1beta/models/m:{verb}", body)
        answers = events(raw) if self.stream else [json.loads(raw)]
        parts = [part for one in answers for part in one["candidates"][0]["content"]["parts"]]
        self.history.append({"role": "model", "parts": parts})
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        if calls:
            replies = [{"functionResponse": {"name": c["name"], "response": {}}} for c in calls]
            self.history.append({"role": "user", "parts": replies})
        return self._lines(parts)

    @staticmethod
    def _lines(parts: list[dict[str, Any]]) -> list[str]:
        thought = "".join(part["text"] for part in parts if part.get("thought"))
        said = "".join(part.get("text", "") for part in parts if not part.get("thought"))
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        lines = [f"think {thought}"] if thought else []
        lines += [f"say {said}"] if said else []
        return lines + [f"call {call['name']} {json.dumps(call['args'])}" for call in calls]


PEERS: dict[str, type[Peer]] = {
    "anthropic": AnthropicPeer,
    "responses": ResponsesPeer,
    "chat": ChatPeer,
    "gemini": GeminiPeer,
}
