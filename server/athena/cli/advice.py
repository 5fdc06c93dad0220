"""What to type next, where an error leaves no doubt about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from shlex import quote as quoted
from typing import Any, cast

from athena.relay.client import CallError

__all__ = ["next_step", "quoted"]

SO_THAT = {
    "athena.agent.interrupt": "to end its turn: ",
    "athena.request.list": "to see what it asks: ",
}
"""Why one of several commands is chosen."""


def next_step(params: Mapping[str, object], error: CallError) -> str | None:
    """Commands that help after a method was refused; None where the message says it all."""
    return "\n".join(_steps(params.get("agent"), error)) or None


def _steps(agent: object, error: CallError) -> Iterator[str]:
    data = cast("dict[str, Any]", error.data)
    name = quoted(agent) if isinstance(agent, str) else None
    if name and data.get("kind") == "locationTaken":
        yield f"athena workspace restore {name} --path DIRECTORY"
    for remedy in data.get("remedies", []):
        command, line = remedy["command"], remedy["commandLine"]
        if line in error.message:
            continue
        if name and command == "athena.agent.interrupt" and data.get("status") == "working":
            yield f"to wait: athena watch {name} --until-rest"
        yield f"{SO_THAT.get(command, '')}{line}"
