"""Makes the recordings that the golden tests replay: `python -m tests.harnesses.record [NAME...]`.

Each scene runs a real harness against the fake model in a fresh home. A recording is kept in
`streams/<harness>/<scene>.ndjson`, with the paths of this machine replaced and the catalogues of
a harness's makers cut; the golden texts are made from it by the test (`UPDATE_GOLDEN=1`).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from athena.harness import recording
from athena.harness.driver import (
    AnswerPermission,
    Interrupt,
    Launch,
    SetMode,
    SetModel,
    SetOption,
)
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol import events as e
from athena.protocol.content import ImageContent
from athena.protocol.spec import AgentSpec
from tests.harnesses import scripts
from tests.harnesses.checks import ASKING
from tests.harnesses.conftest import mcp_server
from tests.harnesses.live import Answer, Live, allow, deny, leave_open
from tests.support.fakemodel import FakeModel
from tests.support.harness_env import HARNESS_ENVS
from tests.support.wait import until

STREAMS = Path(__file__).parent / "streams"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass
class Stage:
    """What a scene has at hand."""

    live: Live
    model: FakeModel
    repo: Path
    gate: str


@dataclass(frozen=True)
class Scene:
    """A session to record: what is done in it, and how the harness is started for it."""

    play: Callable[[Stage], Awaitable[None]]
    harnesses: tuple[str, ...] = ("claude", "codex", "pi")
    answer: Answer = allow
    spec: dict[str, Any] = field(default_factory=dict[str, Any])


def turns(*prompts: str) -> Callable[[Stage], Awaitable[None]]:
    """A scene of whole turns, one after the other."""

    async def play(stage: Stage) -> None:
        await stage.live.opened()
        for prompt in prompts:
            await stage.live.turn(prompt.replace("{cwd}", str(stage.repo)))

    return play


async def interrupt(stage: Stage) -> None:
    await stage.live.opened()
    turn_id = await stage.live.prompt(f"[[fake:slow gate={stage.gate}]]")
    await until(lambda: stage.model.waiting(stage.gate))
    await stage.live.do(Interrupt())
    await stage.live.ended(turn_id)
    await stage.live.turn("and now? [[fake:hello]]")


async def steer(stage: Stage) -> None:
    await stage.live.opened()
    turn_id = await stage.live.prompt(f"[[fake:midturn cwd={stage.repo} gate={stage.gate}]]")
    await until(lambda: stage.model.waiting(stage.gate))
    await stage.live.steer("rather [[fake:hello]]")
    stage.model.open_gate(stage.gate)
    await stage.live.ended(turn_id)


async def killed(stage: Stage) -> None:
    await stage.live.opened()
    await stage.live.prompt(f"[[fake:run cwd={stage.repo}]]")
    await stage.live.next(e.RequestOpened)
    await stage.live.kill()
    stage.live.end("killed")


async def settings(stage: Stage) -> None:
    opened = await stage.live.opened()
    mode = "acceptEdits" if stage.live.launch.spec.harness == "claude" else "full-access"
    await stage.live.do(SetMode(mode))
    await until(lambda: stage.live.of(e.ModeChanged))
    await stage.live.do(SetModel(opened.capabilities.models[-1].id))
    await until(lambda: stage.live.of(e.ModelChanged))
    await stage.live.turn("[[fake:hello]]")


async def thinking(stage: Stage) -> None:
    opened = await stage.live.opened()
    await stage.live.do(SetOption("thinking", "high"))
    await stage.live.next(e.OptionsChanged)
    await stage.live.turn("[[fake:hello]]")
    await stage.live.do(SetModel(opened.capabilities.models[-1].id))
    await stage.live.next(e.ModelChanged)
    await stage.live.turn("[[fake:hello]]")


async def image(stage: Stage) -> None:
    await stage.live.opened()
    await stage.live.turn("[[fake:hello]]", ImageContent(data=PIXEL, mime_type="image/png"))


async def background(stage: Stage) -> None:
    await stage.live.opened()
    await stage.live.turn(f"[[fake:background cwd={stage.repo} tag=inner]]")
    asked = await stage.live.next(e.RequestOpened)
    await stage.live.do(AnswerPermission(asked.request_id, "allow"))
    own = await stage.live.next(e.TurnStarted)
    await stage.live.ended(own.turn_id)


async def background_command(stage: Stage) -> None:
    os.mkfifo(stage.repo / "fifo")
    await stage.live.opened()
    await stage.live.turn(f"[[fake:background-command cwd={stage.repo}]]")
    (stage.repo / "fifo").write_text("over\n")
    own = await stage.live.next(e.TurnStarted)
    await stage.live.ended(own.turn_id)


CLAUDE, CODEX, PI = ("claude",), ("codex",), ("pi",)
PLANNING = {
    "options": {
        **ASKING["codex"]["options"],
        "config": {"tools": {"update_plan": {"enabled": True}}},
    }
}
MCP = {"mcp_servers": [mcp_server()]}

SCENES: dict[str, Scene] = {
    "tour": Scene(turns("[[fake:tour cwd={cwd}]]")),
    "denied": Scene(turns("[[fake:run cwd={cwd}]]"), answer=deny),
    "interrupt": Scene(interrupt),
    "steer": Scene(steer),
    "killed": Scene(killed, answer=leave_open),
    "settings": Scene(settings, ("claude", "codex")),
    "image": Scene(image),
    "limit": Scene(turns("[[fake:limit]]", "[[fake:hello]]")),
    "broken": Scene(turns("[[fake:broken]]")),
    "flaky": Scene(turns("[[fake:flaky]]"), ("claude", "codex")),
    "unavailable": Scene(turns("[[fake:unavailable]]"), PI),
    "compact": Scene(turns("[[fake:hello]]", "/compact", "[[fake:hello]]")),
    "subagent": Scene(turns("[[fake:foreground cwd={cwd} tag=inner]]"), CLAUDE),
    "background": Scene(background, CLAUDE, leave_open),
    "background-command": Scene(background_command, CLAUDE),
    "questions": Scene(turns("[[fake:ask]]"), CLAUDE),
    "exit-plan": Scene(turns("[[fake:exit-plan]]"), CLAUDE, spec={"mode": "plan"}),
    "claude-mcp": Scene(turns("[[fake:claude-mcp]]"), CLAUDE, spec=MCP),
    "extension": Scene(turns("/ask [[fake:hello]]", "/plan a house", "/fail"), PI),
    "thinking": Scene(thinking, PI),
    "codex-mcp": Scene(turns("[[fake:codex-mcp]]"), CODEX, spec=MCP),
    "plan": Scene(turns("[[fake:plan]]"), CODEX, spec=PLANNING),
}


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder whose name is always the same, since harnesses put it into names of theirs."""
    folder = Path(tempfile.gettempdir()) / "athena-recording"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


async def record(name: str, scene_name: str, model: FakeModel) -> Path:
    """Play one scene on one harness and keep what was said."""
    scene, row = SCENES[scene_name], HARNESS_ENVS[name]
    with scratch() as folder:
        home, repo = folder / "home", folder / "repo"
        home.mkdir()
        repo.mkdir()
        (repo / "hello.py").write_text('print("hello")\n')
        subprocess.run(["git", "init", "-q"], cwd=repo, check=True)
        environment = row.make_home(home, model.url)
        environment["PATH"] = f"{row.program.parent}:{environment['PATH']}"
        given = {**ASKING[name], **scene.spec}
        spec = AgentSpec(name="t", harness=name, project=str(repo), **given)
        launch = Launch("run1", spec, str(repo))
        live = Live(driver_for(BY_NAME[name]), launch, environment, scene.answer)
        async with live:
            await scene.play(Stage(live, model, repo, f"{scene_name}-{name}"))
        path = STREAMS / name / f"{scene_name}.ndjson"
        names = {
            str(repo): "/repo",
            str(home): "/home",
            str(repo).replace("/", "-"): "-repo",
            str(row.program.parent): "/bin",
            str(Path(__file__).parents[2]): "/athena",
            sys.executable: "/bin/python",
            model.url: "http://model",
        }
        recording.write(path, launch, live.log, names)
        return path


async def main(wanted: list[str]) -> None:
    with FakeModel() as model:
        for name, script in {**scripts.CLAUDE, **scripts.CODEX}.items():
            model.put_script(name, script)
        for scene_name, scene in SCENES.items():
            for name in scene.harnesses:
                if not wanted or name in wanted or scene_name in wanted:
                    print(await record(name, scene_name, model))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
