"""What Codex does beyond the common scenarios."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from athena.harness.driver import SetMode, SetModel, SetOption
from athena.protocol import events as e
from athena.protocol.items import ItemStatus, Plan, ToolKind
from athena.protocol.request import OptionKind, Permission
from tests.harnesses.checks import ASKING, assert_whole, calls, notices, said
from tests.harnesses.conftest import Starts, mcp_server
from tests.harnesses.live import choose
from tests.support.fakemodel import FakeModel
from tests.support.wait import until

pytestmark = pytest.mark.harnesses

ASKS = ASKING["codex"]
FREE = {"options": {"approvalPolicy": "never", "sandbox": "danger-full-access"}}


async def test_mcp_server(run: Starts) -> None:
    async with run("codex", mcp_servers=[mcp_server()], **FREE) as live:
        await live.opened()
        await live.turn("[[fake:codex-mcp]]")
        [call] = calls(live)
        assert (call.title, call.status) == ("t: ping", ItemStatus.COMPLETED)
        assert "pong 1" in str(call.content)
        assert_whole(live)


async def test_an_mcp_server_that_does_not_start(run: Starts) -> None:
    broken = mcp_server().model_copy(update={"command": "/nonexistent"})
    async with run("codex", mcp_servers=[broken], **FREE) as live:
        await live.opened()
        await until(lambda: notices(live, "mcp"))
        assert (await live.turn("[[fake:hello]]")).stop_reason == "endTurn"


async def test_plan(run: Starts) -> None:
    # This model has no plan tool of its own accord.
    config = {"tools": {"update_plan": {"enabled": True}}}
    async with run("codex", options={**FREE["options"], "config": config}) as live:
        await live.opened()
        await live.turn("[[fake:plan]]")
        [plan] = [one.item for one in live.of(e.ItemCompleted) if isinstance(one.item, Plan)]
        assert [(entry.text, entry.status) for entry in plan.entries] == [
            ("One", ItemStatus.COMPLETED),
            ("Two", ItemStatus.IN_PROGRESS),
        ]
        assert_whole(live)


async def test_compaction(run: Starts) -> None:
    async with run("codex", **FREE) as live:
        opened = await live.opened()
        assert [command.name for command in opened.capabilities.commands] == ["compact"]
        await live.turn("[[fake:hello]]")
        assert (await live.turn("/compact")).stop_reason == "endTurn"
        assert notices(live, "compaction")
        assert (await live.turn("[[fake:hello]]")).stop_reason == "endTurn"
        assert_whole(live)


async def test_settings_change(run: Starts) -> None:
    async with run("codex", mode="full-access", model="gpt-5.5-codex") as live:
        opened = await live.opened()
        assert (opened.mode, opened.model) == ("full-access", "gpt-5.5-codex")
        await live.do(SetMode("read-only"))
        await until(lambda: [one.mode for one in live.of(e.ModeChanged)] == ["read-only"])
        model = opened.capabilities.models[0].id
        await live.do(SetModel(model))
        await until(lambda: [one.model for one in live.of(e.ModelChanged)] == [model])
        await live.do(SetOption("effort", "low"))
        await until(lambda: live.of(e.OptionsChanged)[-1].options[0].current == "low")
        await live.do(SetMode("nonsense"))
        assert notices(live, "mode")
        assert_whole(live)


async def test_structured_output(run: Starts) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    options = {**FREE["options"], "outputSchema": schema}
    async with run("codex", options=options) as live:
        await live.opened()
        await live.turn("[[fake:hello]]")
        assert said(live) == ['{"n": 1}']


async def test_allowed_for_the_session(run: Starts, repo: Path) -> None:
    async with run(
        "codex", answer=lambda one: choose(one, OptionKind.ALLOW_ALWAYS), **ASKS
    ) as live:
        await live.opened()
        await live.turn(f"[[fake:run cwd={repo}]]")
        await live.turn(f"again [[fake:run cwd={repo}]]")
        asked = live.of(e.RequestOpened)
        assert len(asked) == 1
        assert isinstance(asked[0].request, Permission)


async def test_a_command_that_outlives_its_turn(run: Starts, repo: Path) -> None:
    os.mkfifo(repo / "fifo")
    async with run("codex", **FREE) as live:
        await live.opened()
        await live.turn(f"[[fake:yielding cwd={repo}]]")
        assert calls(live) == []
        (repo / "fifo").write_text("over\n")
        await until(lambda: calls(live))
        [call] = calls(live)
        assert (call.tool, call.status) == (ToolKind.READ, ItemStatus.COMPLETED)
        assert_whole(live)


async def test_instructions_reach_the_model(run: Starts, model: FakeModel, tmp_path: Path) -> None:
    async with run("codex", instructions="Speak like a pirate.", **FREE) as live:
        await live.opened()
        await live.turn(f"[[fake:hello tag={tmp_path.name}]]")
        [asked] = model.requests(tmp_path.name)
        assert "Speak like a pirate." in model.body(asked)


async def test_options_that_make_no_sense(run: Starts) -> None:
    for given, words in (
        ({"options": {"colour": "red"}}, "no option 'colour'"),
        ({"mode": "turbo"}, "no mode 'turbo'"),
    ):
        live = run("codex", **given)
        with pytest.raises(ValueError, match=words):
            live.driver.command(live.launch)
