"""Starting and finding the processes of agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from athena.app import environment
from athena.app.alone import FirstStarts
from athena.app.context import Context
from athena.app.effects import Effects
from athena.app.opening import open_run
from athena.app.primer import Part, primer_of
from athena.app.settings import Settings, harness_of_run
from athena.app.terminals import Terminals
from athena.core import fork as forking
from athena.core.state import AgentState
from athena.core.step import StartRun
from athena.harness.capabilities import Detections, at_first_sight
from athena.harness.driver import Driver, Launch
from athena.harness.identity import find
from athena.harness.registry import driver_for
from athena.harness.rows import Harness
from athena.harness.verified import VERIFIED
from athena.protocol.agent import Logs
from athena.protocol.events import RunEnded, RunStarted
from athena.protocol.spec import AgentSpec
from athena.runs import ExitRecord, How, Run, RunSpec, errors_said

LOST_WORDS = "its process is gone (a restart of the machine, or it was killed); resume to go on"

OTHER_MEMORY = (
    "Athena, another version now, cannot go on in the middle of its turn; resume to go on"
)

Reason = Literal["exited", "stopped", "killed", "idle", "failed", "lost"]


class Launcher:
    """Knows how an agent's harness is started, and finds it again after a restart."""

    def __init__(self, context: Context, epoch: int) -> None:
        self._context = context
        self._epoch = epoch
        self._firsts = FirstStarts()

    def driver(self, state: AgentState) -> Driver[Any]:
        """The driver of an agent's harness. `AthenaError` when there is no such harness."""
        harness = self._harness(state)
        program = find(harness, environment.load(self._context.environments, state.id))
        if program is None:
            return driver_for(harness)
        known = Detections(self._context.detections).of(program)
        return driver_for(
            harness, known or at_first_sight(harness.name, program, self._context.clock())
        )

    async def launch(self, state: AgentState, wanted: StartRun) -> Launch:
        """A new run, with all that its driver has to know."""
        copies = wanted.fork and await self._may_copy(state)
        return replace(
            self.relaunch(state, wanted.run_id),
            resume=wanted.resume if copies or not wanted.fork else None,
            fork=copies,
            primer=await self._primer(state) if wanted.primed else None,
            told=forking.told_of(state) if state.turns == 0 else None,
        )

    def relaunch(self, state: AgentState, run_id: str) -> Launch:
        """A run that has begun: what is told at the beginning was told."""
        assert state.workspace is not None
        return Launch(
            run_id=run_id,
            spec=self._spec_of(state),
            cwd=state.workspace.cwd,
            also=tuple(other.path for other in state.workspace.also),
        )

    def _spec_of(self, state: AgentState) -> AgentSpec:
        """An agent's spec with what is not in the log, and what it has to know of its place."""
        spec = _instructed(state)
        return environment.with_servers(self._context.environments, state.id, spec)

    def learned(self, state: AgentState) -> None:
        """Keep what an agent's harness was seen to be able to do."""
        harness = self._harness(state)
        program = find(harness, environment.load(self._context.environments, state.id))
        if program is not None:
            kept = Detections(self._context.detections)
            kept.seen(harness.name, program, state.capabilities, self._context.clock())

    def _harness(self, state: AgentState) -> Harness:
        """The harness that runs, which the settings may have lost by now, or else the wanted one.

        Only the user's file names harnesses: a broken one of the project is no matter here.
        """
        if state.run is not None:
            return harness_of_run(state.run.harness)
        return self._context.settings(None).harness(state.spec.harness)

    def first_installed(self, settings: Settings, env: Mapping[str, str]) -> str | None:
        """The first harness that the PATH has, of those that the tests ran or the user named.

        Some programs have the names of other programs, so what nobody has tried is not taken.
        """
        for harness in settings.harnesses().values():
            is_known = harness.name in VERIFIED or harness.source == "user"
            if is_known and find(harness, env) is not None:
                return harness.name
        return None

    async def open(self, state: AgentState, launch: Launch) -> Run:
        """Attach to a run's process, or start it when it was never started."""
        directory = self._context.runs / launch.run_id

        def start() -> Awaitable[Run]:
            return open_run(directory, lambda: self._spec(state, launch), self._epoch)

        home = None if directory.is_dir() else self._shared_home(state)
        if home is None:
            return await start()
        return await self._firsts.open(home, launch.run_id, start)

    def started(self, run_id: str, *, has_session: bool) -> None:
        """A run has a session, or is over: others may start."""
        self._firsts.ended(run_id, has_session)

    def _shared_home(self, state: AgentState) -> str | None:
        """The folder in which agents of this harness must not start for the first time at once."""
        harness = self._harness(state)
        variable = harness.home_variable
        if variable is None:
            return None
        env = {**environment.load(self._context.environments, state.id), **harness.env}
        return env.get(variable) or f"{env.get('HOME', '')}#{variable}"

    def _spec(self, state: AgentState, launch: Launch) -> RunSpec:
        command = self.driver(state).command(launch)
        env = environment.of_workspace(self._context.environments, state)
        return RunSpec(
            run_id=launch.run_id,
            argv=command.argv,
            cwd=Path(launch.cwd),
            env={**env, **command.env},
            umask=environment.kept(self._context.environments, state.id).umask,
            idle_ms=int(self._context.limits.run_idle_seconds * 1000),
        )

    async def run(self, directory: Path, spec: Callable[[], RunSpec]) -> Run:
        """Attach to any other run, or start it when it was never started."""
        return await open_run(directory, spec, self._epoch)

    def effects(self, state: AgentState, run_id: str) -> Effects:
        """What the harness may do to the machine, inside its workspace."""
        assert state.workspace is not None
        env = environment.of_workspace(self._context.environments, state)
        mask = environment.kept(self._context.environments, state.id).umask
        roots = [state.workspace.path, *(other.path for other in state.workspace.also)]
        terminals = Terminals(
            self._context.runs, run_id, Path(state.workspace.cwd), env, self._epoch, mask
        )
        return Effects([Path(root) for root in roots], terminals)

    async def _primer(self, state: AgentState) -> str:
        """A text that stands for the conversation so far, that of a copied agent included."""
        parts: list[Part] = [Part(state.id)]
        fork = state.spec.fork
        while fork is not None:
            parts.append(Part(fork.agent_id, fork.version))
            fork = (await self._context.directory.actor(fork.agent_id)).state.spec.fork
        text = await primer_of(self._context.log, parts)
        told = forking.told_of(state)
        return f"{told}\n\n{text}" if told else text

    async def _may_copy(self, state: AgentState) -> bool:
        """Whether the session that a copy is to begin with has not gone on meanwhile."""
        fork = state.spec.fork
        if fork is None or fork.session_id is None:
            return False
        source = (await self._context.directory.actor(fork.agent_id)).state
        same = forking.session_to_copy(source, fork.turn_id, fork.harness)
        return same == fork.session_id

    def error_output(self, run_id: str, most: int) -> Logs:
        """The end of what a run wrote to its standard error."""
        directory = self._context.runs / run_id
        if not directory.is_dir():
            return Logs(run_id=run_id, text="")
        said = errors_said(directory, most)
        text = said.data.decode("utf-8", "replace")
        return Logs(run_id=run_id, path=str(directory), text=text)


def _instructed(state: AgentState) -> AgentSpec:
    """The spec with what the agent has to know of its worktrees in other repositories."""
    others = state.workspace.also if state.workspace is not None else []
    if not others:
        return state.spec
    places = "\n".join(f"- {other.path} ({other.name}, branch {other.branch})" for other in others)
    words = (
        "Beside the current directory you work in these directories, each of which is a git "
        f"worktree of another repository:\n{places}"
    )
    told = f"{state.spec.instructions}\n\n{words}" if state.spec.instructions else words
    return state.spec.model_copy(update={"instructions": told})


def not_started(state: AgentState, run_id: str, why: str) -> tuple[RunStarted, RunEnded]:
    """A run that could not even be tried."""
    place = state.workspace
    cwd = place.cwd if place is not None else state.spec.project
    return (
        RunStarted(run_id=run_id, harness=state.spec.harness, argv=[], cwd=cwd),
        RunEnded(run_id=run_id, reason="failed", error=why),
    )


def explain_end(state: AgentState, run_id: str, record: ExitRecord) -> RunEnded:
    """How a run ended, from the runner's record and what was asked for."""
    reason, error = _reason(state, record)
    used = record.usage
    return RunEnded(
        run_id=run_id,
        reason=reason,
        code=record.code,
        signal=record.signal,
        error=error,
        cpu_seconds=(used.user_ms + used.system_ms) / 1000 if used else None,
        max_rss_bytes=used.max_rss_bytes if used else None,
    )


def _reason(state: AgentState, record: ExitRecord) -> tuple[Reason, str | None]:
    message = record.message or None
    match record.how:
        case How.SPAWN_FAILED:
            return "failed", message
        case _ if state.run is not None and state.run.given_up:
            return "failed", state.run.given_up
        case How.LOST:
            return "lost", message or LOST_WORDS
        case _ if state.ending == "kill":
            return "killed", None
        case _ if state.ending == "stop" or _moved(state):
            return "stopped", None
        case How.IDLE:
            return "idle", None
        case How.KILLED:
            return "killed", message
        case How.EXITED | How.SIGNALLED:
            return "exited", message if record.code != 0 else None


def _moved(state: AgentState) -> bool:
    return state.run is not None and state.run.harness != state.spec.harness
