"""The same scenarios on each real harness, against the fake model.

What the user sees must not depend on the harness: the assertions name none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.protocol import events as e
from athena.protocol.content import ImageContent
from athena.protocol.items import ItemStatus, ToolKind
from tests.harnesses.checks import ASKING, assert_whole, calls, harnesses, notices, said
from tests.harnesses.conftest import Starts
from tests.harnesses.live import SECONDS, deny, leave_open
from tests.support.fakemodel import FakeModel
from tests.support.wait import until

pytestmark = pytest.mark.harnesses

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


ALL = pytest.mark.parametrize("name", harnesses())
NATIVE = pytest.mark.parametrize("name", harnesses("claude", "codex", "pi"))
"""ACP v1 has no retries and no usage of single responses."""
STEERING = pytest.mark.parametrize(
    "name", harnesses("claude", "codex", "pi", "claude-acp", "codex-acp")
)
FORKING = pytest.mark.parametrize(
    "name", harnesses("claude", "codex", "pi", "opencode", "claude-acp", "codex-acp")
)
GIVING_UP = pytest.mark.parametrize("name", harnesses(*(one for one in ASKING if one != "qwen")))
"""Qwen Code tries again for minutes."""
ENDING = pytest.mark.parametrize("name", harnesses(*(one for one in ASKING if one != "opencode")))
"""OpenCode tries again for as long as it is let."""
SEEING = pytest.mark.parametrize("name", harnesses(*(one for one in ASKING if one != "qwen")))
"""Qwen Code leaves images out where it does not know the model."""
STOPPABLE = pytest.mark.parametrize(
    "name", harnesses(*(one for one in ASKING if one != "codex-acp"))
)
"""Codex over ACP has no mode that asks for a command and could run it here without a sandbox."""


@pytest.fixture
def tag(name: str, tmp_path: Path) -> str:
    """The name of this test's requests and gates at the shared model."""
    return f"{name}-{tmp_path.name}"


@ALL
async def test_tour(run: Starts, name: str, repo: Path, model: FakeModel, tag: str) -> None:
    async with run(name, **ASKING[name]) as live:
        assert (await live.opened()).capabilities.version
        ended = await live.turn(f"Please [[fake:tour cwd={repo} tag={tag}]]")
        assert ended.stop_reason == "endTurn"
        assert (repo / "hello.py").read_text() == 'print("goodbye")\n'
        assert (repo / "notes.txt").read_text() == "written by the fake model\n"
        kinds = [call.tool for call in calls(live)]
        assert kinds == [ToolKind.READ, ToolKind.EDIT, ToolKind.EDIT, ToolKind.EXECUTE]
        assert {call.status for call in calls(live)} == {ItemStatus.COMPLETED}
        assert all(call.locations for call in calls(live)[:3])
        assert said(live)[-1] == "Done: hello.py prints goodbye and notes.txt exists."
        assert "".join(live.deltas).endswith("hello.py prints goodbye and notes.txt exists.")
        assert_whole(live)
        assert await live.stop() == 0


@NATIVE
async def test_usage_is_what_the_model_counted(
    run: Starts, name: str, repo: Path, model: FakeModel, tag: str
) -> None:
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        ended = await live.turn(f"[[fake:tour cwd={repo} tag={tag}]]")
        asked = [one for one in model.requests(tag) if one.tools]
        reported = live.of(e.UsageReported)
        assert [one.usage.output_tokens for one in reported] == [one.output_tokens for one in asked]
        assert [one.usage.input_tokens for one in reported] == [one.prompt_tokens for one in asked]
        assert ended.usage is not None
        assert ended.usage.output_tokens == sum(one.output_tokens for one in asked)
        assert ended.usage.input_tokens == sum(one.prompt_tokens for one in asked)


@STOPPABLE
async def test_denied(run: Starts, name: str, repo: Path) -> None:
    async with run(name, answer=deny, **ASKING[name]) as live:
        await live.opened()
        await live.turn(f"[[fake:run cwd={repo}]]")
        assert not (repo / "one.txt").exists()
        assert [call.status for call in calls(live)] == [ItemStatus.FAILED]
        assert_whole(live)


@ALL
async def test_a_turn_is_interrupted_at_the_model(
    run: Starts, name: str, repo: Path, model: FakeModel, tag: str
) -> None:
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:slow gate={tag} tag={tag}]]")
        await until(lambda: model.waiting(tag), SECONDS)
        await live.interrupt()
        assert (await live.ended(turn_id)).stop_reason == "cancelled"
        if name != "opencode":  # which answers at once, but lets the model finish
            await until(lambda: any(one.aborted for one in model.requests(tag)))
        again = await live.turn("and now? [[fake:hello]]")
        assert again.stop_reason == "endTurn"
        assert said(live)[-1] == "Hello from the fake model."
        assert_whole(live)


@STOPPABLE
async def test_an_interrupt_voids_the_open_permission(run: Starts, name: str, repo: Path) -> None:
    async with run(name, answer=leave_open, **ASKING[name]) as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:run cwd={repo}]]")
        asked = await live.next(e.RequestOpened)
        await live.interrupt()
        assert (await live.ended(turn_id)).stop_reason == "cancelled"
        closed = live.of(e.RequestClosed)
        assert [(one.request_id, one.by) for one in closed] == [(asked.request_id, "harness")]
        assert not (repo / "one.txt").exists()
        assert_whole(live)


@STEERING
async def test_steer(run: Starts, name: str, repo: Path, model: FakeModel, tag: str) -> None:
    """A steered prompt reaches the model in the same turn, after the running step."""
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:midturn cwd={repo} gate={tag} tag={tag}]]")
        await until(lambda: model.waiting(tag), SECONDS)
        assert live.driver.can_steer(live.memory)
        await live.steer(f"rather [[fake:hello tag={tag}]]")
        model.open_gate(tag)
        assert (await live.ended(turn_id)).stop_reason == "endTurn"
        assert said(live)[-1] == "Hello from the fake model."
        asked = [one.script for one in model.requests(tag) if one.tools]
        assert asked == ["midturn", "midturn", "hello"]
        assert [one.origin for one in live.of(e.TurnStarted)] == []
        assert_whole(live)


@STEERING
async def test_a_steered_prompt_that_comes_too_late_gets_its_own_turn(
    run: Starts, name: str, model: FakeModel, tag: str
) -> None:
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        turn_id = await live.prompt(f"[[fake:slow gate={tag}]]")
        await until(lambda: model.waiting(tag), SECONDS)
        await live.steer(f"also [[fake:hello tag={tag}]]")
        model.open_gate(tag)
        await live.ended(turn_id)
        await until(lambda: "Hello from the fake model." in said(live))
        await until(lambda: live.memory.ledger.turn_id is None)
        assert_whole(live)


@ALL
async def test_resume(run: Starts, name: str, repo: Path, model: FakeModel, tag: str) -> None:
    async with run(name, **ASKING[name]) as first:
        session = (await first.opened()).session_id
        await first.turn("remember the word pomegranate [[fake:hello]]")
        assert await first.stop() == 0
    an_hour_passes(Path(first.environment["HOME"]))
    async with run(name, resume=session, **ASKING[name]) as second:
        assert (await second.opened()).session_id == session
        ended = await second.turn(f"which word? [[fake:hello tag={tag}]]")
        assert ended.stop_reason == "endTurn"
        asked = [one for one in model.requests(tag) if one.tools][-1]
        assert "pomegranate" in model.body(asked)
        # A sum of the whole session cannot be told apart before there is another one.
        assert ended.usage is None or ended.usage.output_tokens == asked.output_tokens
        assert_whole(second)


def an_hour_passes(home: Path) -> None:
    """Gemini CLI names a session's file by the minute, and overwrites the one that it is to load
    where that was made in the same minute."""
    for file in home.glob(".gemini/tmp/*/chats/session-*"):
        _, year, month, _, _, rest = file.name.split("-", 5)
        file.rename(file.with_name(f"session-{year}-{month}-01T00-00-{rest}"))


@FORKING
async def test_fork(run: Starts, name: str, model: FakeModel) -> None:
    async with run(name, **ASKING[name]) as first:
        session = (await first.opened()).session_id
        await first.turn("[[fake:hello]]")
        await first.stop()
    async with run(name, resume=session, fork=True, **ASKING[name]) as second:
        assert (await second.opened()).session_id != session
        ended = await second.turn("[[fake:hello]]")
        assert ended.stop_reason == "endTurn"
        reported = second.of(e.UsageReported)
        assert len(reported) <= 1
        if ended.usage is not None and reported:
            assert ended.usage.input_tokens == reported[0].usage.input_tokens
        assert_whole(second)


@ALL
async def test_a_request_that_the_provider_refuses(run: Starts, name: str) -> None:
    await assert_fails(run, name, "broken", "invalidRequest")


@GIVING_UP
@pytest.mark.parametrize(
    ("script", "category"), [("limit", "rateLimit"), ("overloaded", "overloaded")]
)
async def test_a_provider_that_has_no_time(
    run: Starts, name: str, script: str, category: str
) -> None:
    await assert_fails(run, name, script, category)


async def assert_fails(run: Starts, name: str, script: str, category: str) -> None:
    """The turn fails with this class of error, and the next one works."""
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        ended = await live.turn(f"[[fake:{script}]]")
        assert ended.stop_reason == "failed"
        assert ended.error is not None
        assert ended.error.category == category
        assert ended.error.message
        again = await live.turn("[[fake:hello]]")
        assert (again.stop_reason, again.error) == ("endTurn", None)
        assert_whole(live)


@NATIVE
async def test_a_failure_that_passes(run: Starts, name: str, tag: str) -> None:
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        ended = await live.turn(f"[[fake:unavailable tag={tag}]]")
        assert ended.stop_reason == "endTurn"
        assert said(live)[-1] == "Recovered."
        assert notices(live, "retry")
        assert_whole(live)


@ENDING
async def test_a_cut_stream(run: Starts, name: str) -> None:
    """The harness tries again; the turn ends one way or the other, and the next one works."""
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        ended = await live.turn("[[fake:cut]]")
        assert ended.stop_reason in ("endTurn", "failed")
        again = await live.turn("[[fake:hello]]")
        assert again.stop_reason == "endTurn"
        assert_whole(live)


@STOPPABLE
async def test_killed_in_a_turn_and_resumed(
    run: Starts, name: str, repo: Path, model: FakeModel, tag: str
) -> None:
    first = run(name, **ASKING[name])
    async with first:
        session = (await first.opened()).session_id
        await first.prompt(f"[[fake:midturn cwd={repo} gate={tag} tag={tag}]]")
        await until(lambda: model.waiting(tag), SECONDS)
        await first.kill()
        first.end("killed")
        assert first.of(e.TurnEnded)[-1].stop_reason == "failed"
        assert_whole(first)
    model.open_gate(tag)
    an_hour_passes(Path(first.environment["HOME"]))
    async with run(name, resume=session, **ASKING[name]) as second:
        await second.opened()
        ended = await second.turn("go on")
        assert ended.stop_reason == "endTurn"
        # A step that the harness had not yet written to its session when it was killed comes again.
        steps = (repo / "steps.txt").read_text()
        assert steps in ("one\ntwo\n", "one\none\ntwo\n")
        assert_whole(second)


@STOPPABLE
async def test_killed_with_an_open_permission(run: Starts, name: str, repo: Path) -> None:
    live = run(name, answer=leave_open, **ASKING[name])
    async with live:
        await live.opened()
        await live.prompt(f"[[fake:run cwd={repo}]]")
        asked = await live.next(e.RequestOpened)
        await live.kill()
        live.end("killed")
        [closed] = live.of(e.RequestClosed)
        assert closed.request_id == asked.request_id
        assert_whole(live)


@ALL
async def test_a_session_that_is_gone(run: Starts, name: str, tmp_path: Path) -> None:
    """What cannot be resumed says so, and is no silent new conversation."""
    gone = "01a202d8-a7e1-7083-a718-120e3eaff8d6"
    if name == "pi":  # whose sessions are named by their files
        gone = str(tmp_path / f"{gone}.jsonl")
    live = run(name, resume=gone, primer="Before, we spoke of apples.", **ASKING[name])
    async with live:
        await until(lambda: notices(live, "resume") or notices(live, "session"), timeout=30)


@SEEING
async def test_image(run: Starts, name: str, model: FakeModel, tag: str) -> None:
    async with run(name, **ASKING[name]) as live:
        await live.opened()
        image = ImageContent(data=PIXEL, mime_type="image/png")
        ended = await live.turn(f"what is it? [[fake:hello tag={tag}]]", image)
        assert ended.stop_reason == "endTurn"
        assert 1 in {one.images for one in model.requests(tag)}


@ALL
async def test_primer(run: Starts, name: str, model: FakeModel, tag: str) -> None:
    """A conversation that the harness cannot restore is told to it with the first prompt."""
    async with run(name, primer=f"Earlier: [[fake:hello tag={tag}]]", **ASKING[name]) as live:
        await live.opened()
        await live.turn("go on")
        assert said(live)[-1] == "Hello from the fake model."
        await live.turn("and again")
        last = [one for one in model.requests(tag) if one.tools][-1]
        assert model.body(last).count("Earlier: [[fake:hello") == 1
