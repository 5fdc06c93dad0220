"""One agent in two editors at once, and a Neovim that was away for a while."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import psutil
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities

from tests.app.playing import scenario
from tests.nvim.conftest import Open, spawn
from tests.support.athena import Athena, Client
from tests.support.wait import until, until_sync

Json = dict[str, Any]


class Editor(LanguageClient):
    """A language client that keeps the newest view of each agent."""

    def __init__(self) -> None:
        super().__init__()
        self.agents: dict[str, Any] = {}

        @self.feature("athena/event/batch")
        def _(params: Any) -> None:
            for view in params.agents:
                self.agents[view.id] = view

    def asked(self, agent: str) -> list[str]:
        """What an agent asks for, as far as this editor was told."""
        view = self.agents.get(agent)
        return [open.request.title for open in view.requests] if view else []

    async def ask(self, method: str, **params: object) -> Any:
        """The result of one of Athena's own requests."""
        return await self.protocol.send_request_async(method, params)


async def connect(athena: Athena, project: Path) -> Editor:
    """A second editor, through a relay of its own."""
    editor = Editor()
    program, *arguments = athena.command("lsp")
    await editor.start_io(program, *arguments, env=athena.environment, cwd=str(project))
    told = types.InitializeParams(
        capabilities=client_capabilities("visual-studio-code"),
        root_uri=project.as_uri(),
        workspace_folders=[types.WorkspaceFolder(uri=project.as_uri(), name="project")],
        client_info=types.ClientInfo(name="Visual Studio Code"),
    )
    await editor.initialize_session(told)
    await editor.ask("athena/event/subscribe")
    return editor


async def test_two_editors_on_one_agent(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    editor = await connect(athena, project)
    try:
        prompt = scenario("permit run touch one\npermit run touch two\nsay Both were answered.")
        spawned = await editor.ask(
            "athena/agent/spawn",
            prompt=prompt,
            harness="scripted",
            name="shared",
            project=str(project),
        )
        agent = spawned.id

        # Both see it wait. Neovim answers the first; the other editor is told.
        nvim.command("Athena transcript shared")
        nvim.sees("shared", "needs permission", "! touch one")
        await until(lambda: editor.asked(agent) == ["touch one"], what="VS Code sees the request")
        nvim.keys("a")
        nvim.sees("✓ execute: touch one", "! touch two")
        await until(lambda: editor.asked(agent) == ["touch two"], what="VS Code sees the answer")

        # The other editor answers the second; in Neovim the request is gone.
        request = editor.agents[agent].requests[0].requestId
        await editor.ask("athena/request/answer", requestId=request, option="reject")
        nvim.sees("✗ execute: touch two", "Both were answered.", "○ idle")
        nvim.sees_not("a allow   d reject")
        await until(lambda: editor.agents[agent].status == "idle", what="VS Code sees the end")
    finally:
        await editor.shutdown_session()
        await editor.stop()
    place = Path(client.agent("shared")["workspace"]["cwd"])
    assert (place / "one").exists() and not (place / "two").exists()


def test_a_neovim_that_was_suspended_misses_nothing(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "gate go\nrepeat 300:\n    tool read: step ${count} | done\n    say Word ${count}."
    spawn(client, project, steps, name="worker")
    nvim = open_nvim()
    nvim.command("Athena transcript worker")
    nvim.sees("worker ● working")
    nvim.process.send_signal(signal.SIGSTOP)
    (project / "go").touch()
    client.until("worker", "idle", timeout=60)
    nvim.process.send_signal(signal.SIGCONT)
    nvim.sees("Word 300.", "○ idle", timeout=20)
    lines = nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)")
    for text in ("✓ read: step {}", "Word {}."):
        assert [lines.count(text.format(n)) for n in range(1, 301)] == [1] * 300, text


def test_a_relay_that_died_is_started_again(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "say Before.\ngate go\nsay After.", name="worker")
    nvim = open_nvim()
    nvim.command("Athena transcript worker")
    nvim.sees("Before.", "worker ● working")
    (relay,) = psutil.Process(nvim.process.pid).children(recursive=True)
    relay.kill()
    until_sync(lambda: not relay.is_running())
    (project / "go").touch()
    nvim.sees("After.", "○ idle", timeout=20)
    lines = nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)")
    assert [lines.count(text) for text in ("Before.", "After.")] == [1, 1]
