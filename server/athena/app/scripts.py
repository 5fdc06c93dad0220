"""The scripts of a workspace: each under a runner of its own, its output in the transcript.

A script goes on while the daemon is away: the next one finds it by the events that tell of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from athena.app import environment, trust
from athena.app.context import Context
from athena.app.tables import WorkspaceSettings
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.agent import ScriptView
from athena.protocol.content import ToolTerminal
from athena.protocol.errors import AthenaError
from athena.protocol.items import ItemStatus, ToolCall, ToolKind
from athena.protocol.spec import ScriptStage
from athena.runs import (
    Detached,
    ExitRecord,
    Fenced,
    How,
    Run,
    RunEnded,
    RunError,
    RunSpec,
    output_tail,
)
from athena.worktree.errors import ScriptFailed

Record = Callable[..., Awaitable[None]]

SHOWN_BYTES = 8 * 1024
"""The end of the output that is shown while a script runs."""

KEPT_BYTES = 256 * 1024
"""The end of the output that stays in the transcript; the whole is in the run's directory."""

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
"""Seconds between two looks at the output: the longer it runs, the more, since all are kept."""

GRACE_SECONDS = 2.0
TOO_LONG = "it took longer than"


class ScriptRunner:
    """Runs the scripts of one agent's workspace."""

    def __init__(self, context: Context, state: Callable[[], AgentState], record: Record) -> None:
        self._context = context
        self._state = state
        self._record = record
        self._following: dict[str, asyncio.Task[e.ScriptEnded]] = {}
        self._runs: dict[str, Run] = {}
        self._why: dict[str, str] = {}

    @property
    def at_rest(self) -> bool:
        """Whether no script runs."""
        return not self._following

    async def setup(self, command: str) -> None:
        """Run a script that the next run waits for. Its failure keeps the run from starting."""
        known = [s for s in self._state().scripts.values() if s.stage == "setup"]
        script = known[0] if known else await self.begin("setup", command)
        ended = await self.follow(script)
        if not ended.ok and self._state().wanted:
            failed = f"The setup script `{command}` failed: {ended.error}. Resume to try it again."
            await self._record(e.WorkspaceFailed(error=failed))

    async def begin(self, stage: ScriptStage, command: str) -> ScriptView:
        """Record that a script starts now."""
        script_id = self._state().next_script_id()
        await self._record(
            e.ScriptStarted(script_id=script_id, stage=stage, command=command),
            e.ItemStarted(item_id=script_id, item=_item(stage, command, ItemStatus.IN_PROGRESS)),
        )
        return self._state().scripts[script_id]

    def follow(self, script: ScriptView) -> asyncio.Future[e.ScriptEnded]:
        """Start a script, or find it, and follow it to its end, whether anybody waits or not."""
        known = self._following.get(script.script_id)
        if known is None:
            known = asyncio.create_task(self._follow(script))
            self._following[script.script_id] = known
        return asyncio.shield(known)

    def take_up(self) -> None:
        """Follow the scripts that an earlier daemon started; setup is due by itself."""
        for script in self._state().scripts.values():
            if script.stage != "setup":
                self.follow(script)

    async def end(self, *stages: ScriptStage, why: str) -> None:
        """End the scripts of these stages that run now."""
        for script in list(self._state().scripts.values()):
            if script.stage in stages:
                self._why.setdefault(script.script_id, why)
                if script.script_id in self._runs:
                    self._runs[script.script_id].kill(GRACE_SECONDS)
                await self.follow(script)

    async def detach(self) -> None:
        """Let go of the scripts, which go on."""
        following = list(self._following.values())
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        for run in self._runs.values():
            await run.detach()

    async def _follow(self, script: ScriptView) -> e.ScriptEnded:
        directory = self._context.runs / script.script_id
        try:
            ended = await self._outcome(script, directory)
        except (Detached, Fenced):
            raise
        except (RunError, OSError) as error:
            ended = _ended(script, self._context.clock(), None, f"it could not be run: {error}")
        said = await asyncio.to_thread(output_tail, directory, KEPT_BYTES)
        status = ItemStatus.COMPLETED if ended.ok else ItemStatus.FAILED
        output = _shown(script, said.data, ended.code)
        item = _item(script.stage, script.command, status, output)
        await self._record(e.ItemCompleted(item_id=script.script_id, item=item), ended)
        for known in (self._following, self._runs, self._why):
            known.pop(script.script_id, None)
        return ended

    async def _outcome(self, script: ScriptView, directory: Path) -> e.ScriptEnded:
        run = await self._context.launcher.run(directory, lambda: self._spec(script))
        self._runs[script.script_id] = run
        with contextlib.suppress(RunEnded):
            run.close_input()
        if script.script_id in self._why:
            run.kill(GRACE_SECONDS)
        telling = asyncio.create_task(self._tell(script, directory))
        try:
            async with asyncio.timeout(self._left(script)):
                exit_record = await run.ended()
        except TimeoutError:
            self._why[script.script_id] = f"{TOO_LONG} {self._limit():g} s"
            run.kill(GRACE_SECONDS)
            exit_record = await run.ended()
        finally:
            telling.cancel()
        why = self._why.get(script.script_id)
        return _ended(script, self._context.clock(), exit_record, why)

    async def _tell(self, script: ScriptView, directory: Path) -> None:
        """Show what it prints, while it prints."""
        pause, size = FIRST_PAUSE, 0
        while True:
            await asyncio.sleep(pause)
            now = await asyncio.to_thread(output_tail, directory, SHOWN_BYTES)
            grown = _size(directory)
            if grown != size:
                size = grown
                shown = _shown(script, now.data, None).wire()
                changes: dict[str, object] = {"content": [shown]}
                await self._record(e.ItemUpdated(item_id=script.script_id, changes=changes))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _left(self, script: ScriptView) -> float | None:
        if script.stage == "run":
            return None
        ran = (self._context.clock() - script.started_at) / 1000
        return max(0.0, self._limit() - ran)

    def _limit(self) -> float:
        try:
            return self._context.settings_of(self._state()).workspace.script_seconds
        except AthenaError:  # A file that is broken now ends no script.
            return WorkspaceSettings().script_seconds

    def _spec(self, script: ScriptView) -> RunSpec:
        state = self._state()
        assert state.workspace is not None
        return RunSpec(
            run_id=script.script_id,
            argv=("/bin/sh", "-c", script.command),
            cwd=Path(state.workspace.path),
            env=environment.of_workspace(self._context.environments, state),
            umask=environment.kept(self._context.environments, state.id).umask,
            merge_stderr=True,
        )


def chosen_scripts(context: Context, state: AgentState) -> trust.Chosen:
    """The scripts in force for an agent's workspace. Raises `ScriptFailed`."""
    return trust.chosen(context.settings_of(state), Path(state.spec.project))


async def tear_down(runner: ScriptRunner, context: Context, state: AgentState) -> str | None:
    """Run the teardown scripts up to the first that fails; why it failed, in words."""
    try:
        wanted = chosen_scripts(context, state).teardown
    except ScriptFailed as error:
        return str(error)
    for command in wanted:
        ended = await runner.follow(await runner.begin("teardown", command))
        if not ended.ok:
            return f"the teardown script `{command}` failed: {ended.error}"
    return None


def _item(
    stage: ScriptStage, command: str, status: ItemStatus, output: ToolTerminal | None = None
) -> ToolCall:
    return ToolCall(
        title=command,
        tool=ToolKind.EXECUTE,
        name=f"{stage} script",
        status=status,
        input={"command": command},
        content=[output] if output else [],
    )


def _shown(script: ScriptView, output: bytes, code: int | None) -> ToolTerminal:
    text = output.decode("utf-8", "replace")
    return ToolTerminal(terminal_id=script.script_id, output=text, exit_code=code)


def _size(directory: Path) -> int:
    from athena.runner import layout

    try:
        return (directory / layout.OUT).stat().st_size
    except OSError:
        return 0


def _ended(
    script: ScriptView, now: int, record: ExitRecord | None, why: str | None
) -> e.ScriptEnded:
    code = record.code if record else None
    ok = why is None and record is not None and record.how == How.EXITED and code == 0
    words = None if ok else why or (_words(record) if record else "it is lost")
    return e.ScriptEnded(
        script_id=script.script_id,
        stage=script.stage,
        command=script.command,
        ok=ok,
        code=code,
        signal=record.signal if record else None,
        timed_out=bool(why and why.startswith(TOO_LONG)),
        error=words,
        seconds=max(0, (record.at if record else now) - script.started_at) / 1000,
    )


def _words(record: ExitRecord) -> str:
    if record.how == How.EXITED:
        return f"exit code {record.code}"
    return record.message or record.how.value
