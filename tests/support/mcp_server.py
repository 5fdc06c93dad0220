"""A tiny MCP server over stdio, standard library only: one tool, `ping`, that answers `pong`.

With `--ask` the tool asks the user a question first (MCP elicitation).
"""

from __future__ import annotations

import json
import sys
from typing import Any

TOOL = {
    "name": "ping",
    "description": "Answers pong.",
    "inputSchema": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
}
QUESTION = {
    "message": "Which colour?",
    "requestedSchema": {
        "type": "object",
        "properties": {"colour": {"type": "string", "enum": ["red", "green"]}},
        "required": ["colour"],
    },
}


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def ask() -> str:
    send({"id": "ask", "method": "elicitation/create", "params": QUESTION})
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("id") == "ask":
            return json.dumps(message.get("result", message.get("error")))
    return "nothing"


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    match method:
        case "initialize":
            return {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "test", "version": "1"},
            }
        case "tools/list":
            return {"tools": [TOOL]}
        case "tools/call":
            said = ask() if "--ask" in sys.argv else params["arguments"]["x"]
            return {"content": [{"type": "text", "text": f"pong {said}"}]}
        case _:
            return {}


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            result = answer(message["method"], message.get("params") or {})
            send({"id": message["id"], "result": result})


if __name__ == "__main__":
    main()
