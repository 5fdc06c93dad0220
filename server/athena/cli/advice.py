"""What to type next, where an error leaves no doubt about it."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote as quoted
from typing import Any, cast

from athena.relay.client import CallError

__all__ = ["next_step", "quoted"]

NEED_REST = {
    "athena/merge/run",
    "athena/publish/run",
    "athena/revert/run",
    "athena/revert/undo",
    "athena/workspace/commit",
}
"""Methods that change an agent's own tree, and so wait for the end of its turn."""


def next_step(method: str, params: Mapping[str, object], error: CallError) -> str | None:
    """Commands that help after a method was refused; None where the message says it all."""
    data = cast("dict[str, Any]", error.data)
    lines = [str(remedy["commandLine"]) for remedy in data.get("remedies", [])]
    if unsaid := [line for line in lines if line not in error.message]:
        return "\n".join(unsaid)
    agent = params.get("agent")
    if not isinstance(agent, str):
        return None
    if data.get("kind") == "locationTaken":
        return f"athena workspace restore {quoted(agent)} --path DIRECTORY"
    if method not in NEED_REST or "status" not in data:
        return None
    asks = data["status"] in ("needsPermission", "needsInput")
    wait = "to see what it asks: athena inbox"
    return (
        f"{wait if asks else f'to wait: athena watch {quoted(agent)} --until-rest'}\n"
        f"to end its turn: athena agent interrupt {quoted(agent)}"
    )
