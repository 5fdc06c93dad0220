"""One agent at work: takes what users and its harness say, one thing at a time.

Each input becomes a draft, is committed in one transaction, and only then takes effect. After a
crash the next daemon goes on from the last commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from athena.app import rules
from athena.app.capture import take_checkpoint
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.effects import Effects
from athena.app.launching import OTHER_MEMORY, explain_end, not_started
from athena.app.scripts import ScriptRunner
from athena.app.unheard import lost
from athena.app.workspace import make_workspace
from athena.core import step as s
from athena.core.redact import redacted
from athena.core.state import AgentState
from athena.harness.driver import Close, Driver, Effect, Intent, Launch
from athena.log import Appended, Ingest, LogUnavailable, NewEvent, OutFrame
from athena.protocol import events as e
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.rule import Rule
from athena.runs import Frame, LaunchFailed, Refused, Run, RunEnded, RunnerSilent

T = TypeVar("T")
P = ParamSpec("P")
logger = logging.getLogger(__name__)

FORGET_EVERY = 64
"""Frames that the runner has are dropped from the outbox in lots, to save transactions."""

DISK_RETRY_SECONDS = 1.0
REACH_RETRY_SECONDS = 1.0
KILL_GRACE_SECONDS = 1.0


def patiently(
    work: Callable[Concatenate[AgentActor, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[AgentActor, P], Coroutine[Any, Any, None]]:
    """Begin anew once the log takes writes again: what a harness says waits for that, and the
    agent's lock is free meanwhile, so that a user is told at once and need not wait too."""

    @wraps(work)
    async def until_written(actor: AgentActor, *args: P.args, **kwargs: P.kwargs) -> None:
        while True:
            try:
                return await work(actor, *args, **kwargs)
            except LogUnavailable:
                await actor.context.log.wait_ok()

    return until_written


@dataclass(slots=True)
class Live:
    """The running process of an agent, its driver, and how far both are in the log.

    `reached` is set once there is a `run` to talk to, or it is sure that there never will be one.
    """

    run_id: str
    driver: Driver[Any]
    memory: Any
    position: int
    sent: int
    launch: Launch
    effects: Effects
    run: Run | None = None
    heard_at: float = field(default_factory=time.monotonic)
    forgotten: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class AgentActor:
    """Serialises all that happens to one agent."""

    def __init__(self, context: Context, agent_id: str, state: AgentState | None) -> None:
        self.context = context
        self.agent_id = agent_id
        self._state = state
        self.live: Live | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._doing: set[type[s.NextStep]] = set()
        self.scripts = ScriptRunner(context, lambda: self.state, self.record)

    @property
    def state(self) -> AgentState:
        """The state after the last commit."""
        if self._state is None:
            raise AthenaError(ErrorCode.NOT_FOUND, f"There is no agent {self.agent_id}.")
        return self._state

    @property
    def at_rest(self) -> bool:
        """Whether nothing would be lost if this object went away."""
        busy = self._tasks or self._lock.locked() or not self.scripts.at_rest
        return self.live is None and not busy

    def written(self) -> Mapping[str, str]:
        """The text so far of the items that are being written, by item id."""
        live = self.live
        if live is None or live.memory is None:
            return {}
        return live.driver.written(live.memory)

    async def change(self, build: Callable[[Draft], T]) -> tuple[T, Appended]:
        """Carry out a user's command: `build` puts it into a draft, or raises `AthenaError`."""
        return await self.context.steady.run(self._change(build, None))

    async def once(
        self, build: Callable[[Draft], T], command_id: str | None
    ) -> tuple[T | None, Appended]:
        """The same, once for each `command_id`: when it comes again, the value is null and the
        rest what it was, whatever became of the agent since."""
        return await self.context.steady.run(self._once(build, command_id))

    async def _once(
        self, build: Callable[[Draft], T], command_id: str | None
    ) -> tuple[T | None, Appended]:
        before = await self.context.log.carried_out(command_id) if command_id else None
        if before is None:
            value, done = await self._change(build, command_id)
            if not done.duplicate:
                return value, done
            before = done
        if self.agent_id not in before.versions:
            raise AthenaError(
                ErrorCode.INVALID_PARAMS,
                f"commandId {command_id!r} named another command: each needs one of its own.",
                field="commandId",
            )
        return None, before

    async def _change(
        self, build: Callable[[Draft], T], command_id: str | None
    ) -> tuple[T, Appended]:
        async with self._lock:
            draft = self._draft()
            value = build(draft)
            following = draft.settle()
            appended = await self._commit(draft, command_id)
            if not appended.duplicate:
                self._act(following)
        return value, appended

    async def revive(self) -> None:
        """Go on where the last daemon ended: attach the run, and do what is due."""
        async with self._lock:
            if self.state.run is not None:
                await self._attach(self.state.run.run_id)
        self.scripts.take_up()
        self._spawn(self._again())

    @patiently
    async def record(self, *facts: e.EventData) -> None:
        """Record what happened outside, whatever the state is.

        Who gives up on it does not end it: what is in the log and not in the state would keep
        everything after it from the log.
        """
        await self.context.steady.run(self._record(facts))

    async def _record(self, facts: Sequence[e.EventData]) -> None:
        async with self._lock:
            draft = self._draft()
            draft.record(*facts)
            await self._commit(draft, None)

    async def take_in(self, events: Sequence[tuple[int, e.EventData]], ingest: Ingest) -> Appended:
        """Record what a session made outside says, each event at its time (0: not known), and how
        far it was read."""
        return await self.context.steady.run(self._take_in(events, ingest))

    async def _take_in(self, events: Sequence[tuple[int, e.EventData]], ingest: Ingest) -> Appended:
        async with self._lock:
            draft = self._draft(events[0][0] if events and self._state is None else None)
            for at, fact in events:
                draft.at = at or draft.at
                draft.record(fact)
            draft.ingest = ingest
            return await self._commit(draft, None)

    def end_processes(self) -> None:
        """End the run without a word in the log; that it has ended is recorded when it can be."""
        if self.live is not None and self.live.run is not None:
            self.live.run.kill(KILL_GRACE_SECONDS)

    def processes(self) -> list[int]:
        """The leaders of the processes that work for the agent now, terminals included."""
        live = self.live
        if live is None or live.run is None:
            return []
        found = (live.run.pid, *live.effects.processes())
        return [pid for pid in found if pid is not None]

    async def detach(self) -> None:
        """Let go of the run; it goes on, and the next daemon takes it up."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.scripts.detach()
        if self.live and self.live.run:
            await self.live.run.detach()

    async def note_stall(self, seconds: float) -> None:
        """Record that nothing was heard of the harness for so long."""
        await self._note(e.AgentStalled(seconds=round(seconds, 1)))

    async def note_recovery(self) -> None:
        """Record that a stalled harness moves again."""
        await self._note(e.AgentRecovered())

    @patiently
    async def _note(self, fact: e.EventData) -> None:
        async with self._lock:
            if self.state.run is None:
                return
            draft = self._draft()
            draft.record(fact)
            await self._commit(draft, None)

    # Drafts and commits.

    def _draft(self, at: int | None = None) -> Draft:
        live = self.live
        return Draft(
            agent_id=self.agent_id,
            state=self._state,
            at=self.context.clock() if at is None else at,
            driver=live.driver if live else None,
            memory=live.memory if live else None,
        )

    async def _commit(
        self, draft: Draft, command_id: str | None, position: int | None = None
    ) -> Appended:
        """Write a draft; when it is in the log, take it over and let it take effect."""
        live = self.live
        appended = Appended(first_seq=1, last_seq=0, at=draft.at)
        if draft.durable or command_id:
            appended = await self._append(draft, command_id, position)
            if appended.duplicate:
                return appended
        before, self._state = self._state, draft.state
        if live is not None:
            self._learn(before)
            live.memory = draft.memory
            live.position = live.position if position is None else position
            if live.run is not None:
                for n, data in enumerate(draft.sends, live.sent + 1):
                    self._spawn(self._deliver(live, live.run, OutFrame(live.run_id, n, data)))
            live.sent += len(draft.sends)
            for effect in draft.effects:
                self._perform(effect)
        if draft.state is not None and draft.events:
            self.context.directory.changed(draft.state)
            await self.context.cache.put(
                self.agent_id, draft.state, draft.state.version, appended.last_seq
            )
        if draft.deltas:
            self.context.hub.publish(self.agent_id, draft.deltas)
        return appended

    def _learn(self, before: AgentState | None) -> None:
        """Keep, for all agents of this program, what the harness has just shown that it can do."""
        now = self.state
        if now.run is None or not now.run.ready:
            return
        self.context.launcher.started(now.run.run_id, has_session=True)
        if before is None or before.capabilities != now.capabilities:
            self._spawn(asyncio.to_thread(self.context.launcher.learned, now))

    async def _append(self, draft: Draft, command_id: str | None, position: int | None) -> Appended:
        live = self.live
        ingest = draft.ingest
        outbox: list[OutFrame] = []
        if live is not None:
            at = live.position if position is None else position
            ingest = Ingest(live.run_id, at, live.driver.dump(draft.memory))
            outbox = [
                OutFrame(live.run_id, n, data) for n, data in enumerate(draft.sends, live.sent + 1)
            ]
        events = [
            NewEvent(kind=fact.KIND, data=fact.wire(), v=fact.VERSION, at=at)
            for fact, at in zip(draft.events, draft.times, strict=True)
        ]
        return await self.context.log.append(
            self.agent_id,
            events,
            expected=self._state.version if self._state else 0,
            command_id=command_id,
            ingest=ingest,
            outbox=outbox,
        )

    # What follows by itself.

    def _act(self, following: s.NextStep | None) -> None:
        """Begin what is due outside, unless it is being done already."""
        if following is None or type(following) in self._doing:
            return
        self._doing.add(type(following))
        self._spawn(self._carry_out(following))

    async def _carry_out(self, following: s.NextStep) -> None:
        try:
            match following:
                case s.MakeWorkspace():
                    await self._make_workspace()
                case s.RunSetup():
                    await self.scripts.setup(following.command)
                case s.EndSetup():
                    await self.scripts.end("setup", why="the agent was stopped")
                case s.TakeCheckpoint():
                    await self._take_checkpoint(following)
                case s.StartRun():
                    await self._start_run(following)
                case s.CloseRun():
                    await self._close_run()
                case s.KillRun():
                    await self._kill_run()
                case _:
                    raise AssertionError(f"{following} is done inside the draft")
        finally:
            self._doing.discard(type(following))
        await self._again()

    @patiently
    async def _again(self) -> None:
        """Ask once more what is due, after something outside was done."""
        async with self._lock:
            if self._state is None:
                return
            draft = self._draft()
            following = draft.settle()
            await self._commit(draft, None)
            self._act(following)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Any) -> None:
        """A fault in one agent's background work is logged and does not end the daemon."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("agent %s: background work failed", self.agent_id)

    # The workspace.

    async def _make_workspace(self) -> None:
        await self.record(*await make_workspace(self.context, self.state))

    async def _take_checkpoint(self, at: s.TakeCheckpoint) -> None:
        await self.record(*await take_checkpoint(self.context, self.state, at.turn_id, at.edge))

    # The run.

    @patiently
    async def _start_run(self, wanted: s.StartRun) -> None:
        state = self.state
        launch = await self.context.launcher.launch(state, wanted)
        async with self._lock:
            if self.live is not None or self.state.next_run_id() != wanted.run_id:
                return
            draft = self._draft()
            try:
                driver = self.context.launcher.driver(state)
                command = driver.command(launch)
            except (AthenaError, ValueError) as error:
                draft.record(*not_started(state, wanted.run_id, str(error)))
                await self._commit(draft, None)
                return
            effects = self.context.launcher.effects(state, wanted.run_id)
            self.live = Live(wanted.run_id, driver, None, 0, 0, launch, effects)
            draft.driver = driver
            draft.record(
                e.RunStarted(
                    run_id=wanted.run_id,
                    harness=state.spec.harness,
                    argv=[redacted(word) for word in command.argv],
                    cwd=launch.cwd,
                    resume=launch.resume,
                    fork=launch.fork or None,
                )
            )
            draft.take(driver.begin(launch))
            try:
                await self._commit(draft, None, 0)
            except BaseException:
                self.live = None
                raise
        self._spawn(self._follow(self.live))

    async def _attach(self, run_id: str) -> None:
        """Take up a run of an earlier daemon from the last commit."""
        state = self.state
        kept = await self.context.log.ingest_state(run_id)
        assert kept is not None, f"run {run_id} was committed without its memory"
        launch = self.context.launcher.relaunch(state, run_id)
        effects = self.context.launcher.effects(state, run_id)
        try:
            driver = self.context.launcher.driver(state)
            memory = driver.load(kept.memory)
        except (AthenaError, ValueError) as error:
            logger.error("run %s is ended, as it cannot be driven: %s", run_id, error)
            self._spawn(self._give_up(launch, effects))
            return
        sent = await self.context.log.last_sent(run_id)
        self.live = Live(run_id, driver, memory, kept.position, sent, launch, effects)
        for effect in driver.open_effects(memory):
            self._perform(effect)
        self._spawn(self._follow(self.live))

    async def _give_up(self, launch: Launch, effects: Effects) -> None:
        """End a run that this daemon cannot drive, so that the agent can be resumed."""
        with contextlib.suppress(LaunchFailed, AthenaError):
            run = await self._reach(launch)
            run.kill(KILL_GRACE_SECONDS)
            await run.ended()
        await effects.close()
        await self._record_loss(launch.run_id)
        await self._again()

    @patiently
    async def _record_loss(self, run_id: str) -> None:
        async with self._lock:
            draft = self._draft()
            draft.record(*await lost(self.context, self.state, run_id, OTHER_MEMORY))
            await self._commit(draft, None)

    async def _follow(self, live: Live) -> None:
        """Connect to the run's process, hand over what it has not got, and read to its end."""
        try:
            run = await self._reach(live.launch)
        except (LaunchFailed, AthenaError) as error:
            ended = e.RunEnded(run_id=live.run_id, reason="failed", error=str(error))
        else:
            async with self._lock:
                live.run = run
                for frame in await self.context.log.outbox_after(live.run_id, run.last_in):
                    self._spawn(self._deliver(live, run, frame))
                live.reached.set()
            async for frames in run.batches(live.position):
                await self._ingest(live, frames)
            ended = explain_end(self.state, live.run_id, await run.ended())
        await self._end_run(live, ended)
        await self._again()

    async def _reach(self, launch: Launch) -> Run:
        """The run's process, started or found again. One that gives no answer now is asked again:
        it lives, and nobody else is there to drive it."""
        while True:
            try:
                return await self.context.launcher.open(self.state, launch)
            except (RunnerSilent, OSError) as error:
                logger.warning("run %s cannot be reached yet: %s", launch.run_id, error)
                await asyncio.sleep(REACH_RETRY_SECONDS)

    async def _deliver(self, live: Live, run: Run, frame: OutFrame) -> None:
        """Hand a frame to the runner; it is in the outbox until the runner has it on disk. One that
        was refused for want of room leaves a gap, for which those behind it are refused."""
        while True:
            try:
                await run.send(frame.n, frame.data)
                break
            except RunEnded:
                return
            except Refused as refusal:
                if refusal.code not in ("disk", "gap"):
                    raise
                await asyncio.sleep(DISK_RETRY_SECONDS)
        if frame.n - live.forgotten >= FORGET_EVERY:
            live.forgotten = frame.n
            with contextlib.suppress(LogUnavailable):  # Later ones take it along.
                await self.context.log.forget_sent(live.run_id, frame.n)

    @patiently
    async def _ingest(self, live: Live, frames: list[Frame]) -> None:
        """Turn lines of the harness into one commit; mere deltas need none.

        What follows from a line follows before the next one is looked at, so the log does not
        depend on how many lines came together.
        """
        live.heard_at = time.monotonic()
        async with self._lock:
            draft = self._draft(frames[0].at_ms)
            following: s.NextStep | None = None
            for frame in frames:
                asked = set(draft.now.requests)
                draft.hear(frame)
                if not asked.issuperset(draft.now.requests):
                    draft.apply_rules(self._rules())
                following = draft.settle()
            if self.state.stalled and not draft.now.stalled:
                draft.record(e.AgentRecovered())
            await self._commit(draft, None, frames[-1].end)
            self._act(following)

    def _rules(self) -> list[Rule]:
        """The rules of the user's files. Broken ones answer nothing: then the user is asked."""
        try:
            return rules.load(Path(self.state.spec.project))
        except AthenaError as error:
            logger.warning("%s", error.message)
            return []

    @patiently
    async def _record_end(self, live: Live, ended: e.RunEnded) -> None:
        async with self._lock:
            draft = self._draft()
            draft.take(live.driver.ended(draft.memory, ended.words))
            draft.record(ended)
            await self._commit(draft, None)
            self.live = None
            live.reached.set()
            live.over.set()

    async def _end_run(self, live: Live, ended: e.RunEnded) -> None:
        # First, so that a daemon that is killed in between leaves it to the next one.
        await live.effects.close()
        await self._record_end(live, ended)
        self.context.launcher.started(live.run_id, has_session=False)
        with contextlib.suppress(LogUnavailable):  # What stays there does no harm.
            await self.context.log.forget_run(live.run_id)

    async def _not_attached(self) -> None:
        """Keep what is due from being tried again and again on a run that was not taken up."""
        if self.state.run is not None:
            await asyncio.sleep(REACH_RETRY_SECONDS)

    async def _close_run(self) -> None:
        live = self.live
        if live is None:
            await self._not_attached()
            return
        await self._ask(live, Close())
        await live.reached.wait()
        if live.run is None:
            return
        live.run.close_input()
        grace = self.context.limits.stop_grace_seconds
        try:
            await asyncio.wait_for(live.over.wait(), grace)
        except TimeoutError:
            live.run.kill(grace)
            await live.over.wait()

    async def _kill_run(self) -> None:
        live = self.live
        if live is None:
            await self._not_attached()
            return
        await live.reached.wait()
        if live.run is None:
            return
        live.run.kill(KILL_GRACE_SECONDS)
        await live.over.wait()

    # Effects.

    def _perform(self, effect: Effect) -> None:
        assert self.live is not None
        self._spawn(self._effect(self.live, effect))

    async def _effect(self, live: Live, effect: Effect) -> None:
        done = await live.effects.perform(effect)
        if live.run is None or live.run.exit is None:
            await self._ask(live, done)

    @patiently
    async def _ask(self, live: Live, intent: Intent) -> None:
        """Have the driver of a run say something to its harness, if the run goes on."""
        async with self._lock:
            if self.live is not live:
                return
            draft = self._draft()
            draft.ask(intent)
            following = draft.settle()
            await self._commit(draft, None)
            self._act(following)
