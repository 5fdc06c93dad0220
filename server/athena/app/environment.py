"""The environment of an agent's processes: the user's editor's, in a private file.

It may hold keys, so it is never in the log. It is kept because a run may have to be started by a
later daemon, which was not started from the user's shell.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from athena.app.ports import given
from athena.border import Connection
from athena.core.redact import HIDDEN
from athena.core.state import AgentState
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.spec import AgentSpec, McpServer
from athena.worktree import scripts

OWN_PREFIX = "ATHENA_"
"""Athena's own variables are not handed on: they steer this daemon, not the harness."""

OF_THE_USER = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR")
"""What is the same wherever the user is: git looks there for a name and for keys."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an agent. `added` was asked for with the agent and goes over `editor`.

    `umask` is the file mode mask of the user's shell or editor. `servers` are the agent's MCP
    servers with their own environments and headers, of which the log has the names only.
    """

    editor: Mapping[str, str]
    added: Mapping[str, str] = field(default_factory=dict[str, str])
    umask: int | None = None
    servers: Sequence[McpServer] = ()

    @property
    def all(self) -> dict[str, str]:
        """The whole environment."""
        return {**self.editor, **self.added}


def of_client(
    connection: Connection, added: Mapping[str, str], servers: Sequence[McpServer] = ()
) -> Kept:
    """The environment of an agent that a client spawns."""
    editor = {k: v for k, v in connection.environ.items() if not k.startswith(OWN_PREFIX)}
    return Kept(editor, added, connection.umask, servers)


def concealed(server: McpServer) -> McpServer:
    """The server as the log may have it: what may be secret is kept with the environment."""
    env, headers = (dict.fromkeys(one, HIDDEN) for one in (server.env, server.headers))
    return server.model_copy(update={"env": env, "headers": headers})


def with_servers(directory: Path, agent_id: str, spec: AgentSpec) -> AgentSpec:
    """The spec with its MCP servers as they were asked for."""
    servers = list(kept(directory, agent_id).servers)
    return spec.model_copy(update={"mcp_servers": servers}) if servers else spec


def save(directory: Path, agent_id: str, kept: Kept) -> None:
    """Keep an agent's environment, readable by the user alone. `AthenaError` for want of room."""
    path = directory / f"{agent_id}.json"
    temporary = path.with_suffix(".tmp")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            # Not pydantic's own JSON: a variable may hold bytes that are no UTF-8.
            file.write(json.dumps(_KEPT.dump_python(kept, mode="json")).encode())
        temporary.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space" if full else "Make the folder writable"
        raise AthenaError(
            ErrorCode.LOG_UNAVAILABLE,
            f"{directory} cannot be written: {error.strerror}. {hint}, and ask again.",
            state="full" if full else "readOnly",
            hint=hint,
        ) from error


def kept(directory: Path, agent_id: str) -> Kept:
    """What is kept of an agent; when the file is gone, who the user is and where programs are."""
    try:
        return _KEPT.validate_python(json.loads((directory / f"{agent_id}.json").read_bytes()))
    except (FileNotFoundError, ValueError):
        own = {name: os.environ[name] for name in OF_THE_USER if name in os.environ}
        return Kept({"PATH": os.defpath, **own})


def load(directory: Path, agent_id: str) -> dict[str, str]:
    """An agent's environment."""
    return kept(directory, agent_id).all


def of_workspace(directory: Path, state: AgentState) -> dict[str, str]:
    """What runs in an agent's workspace is told: where it is, and the ports that are its own."""
    base = load(directory, state.id)
    place = state.workspace
    if place is None or place.repository is None:
        return base
    roots = [place.path, *(other.path for other in place.also)]
    base = {**base, "ATHENA_WORKTREES": os.pathsep.join(roots)}
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


_KEPT = TypeAdapter(Kept)
