"""The play: one turn being performed, and all that a step may do to the session and the client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from athena.scripted.peer import GivenUp, Peer
from athena.scripted.profile import Profile
from athena.scripted.session import Session
from athena.scripted.source import VARIABLES, expand
from athena.scripted.verbs import Step

if TYPE_CHECKING:
    from athena.scripted.agent import Agent


class Cancelled(Exception):
    """The client cancelled the turn."""


class Play:
    """What the steps of a turn act upon. Without a session only `early` steps can be played."""

    def __init__(self, agent: Agent, session: Session | None = None, prompt: str = "") -> None:
        self.agent = agent
        self.values = dict.fromkeys(VARIABLES, "")
        self.pace = 0.0
        self.chunk = 24
        self.usage: dict[str, int] = {}
        self.used_by_model: dict[str, dict[str, int]] = {}
        self.ignores_cancel = False
        self._session = session
        if session:
            self._set_values(session, prompt)

    def _set_values(self, session: Session, prompt: str) -> None:
        names = (str(server.get("name", "?")) for server in session.mcp_servers)
        self.values |= {
            "prompt": prompt,
            "turn": str(session.turns),
            "session": session.id,
            "cwd": session.cwd,
            "mcp": ", ".join(names),
            "mode": session.values.get("mode", ""),
            "model": session.values.get("model", ""),
        }

    @property
    def session(self) -> Session:
        """The session; steps that need one are refused elsewhere when the scenario is read."""
        assert self._session is not None
        return self._session

    @property
    def peer(self) -> Peer:
        """The client."""
        return self.agent.peer

    @property
    def profile(self) -> Profile:
        """What the harness announced of itself."""
        return self.agent.profile

    @property
    def cancelled(self) -> bool:
        """Whether the client cancelled this turn and the scenario heeds it."""
        return self._session is not None and self._session.cancelled and not self.ignores_cancel

    def run(self, steps: Iterable[Step]) -> None:
        """Perform steps one after the other; `Cancelled` between two of them."""
        for step in steps:
            self.heed()
            step.verb.perform(self, step.args)
        self.heed()

    def heed(self) -> None:
        """Raise `Cancelled` if the client cancelled the turn."""
        if self.cancelled:
            raise Cancelled

    def expand(self, text: str) -> str:
        """The text with its variables filled in."""
        return expand(text, self.values)

    def path(self, name: str) -> Path:
        """A path of the scenario, seen from the session's working directory."""
        return Path(self._session.cwd if self._session else ".") / name

    def pause(self, duration: float) -> None:
        """Wait, times the pace that the process was started with."""
        self.until(lambda: False, duration * self.agent.pace)

    def until(self, done: Callable[[], bool], patience: float) -> bool:
        """Wait for a condition; false when `patience` seconds are over."""
        try:
            return self.peer.poll(done, lambda: self.cancelled, patience)
        except GivenUp:
            raise Cancelled from None

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask the client. `RpcError` when it refuses, `Cancelled` when the turn is cancelled."""
        try:
            return self.peer.request(
                method, {"sessionId": self.session.id, **params}, lambda: self.cancelled
            )
        except GivenUp:
            raise Cancelled from None

    def update(self, name: str, /, keep: bool = True, **fields: Any) -> None:
        """Send a session update. `keep`: say it again when the session is loaded."""
        update = {"sessionUpdate": name, **{k: v for k, v in fields.items() if v is not None}}
        if keep:
            self.session.record(update)
        self.agent.send_update(self.session, update)

    def stream(self, kind: str, text: str) -> None:
        """Send a text in pieces, as one message."""
        self.session.messages += 1
        message_id = f"msg_{self.session.messages}" if self.profile.message_ids else None
        for number, piece in enumerate(pieces(text, self.chunk)):
            if number and self.pace:
                self.pause(self.pace)
            self.heed()
            self.update(kind, messageId=message_id, content={"type": "text", "text": piece})

    def next_call(self) -> str:
        """An identifier for a tool call."""
        self.session.calls += 1
        return f"call_{self.session.calls}"


def pieces(text: str, size: int) -> list[str]:
    """The text in pieces of about `size` characters, cut between words."""
    found: list[str] = []
    piece = ""
    for word in re.findall(r"\s*\S+\s*", text) or [text]:
        piece += word
        if len(piece) >= size:
            found.append(piece)
            piece = ""
    return [*found, piece] if piece else found
