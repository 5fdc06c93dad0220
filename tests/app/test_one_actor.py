"""An agent has one actor, whose state is that of the log whatever is given up meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

from athena.app.actor import AgentActor
from athena.app.context import Context
from athena.app.directory import Directory
from athena.app.hub import Hub
from athena.app.states import open_cache
from athena.log import EventLog, Ingest
from athena.protocol import events as e
from athena.protocol.spec import AgentSpec


async def test_who_gives_up_on_recording_leaves_no_actor_behind_its_log(tmp_path: Path) -> None:
    async def load(agent_id: str) -> None:
        return None

    async with await EventLog.open(tmp_path / "athena.db") as log:
        context = Context(tmp_path, log, open_cache(log, 0), Hub())
        context.directory = Directory(load, lambda name, state: AgentActor(context, name, state))
        actor = await context.directory.actor("agent")
        spec = AgentSpec(name="agent", harness="claude", project=str(tmp_path))
        outside = e.SessionImported(harness="claude", session_id="s", path="/s", cwd="/")
        begun = [(0, e.AgentSpawned(spec=spec, by="test")), (0, outside)]
        await actor.take_in(begun, Ingest("agent.import", 0, b""))
        for turns_of_the_loop in range(12):
            recording = asyncio.create_task(actor.record(e.TitleChanged(title="given up")))
            for _ in range(turns_of_the_loop):
                await asyncio.sleep(0)
            recording.cancel()
            await asyncio.wait({recording})
            await actor.record(e.TitleChanged(title="after it"))
        assert actor.state.version == await log.version("agent")


async def test_there_is_never_a_second_actor_of_an_agent(tmp_path: Path) -> None:
    async def load(agent_id: str) -> None:
        return None

    async with await EventLog.open(tmp_path / "athena.db") as log:
        context = Context(tmp_path, log, open_cache(log, 0), Hub())
        directory = Directory(load, lambda name, state: AgentActor(context, name, state))
        held = await directory.actor("agent")
        directory.release_idle()
        assert directory.actors() == []
        assert await directory.actor("agent") is held
        assert directory.actors() == [held]
