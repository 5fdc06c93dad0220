"""Sessions made outside: of the plain command lines of Claude Code and Codex."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from athena.protocol.base import Record, Request
from athena.protocol.content import ContentBlock


class SessionState(StrEnum):
    """What Athena has of a session.

    `new`: nothing. `imported`: all that its file says. `changed`: its file says more by now.
    `archived`: what was imported is put away. `adopted`: it goes on as an agent. `own`: Athena made
    it itself.
    """

    NEW = "new"
    IMPORTED = "imported"
    CHANGED = "changed"
    ARCHIVED = "archived"
    ADOPTED = "adopted"
    OWN = "own"


class SessionView(Record):
    """A session file. `title` is how its first prompt begins, `bytes` the size of the file.

    `modified_at` in milliseconds since 1970 UTC. `agent_id` names the agent that it became.
    """

    harness: str
    session_id: str
    path: str
    cwd: str
    title: str
    modified_at: int
    bytes: int
    state: SessionState
    agent_id: str | None = None
    agent_name: str | None = None


class ListSessions(Request):
    """Parameters of `athena/session/list`.

    Sessions of a `project`'s directory or below it, of a `harness` (`claude`, `codex`), changed
    `since` a time in milliseconds since 1970 UTC. They are looked for where the client's own
    environment has them (`CLAUDE_CONFIG_DIR`, `CODEX_HOME`, else its home).
    """

    project: str | None = None
    harness: str | None = None
    since: int | None = None
    limit: int = Field(default=200, ge=1, le=10_000)


class SessionList(Record):
    """Sessions, those that changed last first. `more`: the limit left some out."""

    sessions: list[SessionView]
    more: bool = False


class ImportSession(Request):
    """Parameters of `athena/session/import`.

    `session` is its id or a unique beginning of it, or the name of the agent that it became. What
    was imported before stays as it is; what the file says since then is added.
    """

    session: str = Field(min_length=1)


class SessionReport(Record):
    """What became of an import: `events` were added to the agent, up to `seq` of the log.

    `replaced` names the agent of what the same file said before it was replaced or cut.
    """

    agent_id: str
    agent_name: str
    session_id: str
    created: bool
    events: int
    seq: int
    replaced: str | None = None


class AdoptSession(Request):
    """Parameters of `athena/session/adopt`: go on with a session as an agent.

    `session` is as in `athena/session/import`, which is done first. The agent works in the
    session's own directory, or in a new `worktree` of the repository that it is in. The `text`,
    with `content` attached, is its first prompt here.
    """

    session: str = Field(min_length=1)
    text: str | None = None
    content: list[ContentBlock] | None = None
    worktree: bool = False
    model: str | None = None
    mode: str | None = None


def import_run(agent_id: str) -> str:
    """The name under which an agent's imported items and turns are counted."""
    return f"{agent_id}.import"


def made_outside(turn_id: str) -> bool:
    """Whether a turn was imported: it is no news, and no process of ours ran it."""
    return ".import.t" in turn_id
