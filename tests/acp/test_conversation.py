"""The driver and the scripted harness talk to each other, process to process."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from athena.app.effects import Effects
from athena.app.terminals import Terminals
from athena.harness.acp.driver import AcpDriver
from athena.harness.driver import (
    AnswerInquiry,
    AnswerPermission,
    EffectDone,
    Launch,
    SetMode,
    SetModel,
    SetOption,
    Step,
)
from athena.harness.quirks import AcpQuirks
from athena.harness.rows import Harness
from athena.protocol import events as e
from athena.protocol.content import ImageContent
from athena.protocol.items import ItemStatus, Message, Notice, ToolCall, Unrecognized
from athena.protocol.spec import AgentSpec, McpServer
from tests.harnesses.live import Answer, Live, allow, deny, leave_open
from tests.scripted.client import environment
from tests.support.event_text import event_lines
from tests.support.wait import until

OFFERS = AcpQuirks(offer_files=True, offer_terminals=True)


class Conversation(Live):
    """A run whose effects are performed, as the daemon performs them."""

    effects: Effects | None = None

    async def apply(self, step: Step[Any]) -> None:
        effects, self_step = step.effects, step
        if self.effects is not None:
            self_step = Step(step.memory, step.events, step.deltas, step.sends)
        await super().apply(self_step)
        if self.effects is not None:
            for effect in effects:
                done: EffectDone = await self.effects.perform(effect)
                await self.do(done)


class Theatre:
    """Starts runs in one folder, under one home."""

    def __init__(self, root: Path) -> None:
        self.work = root / "work"
        self.work.mkdir()
        self.root = root
        self._runs = 0
        self.stack = AsyncExitStack()

    async def start(
        self,
        scenario: str = "",
        answer: Answer = allow,
        quirks: AcpQuirks | None = None,
        resume: str | None = None,
        primer: str | None = None,
        fork: bool = False,
        **spec: Any,
    ) -> Conversation:
        argv: tuple[str, ...] = (sys.executable, "-m", "athena.scripted")
        if scenario:
            file = self.root / "scenario.txt"
            file.write_text(scenario)
            argv = (*argv, "--scenario", str(file))
        row = Harness("scripted", "Scripted", "acp", argv, "", quirks=quirks or AcpQuirks())
        self._runs += 1
        agent = AgentSpec(name="a", harness="scripted", project=str(self.work), **spec)
        launch = Launch(f"r{self._runs}", agent, str(self.work), resume, fork, primer)
        environ = environment(self.root)
        run = Conversation(AcpDriver(row), launch, environ, answer)
        if quirks is OFFERS:
            terminals = Terminals(self.root / "runs", launch.run_id, self.work, environ, 1)
            run.effects = Effects([self.work], terminals)
            self.stack.push_async_callback(run.effects.close)
        await self.stack.enter_async_context(run)
        return run


@pytest.fixture
async def theatre(tmp_path: Path) -> Any:
    found = Theatre(tmp_path)
    async with found.stack:
        yield found


def items(run: Live, kind: type[Any]) -> list[Any]:
    return [one.item for one in run.of(e.ItemCompleted) if isinstance(one.item, kind)]


def said(run: Live) -> list[str]:
    return [one.text for one in items(run, Message)]


async def test_a_turn_with_all_that_an_agent_shows(theatre: Theatre) -> None:
    scenario = """
think  I should look first.
say    Reading the file first.
plan   [>] write  [ ] run
write  a.txt: one
permit run cat a.txt
on success:
    say It says ${output}
usage  input=100 output=20 cached=50 cost=0.5
"""
    run = await theatre.start(scenario)
    await run.opened()
    await run.turn("Do it")
    text = event_lines(run.events, {str(theatre.work): "/work", run.memory.session_id: "SESSION"})
    assert text == (
        """\
sessionOpened model=scripted-small mode=ask
commandsChanged 1
titleChanged {"title": "Do it"}
+ r1.1 reasoning ''
= r1.1 reasoning 'I should look first.'
+ r1.2 message ''
+ r1.3 plan [["inProgress", "write"], ["pending", "run"]]
= r1.2 message 'Reading the file first.'
+ r1.4 edit [pending] 'Write a.txt' name=None at /work/a.txt:1 diff=/work/a.txt 'None' -> 'one\\n'
~ r1.4 {"status": "inProgress"}
= r1.4 edit [completed] 'Write a.txt' name=None at /work/a.txt:1 diff=/work/a.txt 'None' -> 'one\\n'
+ r1.5 execute [pending] 'cat a.txt' name=None
? r1.r1 item=r1.5 permission 'cat a.txt' [allowOnce: Allow once | allowAlways: Always allow | rejectOnce: Reject]
~ r1.5 {"status": "inProgress"}
= r1.5 execute [completed] 'cat a.txt' name=None text='one\\n' output={"exitCode": 0, "output": "one\\n"}
+ r1.6 message ''
context 170 of 200000
= r1.6 message 'It says one\\n'
usage scripted-small in=150 out=20 cached=50
= r1.3 plan [["inProgress", "write"], ["pending", "run"]]
turnEnded turn1 endTurn in=150 out=20 cached=50 cost=0.5 USD reported
"""
    )
    assert "".join(run.deltas) == "I should look first.Reading the file first.It says one\n"
    assert await run.stop() == 0


async def test_a_permission_that_is_denied(theatre: Theatre) -> None:
    run = await theatre.start("permit run touch done\non reject:\n  say Fine.", deny)
    await run.opened()
    assert (await run.turn("Go")).stop_reason == "endTurn"
    assert [call.status for call in items(run, ToolCall)] == [ItemStatus.FAILED]
    assert said(run) == ["Fine."]
    assert not (theatre.work / "done").exists()


async def test_a_question(theatre: Theatre) -> None:
    run = await theatre.start("question Which? | red, blue\nsay ${answer}.")
    await run.opened()
    await run.turn("Go")
    assert said(run) == ["red."]


async def test_questions_in_words(theatre: Theatre) -> None:
    run = await theatre.start("question Why?\nsay Since ${answer}.", leave_open)
    await run.opened()
    turn_id = await run.prompt("Go")
    asked = await run.next(e.RequestOpened)
    await run.do(AnswerInquiry(asked.request_id, {"answer": ["I like it"]}))
    await run.ended(turn_id)
    assert said(run) == ["Since I like it."]


async def test_interrupt_with_an_open_permission(theatre: Theatre) -> None:
    run = await theatre.start("permit run touch done\nturn 2:\n  say Still here.", leave_open)
    await run.opened()
    turn_id = await run.prompt("Go")
    asked = await run.next(e.RequestOpened)
    await run.interrupt()
    assert (await run.ended(turn_id)).stop_reason == "cancelled"
    assert [one.request_id for one in run.of(e.RequestClosed)] == [asked.request_id]
    await run.do(AnswerPermission(asked.request_id, "allow-once"))
    await run.turn("And now?")
    assert said(run) == ["Still here."]


async def test_settings(theatre: Theatre) -> None:
    wishes = {"mode": "auto", "model": "scripted-large", "options": {"effort": "high"}}
    run = await theatre.start("permit run true\nsay ${model} ${mode}", leave_open, **wishes)
    opened = await run.opened()
    assert (opened.model, opened.mode) == ("scripted-large", "auto")
    assert [one.id for one in opened.capabilities.thinking_levels] == ["low", "medium", "high"]
    await run.turn("Go")
    assert said(run) == ["scripted-large auto"]
    await run.do(SetMode("ask"))
    await run.do(SetModel("scripted-small"))
    await run.do(SetOption("effort", "low"))
    changed = await run.next(
        e.OptionsChanged, lambda one: [o.current for o in one.options][-1] == "low"
    )
    assert [o.current for o in changed.options] == ["ask", "scripted-small", "low"]
    assert [one.mode for one in run.of(e.ModeChanged)] == ["ask"]
    assert [one.model for one in run.of(e.ModelChanged)] == ["scripted-small"]


async def test_settings_of_older_agents(theatre: Theatre) -> None:
    scenario = "harness:\n  settings legacy\nsay ${model} ${mode}"
    run = await theatre.start(scenario, mode="plan", model="scripted-large")
    opened = await run.opened()
    assert (opened.model, opened.mode) == ("scripted-large", "plan")
    await run.turn("Go")
    assert said(run) == ["scripted-large plan"]


async def test_a_read_only_agent_writes_nothing(theatre: Theatre) -> None:
    run = await theatre.start(
        "write a.txt: a", quirks=AcpQuirks(readonly_mode="plan"), readonly=True
    )
    assert (await run.opened()).mode == "plan"
    await run.turn("Go")
    assert not (theatre.work / "a.txt").exists()


async def test_a_login(theatre: Theatre) -> None:
    scenario = "harness:\n  login required\nsay In."
    run = await theatre.start(scenario, quirks=AcpQuirks(auth_methods=("scripted-login",)))
    await run.opened()
    other = await theatre.start(scenario)
    await until(lambda: items(other, Notice))
    assert items(other, Notice)[0].topic == "login"


async def test_mcp_servers_images_and_instructions(theatre: Theatre) -> None:
    servers = [McpServer(name="files", command="mcp-files")]
    run = await theatre.start(
        "say ${mcp} | ${attachments} | ${prompt}", mcp_servers=servers, instructions="Be brief."
    )
    await run.opened()
    await run.turn("Look", ImageContent(data="aGk=", mime_type="image/png"))
    assert said(run) == ["files | image/png | Be brief.\nLook"]


TWO_TURNS = """
say   One.
usage input=10 cost=0.5
turn 2:
    say   Two.
    usage input=10 cost=0.25
"""


@pytest.mark.parametrize("lacking", ["", "resume"])
async def test_resume_and_load_after_a_kill(theatre: Theatre, lacking: str) -> None:
    without = f"harness:\n  without {lacking}\n" if lacking else ""
    first = await theatre.start(without + TWO_TURNS)
    session_id = (await first.opened()).session_id
    await first.turn("Go")
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: first.is_over)
    second = await theatre.start(without + TWO_TURNS, resume=session_id)
    assert (await second.opened()).session_id == session_id
    ended = await second.turn("Go on")
    assert said(second) == ["Two."]
    assert ended.cost is not None and ended.cost.amount == 0.25
    assert items(second, Unrecognized) == []


async def test_a_session_that_is_not_there_any_more(theatre: Theatre) -> None:
    run = await theatre.start("say ${prompt}", resume="ses_0000000000000000", primer="Before.")
    assert (await run.opened()).session_id != "ses_0000000000000000"
    assert items(run, Notice)[0].topic == "session"
    await run.turn("Go on")
    assert said(run) == ["Before.\nGo on"]


async def test_fork(theatre: Theatre) -> None:
    first = await theatre.start(TWO_TURNS)
    session_id = (await first.opened()).session_id
    await first.turn("Go")
    second = await theatre.start(TWO_TURNS, resume=session_id, fork=True)
    assert (await second.opened()).session_id != session_id
    await second.turn("Go on")
    assert said(second) == ["Two."]


async def test_files_and_terminals_of_athena(theatre: Theatre) -> None:
    scenario = """
write  a.txt: old
edit   a.txt: old -> new
read   a.txt
run    cat a.txt; exit 3
read   /etc/hostname
"""
    run = await theatre.start(scenario, quirks=OFFERS)
    await run.opened()
    await run.turn("Go")
    assert (theatre.work / "a.txt").read_text() == "new\n"
    calls: list[ToolCall] = items(run, ToolCall)
    assert [call.status for call in calls] == [
        ItemStatus.COMPLETED,
        ItemStatus.COMPLETED,
        ItemStatus.COMPLETED,
        ItemStatus.FAILED,
        ItemStatus.FAILED,
    ]
    (terminal,) = [one.wire() for one in calls[3].content]
    assert terminal == {
        "type": "terminal",
        "terminalId": "term8",
        "output": "new\n",
        "exitCode": 3,
    }
    assert "outside of the workspace" in str(calls[4].content)


async def test_steering(theatre: Theatre) -> None:
    run = await theatre.start("mark here\nlisten\nsay You said: ${steered}.")
    await run.opened()
    turn_id = await run.prompt("Go")
    await until((theatre.work / "here").exists)
    assert run.driver.can_steer(run.memory)
    await run.steer("rather so")
    await run.ended(turn_id)
    assert said(run) == ["You said: rather so."]


async def test_errors_of_a_turn(theatre: Theatre) -> None:
    run = await theatre.start('error -32603 Too much\n  {"status": 429}')
    await run.opened()
    ended = await run.turn("Go")
    assert ended.error is not None
    assert (ended.stop_reason, ended.error.category) == ("failed", "rateLimit")


async def test_noise_does_not_harm_a_turn(theatre: Theatre) -> None:
    run = await theatre.start()
    await run.opened()
    ended = await run.turn("/play noise")
    assert ended.stop_reason == "endTurn"
    assert said(run) == ["Before the noise.", "After the noise."]
    reasons = [one.reason for one in items(run, Unrecognized)]
    assert reasons == [
        "no JSON object",
        "notification 'no/such/notification'",
        "an answer that nobody waits for",
        "no JSON object",
        "no JSON object",
        "session update ''",
        "session update 'no_such_update'",
        "request 'no/such/request'",
    ]


async def test_a_crash_in_a_turn(theatre: Theatre) -> None:
    run = await theatre.start("say Half\ngate never")
    await run.opened()
    await run.prompt("Go")
    await until(lambda: run.deltas)
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    await until(lambda: run.is_over)
    run.end("it was killed")
    assert said(run) == ["Half"]
    (ended,) = run.of(e.TurnEnded)
    assert (ended.stop_reason, ended.error and ended.error.message) == ("failed", "it was killed")
