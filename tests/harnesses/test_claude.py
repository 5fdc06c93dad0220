"""What Claude Code does beyond the common scenarios."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from athena.harness.driver import AnswerInquiry, AnswerPermission, SetMode, SetModel, SetOption
from athena.protocol import events as e
from athena.protocol.items import ItemStatus, ToolCall, ToolKind
from athena.protocol.request import Inquiry, OptionKind, Permission
from tests.harnesses.checks import assert_whole, calls, notices, said
from tests.harnesses.conftest import Starts, mcp_server
from tests.harnesses.live import choose, leave_open
from tests.support.fakemodel import FakeModel
from tests.support.wait import until

pytestmark = pytest.mark.harnesses


async def test_questions(run: Starts) -> None:
    async with run("claude", answer=leave_open) as live:
        await live.opened()
        turn_id = await live.prompt("[[fake:ask]]")
        opened = await live.next(e.RequestOpened)
        assert isinstance(opened.request, Inquiry)
        [question] = opened.request.questions
        assert [choice.label for choice in question.choices] == ["Left", "Right"]
        await live.do(AnswerInquiry(opened.request_id, {question.id: ["Right"]}))
        assert (await live.ended(turn_id)).stop_reason == "endTurn"
        assert '"Which way?"="Right"' in str(calls(live)[0].content)
        assert_whole(live)


async def test_questions_are_dismissed(run: Starts) -> None:
    async with run("claude", answer=leave_open) as live:
        await live.opened()
        turn_id = await live.prompt("[[fake:ask]]")
        opened = await live.next(e.RequestOpened)
        await live.do(AnswerInquiry(opened.request_id, None))
        await live.ended(turn_id)
        assert calls(live)[0].status is ItemStatus.FAILED
        assert_whole(live)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(OptionKind.ALLOW_ONCE, "default"), (OptionKind.ALLOW_ALWAYS, "acceptEdits")],
)
async def test_a_plan_is_approved(run: Starts, kind: OptionKind, mode: str) -> None:
    async with run("claude", answer=lambda asked: choose(asked, kind), mode="plan") as live:
        assert (await live.opened()).mode == "plan"
        await live.turn("[[fake:exit-plan]]")
        assert isinstance(live.of(e.RequestOpened)[0].request, Permission)
        assert [one.mode for one in live.of(e.ModeChanged)][-1] == mode
        [call] = calls(live)
        assert call.tool is ToolKind.SWITCH_MODE
        assert "1. Do it." in str(call.content)
        assert_whole(live)


async def test_the_input_of_a_call_is_edited(run: Starts, repo: Path) -> None:
    async with run("claude", answer=leave_open) as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:run cwd={repo}]]")
        asked = await live.next(e.RequestOpened)
        edited = {"command": f"echo two > {repo}/two.txt"}
        await live.do(AnswerPermission(asked.request_id, "allow", edited=edited))
        await live.ended(turn_id)
        assert (repo / "two.txt").read_text() == "two\n"
        assert not (repo / "one.txt").exists()


async def test_a_rule_is_kept_for_the_session(run: Starts, repo: Path) -> None:
    async with run("claude", answer=lambda one: choose(one, OptionKind.ALLOW_ALWAYS)) as live:
        await live.opened()
        await live.turn(f"[[fake:write cwd={repo}]]")
        await live.turn(f"again [[fake:write cwd={repo}]]")
        assert len(live.of(e.RequestOpened)) == 1
        assert [one.mode for one in live.of(e.ModeChanged)] == ["acceptEdits"]


async def test_mcp_server(run: Starts) -> None:
    async with run("claude", mcp_servers=[mcp_server()]) as live:
        await live.opened()
        await live.turn("[[fake:claude-mcp]]")
        [call] = calls(live)
        assert (call.title, call.status) == ("t: ping", ItemStatus.COMPLETED)
        assert "pong 1" in str(call.content)
        assert_whole(live)


async def test_an_mcp_server_that_does_not_start(run: Starts) -> None:
    broken = mcp_server().model_copy(update={"command": "/nonexistent"})
    async with run("claude", mcp_servers=[broken]) as live:
        await live.opened()
        assert (await live.turn("[[fake:hello]]")).stop_reason == "endTurn"
        await until(lambda: notices(live, "mcp"))


async def test_a_subagent(run: Starts, repo: Path) -> None:
    async with run("claude") as live:
        await live.opened()
        await live.turn(f"[[fake:foreground cwd={repo} tag=inner]]")
        inner, outer = calls(live)
        assert (outer.title, outer.tool) == ("Look around", ToolKind.THINK)
        assert (inner.title, inner.tool) == (f"echo one > {repo}/one.txt", ToolKind.EXECUTE)
        started = next(one for one in live.of(e.ItemStarted) if isinstance(one.item, ToolCall))
        assert inner.parent_id == started.item_id
        assert (repo / "one.txt").exists()
        assert said(live) == ["The subagent is done."]
        assert_whole(live)


async def test_a_subagent_that_outlives_its_turn(
    run: Starts, repo: Path, tmp_path: Path, model: FakeModel
) -> None:
    """Its permission request stays open, its call ends when it does, and a turn of its own follows."""
    async with run("claude", answer=leave_open) as live:
        await live.opened()
        ended = await live.turn(f"[[fake:background cwd={repo} tag={tmp_path.name}]]")
        asked = await live.next(e.RequestOpened)
        assert live.of(e.RequestClosed) == []
        await live.do(AnswerPermission(asked.request_id, "allow"))
        own = await live.next(e.TurnStarted)
        assert own.origin == "harness"
        after = await live.ended(own.turn_id)
        assert said(live)[-1] == "The background task has ended."
        assert (repo / "one.txt").exists()
        outer = calls(live)[-1]
        assert (outer.title, outer.status) == ("Look around", ItemStatus.COMPLETED)
        assert "Ran it." in str(outer.content)
        asked_of_model = [one for one in model.requests() if one.values.get("tag") == tmp_path.name]
        assert ended.usage is not None and after.usage is not None
        total = ended.usage.plus(after.usage)
        assert total.output_tokens == sum(one.output_tokens for one in asked_of_model)
        assert_whole(live)


async def test_a_command_in_the_background(run: Starts, repo: Path) -> None:
    os.mkfifo(repo / "fifo")
    async with run("claude") as live:
        await live.opened()
        await live.turn(f"[[fake:background-command cwd={repo}]]")
        assert calls(live) == []
        (repo / "fifo").write_text("over\n")
        own = await live.next(e.TurnStarted)
        await live.ended(own.turn_id)
        [call] = calls(live)
        assert (call.tool, call.status) == (ToolKind.EXECUTE, ItemStatus.COMPLETED)
        assert_whole(live)


async def test_settings_change(run: Starts) -> None:
    async with run("claude") as live:
        opened = await live.opened()
        assert {"sonnet", "haiku"} <= {model.id for model in opened.capabilities.models}
        await live.do(SetModel("sonnet"))
        await until(lambda: live.of(e.ModelChanged))
        assert "sonnet" in live.of(e.ModelChanged)[0].model
        await live.do(SetMode("acceptEdits"))
        await until(lambda: live.of(e.ModeChanged))
        await live.do(SetOption("effort", "low"))
        await until(lambda: live.of(e.OptionsChanged)[-1].options[0].current == "low")
        await live.do(SetMode("nonsense"))
        await until(lambda: notices(live, "mode"))
        await live.turn("[[fake:hello]]")
        assert len(live.of(e.ModelChanged)) == len(live.of(e.ModeChanged)) == 1
        assert_whole(live)


async def test_structured_output(run: Starts) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    async with run("claude", options={"json-schema": schema}) as live:
        await live.opened()
        await live.turn("[[fake:structured]]")
        [call] = calls(live)
        assert call.name == "StructuredOutput"
        assert call.input == {"n": 7}


async def test_the_users_hooks_are_kept(run: Starts, repo: Path) -> None:
    hook = {"type": "command", "command": f"cat > {repo}/hook.json"}
    settings = {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}}
    (repo / ".claude").mkdir()
    (repo / ".claude" / "settings.json").write_text(json.dumps(settings))
    async with run("claude") as live:
        await live.opened()
        await live.turn(f"[[fake:run cwd={repo}]]")
        assert json.loads((repo / "hook.json").read_text())["tool_name"] == "Bash"
        assert_whole(live)


async def test_instructions_reach_the_model(run: Starts, model: FakeModel, tmp_path: Path) -> None:
    async with run("claude", instructions="Speak like a pirate.") as live:
        await live.opened()
        await live.turn(f"[[fake:hello tag={tmp_path.name}]]")
        [asked] = [one for one in model.requests(tmp_path.name) if one.tools]
        assert "Speak like a pirate." in model.body(asked)


async def test_compaction(run: Starts) -> None:
    async with run("claude") as live:
        await live.opened()
        await live.turn("[[fake:hello]]")
        await live.turn("/compact")
        assert notices(live, "compaction")
        assert (await live.turn("[[fake:hello]]")).stop_reason == "endTurn"
        assert_whole(live)


async def test_readonly_agents_get_no_editor(
    run: Starts, repo: Path, tmp_path: Path, model: FakeModel
) -> None:
    async with run("claude", readonly=True) as live:
        await live.opened()
        await live.turn(f"[[fake:hello tag={tmp_path.name}]]")
        [asked] = [one for one in model.requests(tmp_path.name) if one.tools]
        assert "Read" in asked.tools
        assert not {"Edit", "Write", "NotebookEdit"} & set(asked.tools)
