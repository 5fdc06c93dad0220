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
    data.pop("firstPort", None)  # whichever were free
    text = json.dumps([event["version"], event["kind"], data], sort_keys=True)
    return UNSTEADY.sub("…", text.replace(str(root), "ROOT"))


BESIDE = ('"checkpointTaken"', '"collisionsChanged"')
"""What git finds out beside what the harness says: when it comes is chance in any run."""


def without_checkpoints(log: list[str]) -> tuple[list[str], list[str]]:
    """A log without versions and what comes beside it, and its checkpoints.

    Whom an agent collides with depends on how far the others are, so that is not compared.
    """
    events = [line.split(", ", 1)[1] for line in log]
    return (
        [e for e in events if not e.startswith(BESIDE)],
        [e for e in events if e.startswith('"checkpointTaken"')],
    )
