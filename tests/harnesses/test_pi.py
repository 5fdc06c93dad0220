"""What pi does beyond the common scenarios."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from athena.harness.driver import AnswerInquiry, Intent, SetMode, SetModel, SetOption
from athena.protocol import events as e
from athena.protocol.items import ItemStatus, UserMessage
from athena.protocol.request import Inquiry
from tests.harnesses.checks import assert_whole, calls, notices, said
from tests.harnesses.conftest import Starts
from tests.harnesses.live import allow
from tests.support.fakemodel import FakeModel
from tests.support.wait import until

pytestmark = pytest.mark.harnesses

FAKE, PLAIN = "fake/fake", "fake/fake-plain"


async def test_the_session_begins_as_wanted(run: Starts) -> None:
    live = run("pi", model=FAKE, options={"thinking": "high"})
    settings = Path(live.environment["HOME"], ".pi/agent/settings.json")
    before = settings.read_text()
    async with live:
        opened = await live.opened()
        known = opened.capabilities
        assert opened.model == FAKE
        assert [one.id for one in known.models] == [FAKE, PLAIN]
        # What the model maps to nothing, and the highest level, it does not have.
        assert [one.id for one in known.thinking_levels] == ["off", "low", "medium", "high"]
        assert [(one.id, one.current) for one in known.options] == [("thinking", "high")]
        commands = {one.name: one.description for one in known.commands}
        assert commands["plan"] == "Plan" and "compact" in commands
        assert (known.mcp, known.sandbox) == ("no", "no")
        await live.turn("[[fake:hello]]")
    assert settings.read_text() == before, "what is wanted of one agent is no default of the user"


async def test_settings_are_changed(run: Starts) -> None:
    async with run("pi", model=PLAIN) as live:
        opened = await live.opened()
        assert (opened.model, opened.capabilities.options) == (PLAIN, [])
        for nonsense in (SetModel("fake/none"), SetOption("colour", "red"), SetMode("plan")):
            await live.do(nonsense)
        topics = ("model", "option", "mode")
        assert [len(notices(live, topic)) for topic in topics] == [1, 1, 1]
        await live.do(SetModel("fake"))
        assert (await live.next(e.ModelChanged)).model == FAKE
        await live.do(SetOption("thinking", "minimal"))
        await until(lambda: "no level 'minimal'" in str(notices(live, "option")[1:]))
        await live.do(SetOption("thinking", "off"))
        changed = await live.next(e.OptionsChanged, lambda one: one.options[0].current == "off")
        assert [one.id for one in changed.options[0].choices] == ["off", "low", "medium", "high"]
        await live.turn("[[fake:hello]]")
        assert live.of(e.UsageReported)[-1].model == FAKE
        assert_whole(live)


async def test_instructions_and_tools_reach_the_model(
    run: Starts, model: FakeModel, tmp_path: Path
) -> None:
    tag = tmp_path.name
    async with run("pi", instructions="Speak like a pirate.", readonly=True) as live:
        await live.opened()
        await live.turn(f"[[fake:hello tag={tag}]]")
        [asked] = model.requests(tag)
        assert "Speak like a pirate." in model.body(asked)
        assert sorted(asked.tools) == ["find", "grep", "ls", "read"]


async def test_extensions_ask_and_tell(run: Starts) -> None:
    def answer(request: e.RequestOpened) -> Intent | None:
        asked = request.request
        if isinstance(asked, Inquiry) and not asked.questions[0].choices:
            return AnswerInquiry(request.request_id, {asked.questions[0].id: ["Ann"]})
        return allow(request)

    async with run("pi", answer) as live:
        await live.opened()
        ended = await live.turn("/ask now [[fake:hello]]")
        assert ended.stop_reason == "endTurn"
        assert [one.text for one in notices(live, "extension")] == ["Left, Ann"]
        assert [one.text for one in notices(live, "gate")] == ["On the way."]
        assert [one.title for one in live.of(e.TitleChanged)] == ["To the Left"]
        items = [one.item for one in live.of(e.ItemCompleted)]
        [told] = [one for one in items if isinstance(one, UserMessage)]
        assert told.by == "harness" and "now [[fake:hello]]" in str(told.content)
        assert said(live) == ["Hello from the fake model."]
        assert_whole(live)


async def test_a_command_without_a_model_is_a_turn(run: Starts, model: FakeModel) -> None:
    async with run("pi") as live:
        first = await live.opened()
        await live.turn("[[fake:hello]]")
        assert (await live.turn("/fail")).stop_reason == "endTurn"
        assert "out of ink" in notices(live, "extension")[-1].text
        await live.turn("/fresh")
        # The extension took a new session, which is the one to be resumed.
        last = live.of(e.SessionOpened)[-1]
        assert last.session_id != first.session_id
        await live.turn("[[fake:hello]]")
        assert Path(last.session_id).exists()
        assert_whole(live)


async def test_what_a_tool_prints_is_told_while_it_runs(run: Starts, repo: Path) -> None:
    os.mkfifo(repo / "fifo")
    async with run("pi") as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:held-tool cwd={repo}]]")
        with await opened_fifo(repo / "fifo") as fifo:
            fifo.write(b"first\n")
            fifo.flush()
            await until(lambda: "first\n" in live.deltas)
            fifo.write(b"second\n")
        await live.ended(turn_id)
        assert "".join(live.deltas).count("first\nsecond\n") == 1
        [call] = calls(live)
        assert "first\\nsecond\\n" in str(call.content)
        assert_whole(live)


async def opened_fifo(path: Path):
    """The writing end, as soon as somebody reads."""

    def opened() -> int | None:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None

    return os.fdopen(await until(opened, 60), "wb")


async def test_a_command_that_is_interrupted(run: Starts, repo: Path) -> None:
    os.mkfifo(repo / "fifo")
    async with run("pi") as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:held-tool cwd={repo}]]")
        with await opened_fifo(repo / "fifo"):
            await live.interrupt()
            assert (await live.ended(turn_id)).stop_reason == "cancelled"
        assert [call.status for call in calls(live)] == [ItemStatus.CANCELLED]
        assert_whole(live)


async def test_what_was_steered_before_an_interrupt_is_not_lost(
    run: Starts, model: FakeModel, tmp_path: Path
) -> None:
    tag = tmp_path.name
    async with run("pi") as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:slow gate={tag} tag={tag}]]")
        await until(lambda: model.waiting(tag))
        await live.steer("and think of pomegranates")
        await live.interrupt()
        await live.ended(turn_id)
        assert "1 steered" in notices(live, "steer")[0].text
        await live.turn(f"[[fake:hello tag={tag}-2]]")
        asked = model.requests(f"{tag}-2")[-1]
        assert "pomegranates" in model.body(asked)
        assert not [one for one in live.of(e.ItemCompleted) if isinstance(one.item, UserMessage)]
        assert_whole(live)


async def test_options_that_make_no_sense(run: Starts) -> None:
    for given, words in (
        ({"options": {"colour": "red"}}, "no option 'colour'"),
        ({"options": {"thinking": 3}}, "takes a text"),
        ({"mode": "plan"}, "no mode 'plan'"),
    ):
        live = run("pi", **given)
        with pytest.raises(ValueError, match=words):
            live.driver.command(live.launch)
