"""Logs as text that is equal when the same happened: all but identifiers of others and times."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.athena import Athena, Json

UNSTEADY = re.compile(
    r"ses_[0-9a-f]{16}"
    r"|refs/athena/[^\"]+"
    r"|\b[0-9a-f]{40}\b"
)


def log_of(athena: Athena, agent: str, root: Path) -> list[str]:
    """The events of an agent, a line each, with paths from the root of the test."""
    with athena.client() as client:
        return [line_of(event, root) for event in client.events(agent)]


def line_of(event: Json, root: Path) -> str:
    """An event without its position, its time, and what git and the harness name at random."""
    data = dict(event["data"])
    if event["kind"] == "runEnded":
        data.pop("cpuSeconds", None)
        data.pop("maxRssBytes", None)
    text = json.dumps([event["version"], event["kind"], data], sort_keys=True)
    return UNSTEADY.sub("…", text.replace(str(root), "ROOT"))


def without_checkpoints(log: list[str]) -> tuple[list[str], list[str]]:
    """A log without its checkpoints and versions, and the checkpoints.

    A checkpoint is taken by git beside what the harness says, so which of the two comes first is
    chance in an undisturbed run already.
    """
    events = [line.split(", ", 1)[1] for line in log]
    return (
        [e for e in events if not e.startswith('"checkpointTaken"')],
        [e for e in events if e.startswith('"checkpointTaken"')],
    )
