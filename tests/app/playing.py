"""Spawning agents that play a scenario, and telling their events as text."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import psutil

from tests.support.athena import Client, Json


def scenario(text: str) -> str:
    """A prompt that holds a scenario."""
    return f"```scenario\n{dedent(text).strip()}\n```"


def spawn(client: Client, place: Path, text: str | None = None, **more: Any) -> Json:
    """A new agent that plays a scenario in a project; without git unless asked for."""
    wanted: Json = {"harness": "scripted", "workspace": {"kind": "none"}, "project": str(place)}
    if text is not None:
        wanted["prompt"] = scenario(text)
    return client.call("athena/agent/spawn", **{**wanted, **more})


def runner_of(directory: Path) -> int:
    """The process of a run's runner, which is told its directory."""
    for process in psutil.process_iter(["cmdline"]):
        if str(directory) in (process.info["cmdline"] or []):
            return process.pid
    raise AssertionError(f"no runner of {directory}")


def told(client: Client, agent: str) -> str:
    """The events of an agent as lines, without what differs from run to run."""
    lines = [line for event in client.events(agent) if (line := _line(event))]
    return "\n".join(lines)


def _line(event: Json) -> str | None:
    data = event["data"]
    match event["kind"]:
        case "itemCompleted":
            return _item(data["item"])
        case "requestOpened":
            return f"ask {data['request'].get('title', 'questions')}"
        case "requestClosed":
            return f"closed {data['outcome']} {data.get('optionId', '')} by {data['by']}"
        case "turnEnded":
            return f"turn ended: {data['stopReason']}" + (
                f" ({data['error']['message']})" if data.get("error") else ""
            )
        case "runEnded":
            return f"run ended: {data['reason']}"
        case "turnStarted" | "agentStopped" | "agentResumed" | "promptSteered" | "turnInterrupted":
            return str(event["kind"])
        case _:
            return None


def _item(item: Json) -> str | None:
    match item["type"]:
        case "userMessage":
            words = item["content"][0].get("text", "")
            return None if words.startswith("```") else f"user: {words}"
        case "message":
            return f"say {item['text'].strip()}"
        case "toolCall":
            return f"{item['tool']} {item['status']}: {item['title']}"
        case "unrecognized":
            return f"unrecognized: {item['reason']}"
        case "notice":
            return None if item.get("topic") == "workspace" else f"notice: {item['text']}"
        case _:
            return None


def expect(found: str, wanted: str) -> None:
    """Compare texts, showing both when they differ."""
    assert found == dedent(wanted).strip(), f"found:\n{indent(found, '    ')}"
