"""The environment of an agent's processes: the user's editor's, in a private file.

It may hold keys, so it is never in the log. It is kept because a run may have to be started by a
later daemon, which was not started from the user's shell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from athena.app.ports import given
from athena.core.state import AgentState
from athena.worktree import scripts

OWN_PREFIX = "ATHENA_"
"""Athena's own variables are not handed on: they steer this daemon, not the harness."""


def merge(editor: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """The editor's environment without Athena's own variables, and what was asked for over it."""
    base = {k: v for k, v in editor.items() if not k.startswith(OWN_PREFIX)}
    return {**base, **added}


def save(directory: Path, agent_id: str, environment: Mapping[str, str]) -> None:
    """Keep an agent's environment, readable by the user alone."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{agent_id}.json"
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dict(environment), file)
    temporary.replace(path)


def load(directory: Path, agent_id: str) -> dict[str, str]:
    """An agent's environment; a bare PATH when the file is gone."""
    try:
        data: object = json.loads((directory / f"{agent_id}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {"PATH": os.environ.get("PATH", os.defpath)}
    assert isinstance(data, dict)
    return {str(k): str(v) for k, v in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def of_workspace(directory: Path, state: AgentState) -> dict[str, str]:
    """What runs in an agent's workspace is told: where it is, and the ports that are its own."""
    base = load(directory, state.id)
    place = state.workspace
    if place is None or place.repository is None:
        return base
    return scripts.environment(
        base,
        worktree=Path(place.path),
        repository=Path(place.repository),
        branch=place.branch,
        agent=state.id,
        ports=given(place),
    )


def forget(directory: Path, agent_id: str) -> None:
    """Remove an agent's environment."""
    (directory / f"{agent_id}.json").unlink(missing_ok=True)
