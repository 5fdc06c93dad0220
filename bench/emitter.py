"""A harness for benchmarks: it speaks ACP and says a number of things at a rate, with the time.

python emitter.py            the prompt says what: {"count": 250, "per_second": 25, "bytes": 0}
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def say(number: int, filler: str) -> None:
    """One tool call, whole; its title is the moment at which it was said, in nanoseconds."""
    update = {
        "sessionUpdate": "tool_call",
        "toolCallId": f"call-{number}",
        "title": str(time.time_ns()),
        "kind": "read",
        "status": "completed",
    }
    if filler:
        update["content"] = [{"type": "content", "content": {"type": "text", "text": filler}}]
    send({"method": "session/update", "params": {"sessionId": "s", "update": update}})


def perform(wanted: dict[str, Any]) -> None:
    pause = 1 / wanted["per_second"] if wanted.get("per_second") else 0
    filler = "x" * wanted.get("bytes", 0)
    due = time.monotonic()
    for number in range(wanted["count"]):
        if pause:
            due += pause
            time.sleep(max(0.0, due - time.monotonic()))
        say(number, filler)


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        result: dict[str, Any] = {}
        match message.get("method"):
            case "initialize":
                result = {
                    "protocolVersion": 1,
                    "agentCapabilities": {"loadSession": False},
                    "agentInfo": {"name": "emitter", "version": "1"},
                }
            case "session/new":
                result = {"sessionId": "s"}
            case "session/prompt":
                text = message["params"]["prompt"][0]["text"]
                perform(json.loads(text))
                result = {"stopReason": "end_turn"}
            case _:
                pass
        if "id" in message:
            send({"id": message["id"], "result": result})


if __name__ == "__main__":
    main()
