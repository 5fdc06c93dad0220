"""Processes of a harness, and the settings of their sessions."""

from __future__ import annotations

from typing import Literal

from athena.protocol.capability import Capabilities, Option, SlashCommand
from athena.protocol.events.base import EventData
from athena.protocol.spec import WorkspaceSpec


class RunStarted(EventData):
    """A process of the harness was started.

    `resume` is the session that it continues, or begins with a copy of where it is a `fork`.
    """

    KIND = "runStarted"
    run_id: str
    harness: str
    argv: list[str]
    cwd: str
    resume: str | None = None
    fork: bool | None = None


class SessionOpened(EventData):
    """The harness is ready for prompts."""

    KIND = "sessionOpened"
    run_id: str
    session_id: str
    model: str | None = None
    mode: str | None = None
    capabilities: Capabilities = Capabilities()


class SessionLost(EventData):
    """The harness cannot restore the session that the run was to go on with; `error` says why.

    A new session takes its place, in this run or in one that follows by itself, and is told the
    conversation so far.
    """

    KIND = "sessionLost"
    run_id: str
    session_id: str
    error: str


class RunGivenUp(EventData):
    """The harness will never take prompts (it wants a login, it refused): its process is ended."""

    KIND = "runGivenUp"
    run_id: str
    error: str


ENDED = {
    "exited": "the harness ended by itself",
    "stopped": "the harness was stopped",
    "killed": "the harness was killed",
    "idle": "the harness was ended, as it had nothing to do",
    "failed": "the harness did not start",
    "lost": "the harness is gone without a trace",
}


class RunEnded(EventData):
    """A process of the harness ended.

    `reason`: `exited` by itself, `stopped` or `killed` on request, `idle`, `failed` to start,
    `lost` without a trace (a reboot, a killed runner). Times in seconds, memory in bytes.
    """

    KIND = "runEnded"
    run_id: str
    reason: Literal["exited", "stopped", "killed", "idle", "failed", "lost"]
    code: int | None = None
    signal: str | None = None
    error: str | None = None
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None

    @property
    def words(self) -> str:
        """Why it ended, for people."""
        return self.error or ENDED[self.reason]


class SessionImported(EventData):
    """The agent is a session that a plain command line made; what its file says follows."""

    KIND = "sessionImported"
    harness: str
    session_id: str
    path: str
    cwd: str


class SessionAdopted(EventData):
    """An imported session goes on as an agent of Athena, in this workspace."""

    KIND = "sessionAdopted"
    session_id: str
    workspace: WorkspaceSpec
    model: str | None = None
    mode: str | None = None
    by: str = "user"


class ModeChanged(EventData):
    """The session's mode is now `mode`. `replaces` are options of the spawn that hold no more."""

    KIND = "modeChanged"
    mode: str
    replaces: list[str] | None = None


class ModelChanged(EventData):
    """The session's model is now `model`; `replaces` as in `ModeChanged`."""

    KIND = "modelChanged"
    model: str
    replaces: list[str] | None = None


class OptionsChanged(EventData):
    """The session's options, all of them."""

    KIND = "optionsChanged"
    options: list[Option]


class CommandsChanged(EventData):
    """The slash commands that the harness understands now, all of them."""

    KIND = "commandsChanged"
    commands: list[SlashCommand]


class TitleChanged(EventData):
    """The harness gave the session a title."""

    KIND = "titleChanged"
    title: str
