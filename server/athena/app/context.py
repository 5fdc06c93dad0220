"""What the use cases share: the log, the agents, the settings, the places on disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from athena.app import settings as settings_files
from athena.app.hub import Hub
from athena.app.settings import Settings
from athena.app.states import States
from athena.app.steady import Steady
from athena.app.tables import DaemonSettings
from athena.core.state import AgentState
from athena.log import EventLog
from athena.worktree.ports import PortRange

if TYPE_CHECKING:
    from athena.app.authorship import Authorship
    from athena.app.collisions import CollisionWatch
    from athena.app.directory import Directory
    from athena.app.follow import Subscriptions
    from athena.app.launching import Launcher
    from athena.app.places import KnownPlaces
    from athena.app.problems import Problems


def wall_clock() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Context:
    """Made once by `athena.app.compose`, handed to every use case."""

    state_dir: Path
    log: EventLog
    cache: States
    hub: Hub
    clock: Callable[[], int] = wall_clock
    started_at: int = field(default_factory=wall_clock)
    directory: Directory = field(init=False)
    subscriptions: Subscriptions = field(init=False)
    launcher: Launcher = field(init=False)
    authorship: Authorship = field(init=False)
    collisions: CollisionWatch = field(init=False)
    problems: Problems = field(init=False)
    places: KnownPlaces = field(init=False)
    steady: Steady = field(default_factory=Steady)
    connections: int = 0
    importing: asyncio.Lock = field(default_factory=asyncio.Lock)
    reserved_ports: dict[str, PortRange] = field(default_factory=dict[str, PortRange])

    @property
    def runs(self) -> Path:
        """Where the runs have their directories."""
        return self.state_dir / "runs"

    @property
    def environments(self) -> Path:
        """Where the environments of agents are kept."""
        return self.state_dir / "environments"

    @property
    def detections(self) -> Path:
        """Where what was detected of harnesses is kept."""
        return self.state_dir / "harnesses"

    async def settled_head(self) -> int:
        """The last position of the log, once all views hold what happened up to there.

        Who waited for a commit goes on after the head has moved, but before anything that is asked
        for later: one turn of the loop is all it takes.
        """
        head = self.log.head
        await asyncio.sleep(0)
        return head

    @property
    def limits(self) -> DaemonSettings:
        """The limits of the daemon, also while the user's file is broken."""
        return settings_files.limits()

    def settings(self, project: Path | None) -> Settings:
        """The settings in force for a project, or the user's alone."""
        return settings_files.load(project)

    def settings_of(self, state: AgentState) -> Settings:
        """The settings in force for an agent."""
        return self.settings(Path(state.spec.project))
