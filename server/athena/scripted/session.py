"""Sessions and where they are kept, so that a new process can load them after a crash."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from athena.scripted.profile import Profile
from athena.scripted.scenario import Source

Update = dict[str, Any]


def default_home() -> Path:
    """Where sessions are kept: `$ATHENA_SCRIPTED_HOME`, else `~/.athena-scripted`."""
    named = os.environ.get("ATHENA_SCRIPTED_HOME")
    return Path(named) if named else Path.home() / ".athena-scripted"


class Session:
    """A conversation. Every change is appended to its file before the client is told."""

    def __init__(self, path: Path, session_id: str, cwd: str) -> None:
        self.path = path
        self.id = session_id
        self.cwd = cwd
        self.values: dict[str, str] = {}
        self.turns = 0
        self.calls = 0
        self.messages = 0
        self.cost = 0.0
        self.context: list[int] = []
        self.title: str | None = None
        self.updated_at = _now()
        self.mcp_servers: list[dict[str, Any]] = []
        self.always: set[str] = set()
        self.chosen: Source | None = None
        self.chosen_turn = 0
        self.cancelled = False
        self.running = False
        self.steered: list[str] = []

    def record(self, update: Update) -> None:
        """Append what was said, to be said again when the session is loaded."""
        self._append({"update": update})

    def save(self) -> None:
        """Append the state that the next process needs."""
        self.updated_at = _now()
        state = {
            "id": self.id,
            "cwd": self.cwd,
            "values": self.values,
            "turns": self.turns,
            "calls": self.calls,
            "messages": self.messages,
            "cost": self.cost,
            "context": self.context,
            "title": self.title,
            "updated_at": self.updated_at,
            "mcp_servers": self.mcp_servers,
            "always": sorted(self.always),
            "chosen": self.chosen,
            "chosen_turn": self.chosen_turn,
        }
        self._append({"state": state})

    def _append(self, entry: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = json.dumps(entry, separators=(",", ":")) + "\n"
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)

    def history(self) -> Iterator[Update]:
        """What was said so far; pieces of one message are joined again."""
        waiting: Update | None = None
        for entry in _entries(self.path):
            update = entry.get("update")
            if update is None:
                continue
            if waiting is not None and _same_message(waiting, update):
                waiting["content"]["text"] += update["content"]["text"]
                continue
            if waiting is not None:
                yield waiting
            waiting = update
        if waiting is not None:
            yield waiting

    def info(self) -> dict[str, Any]:
        """The session as `session/list` shows it."""
        info = {"sessionId": self.id, "cwd": self.cwd, "updatedAt": self.updated_at}
        return {**info, "title": self.title} if self.title else info


class Store:
    """All sessions of one state folder."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "sessions"

    def create(self, cwd: str, profile: Profile) -> Session:
        """A new session with an identifier of its own."""
        session_id = f"ses_{os.urandom(8).hex()}"
        session = Session(self._folder / f"{session_id}.jsonl", session_id, cwd)
        session.values = {setting.id: setting.default for setting in profile.settings}
        session.save()
        return session

    def open(self, session_id: str) -> Session | None:
        """The session of that identifier, as its last line of state left it."""
        if not re.fullmatch(r"ses_[0-9a-f]{16}", session_id):
            return None
        return self._read(self._folder / f"{session_id}.jsonl")

    def _read(self, path: Path) -> Session | None:
        _mend(path)
        state = None
        for entry in _entries(path):
            state = entry.get("state", state)
        if state is None:
            return None
        session = Session(path, state["id"], state["cwd"])
        for name in ("values", "turns", "calls", "messages", "cost", "context", "title"):
            setattr(session, name, state[name])
        session.updated_at = state["updated_at"]
        session.mcp_servers = state["mcp_servers"]
        session.always = set(state["always"])
        session.chosen = Source(*state["chosen"]) if state["chosen"] else None
        session.chosen_turn = state["chosen_turn"]
        return session

    def all(self) -> list[Session]:
        """All sessions, the latest used first."""
        read = [self._read(path) for path in self._folder.glob("ses_*.jsonl")]
        sessions = [session for session in read if session]
        return sorted(sessions, key=lambda session: (session.updated_at, session.id), reverse=True)

    def fork(self, session: Session) -> Session:
        """A copy that goes its own way."""
        data = session.path.read_bytes()
        session_id = f"ses_{os.urandom(8).hex()}"
        path = self._folder / f"{session_id}.jsonl"
        path.write_bytes(data)
        copy = self._read(path)
        if copy is None:
            raise OSError(f"{path} could not be read back")
        copy.id = session_id
        copy.save()
        return copy

    def delete(self, session: Session) -> None:
        """Forget a session."""
        session.path.unlink(missing_ok=True)


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                yield json.loads(line)
    except FileNotFoundError:
        return


def _mend(path: Path) -> None:
    """Cut off the last line if its writer was killed in the middle of it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    if not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


def _same_message(first: Update, second: Update) -> bool:
    def key(update: Update) -> tuple[Any, ...]:
        return update["sessionUpdate"], update.get("messageId")

    chunks = ("agent_message_chunk", "agent_thought_chunk")
    return (
        first["sessionUpdate"] in chunks
        and key(first) == key(second)
        and first["content"]["type"] == second["content"]["type"] == "text"
    )


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
