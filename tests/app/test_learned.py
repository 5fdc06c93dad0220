"""What a harness can do is learned from what it does, and kept for the next agent."""

from __future__ import annotations

from pathlib import Path

from athena.app.draft import Draft
from athena.core.evolve import evolve
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities
from athena.protocol.content import ImageContent
from athena.protocol.items import UserMessage
from athena.protocol.spec import AgentSpec
from tests.app.playing import spawn
from tests.support.athena import Athena, Json
from tests.support.wait import until_sync

ASK = "permit run touch allowed"


def abilities(athena: Athena) -> Json:
    with athena.client() as client:
        found = client.call("athena/harness/list")["harnesses"]
        return next(one for one in found if one["name"] == "scripted").get("capabilities") or {}


def test_what_is_seen_is_known_of_the_program(athena: Athena, folder: Path) -> None:
    assert abilities(athena) == {}
    with athena.client() as client:
        agent = spawn(client, folder, "say hello")["id"]
        client.until(agent, "idle")
        until_sync(lambda: abilities(athena), what="the first session made it known")
        assert abilities(athena)["permissions"] == "unknown"
        asking = spawn(client, folder, ASK)["id"]
        [request] = client.until_status(asking, "needsPermission")["requests"]
        client.call("athena/request/answer", requestId=request["requestId"], option="allow")
        client.until(asking, "idle")
        assert client.agent(asking)["capabilities"]["permissions"] == "yes"
        assert client.agent(agent)["capabilities"]["permissions"] == "unknown"
        until_sync(lambda: abilities(athena)["permissions"] == "yes")
        client.until(spawn(client, folder, "say again")["id"], "idle")
    athena.kill()
    athena.start()
    assert abilities(athena)["permissions"] == "yes"


def draft() -> Draft:
    spec = AgentSpec(name="a", harness="tool", project="/p")
    found = Draft("a", evolve(None, "a", 1, 0, e.AgentSpawned(spec=spec)), at=0)
    return open_session(found, "r1", None, Capabilities(version="1"))


def open_session(found: Draft, run: str, resume: str | None, known: Capabilities) -> Draft:
    started = e.RunStarted(run_id=run, harness="tool", argv=["tool"], cwd="/p", resume=resume)
    found.record(started, e.SessionOpened(run_id=run, session_id="s", capabilities=known))
    return found


def test_a_picture_that_was_taken_and_a_session_that_was_resumed() -> None:
    found = draft()
    found.record(e.TurnStarted(turn_id="t", run_id="r1"))
    picture = UserMessage(content=[ImageContent(data="", mime_type="image/png")])
    found.record(e.ItemCompleted(item_id="p", turn_id="t", item=picture))
    assert found.now.capabilities.images is Ability.UNKNOWN
    found.record(e.TurnEnded(turn_id="t", stop_reason="endTurn"))
    found.record(e.PromptSteered(prompt_id="p", turn_id="t"))
    found.record(e.RunEnded(run_id="r1", reason="idle"))
    open_session(found, "r2", "s", Capabilities(version="1"))
    known = found.now.capabilities
    assert (known.images, known.steer, known.resume) == (Ability.YES,) * 3
    assert known.usage is Ability.UNKNOWN


def test_another_version_is_told_and_begins_anew() -> None:
    found = draft()
    found.record(e.PromptSteered(prompt_id="p", turn_id="t"))
    found.record(e.RunEnded(run_id="r1", reason="idle"))
    count = len(found.events)
    open_session(found, "r2", None, Capabilities(version="2"))
    [note] = [one.item for one in found.events[count:] if isinstance(one, e.ItemCompleted)]
    assert note.text == "tool is version 2 now; it was 1 in the session before."
    assert found.now.capabilities == Capabilities(version="2")
    assert len(found.times) == len(found.events) == found.now.version - 1
