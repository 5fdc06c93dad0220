"""Sessions made outside: listed, imported once and only once, and adopted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from athena.protocol.events import parse_event
from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.support.athena import Athena, Client, Json
from tests.support.event_text import event_lines
from tests.support.golden import assert_golden

HERE = Path(__file__).parent
RECORDED = HERE.parent / "harnesses" / "outside"
CODEX_ID = "01a20510-4c16-7eb1-880c-0b3791001b81"
CLAUDE_ID = "bf8186b7-eb37-46db-a122-2a85599a3f8a"
FILES = {
    "claude": f".claude/projects/-repo/{CLAUDE_ID}.jsonl",
    "codex": f".codex/sessions/2026/11/22/rollout-2026-11-22T21-01-23-{CODEX_ID}.jsonl",
}
IDS = {"claude": CLAUDE_ID, "codex": CODEX_ID}
each = pytest.mark.parametrize("name", FILES)


def lines(name: str, place: Path | str = "/repo") -> list[bytes]:
    """A recorded session, made in a directory."""
    raw = (RECORDED / f"{name}.jsonl").read_bytes()
    return raw.replace(b'"/repo"', json.dumps(str(place)).encode()).splitlines(keepends=True)


def write(athena: Athena, name: str, content: list[bytes]) -> Path:
    path = athena.root / "home" / FILES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(content))
    return path


def sessions(client: Client, **wanted: object) -> dict[str, Json]:
    found = client.call("athena/session/list", **wanted)["sessions"]
    return {one["harness"]: one for one in found}


def bring(client: Client, name: str) -> Json:
    return client.call("athena/session/import", session=IDS[name])


def told(client: Client, agent: str, athena: Athena) -> str:
    """An agent's events as text, without what is of this run only."""
    text = json.dumps(client.events(agent)).replace(str(athena.root / "home"), "~")
    events = json.loads(text.replace(agent, "AGENT"))
    return event_lines([parse_event(one["kind"], one["data"]) for one in events])


@each
def test_an_imported_session(athena: Athena, name: str) -> None:
    write(athena, name, lines(name))
    with athena.client() as client:
        [before] = client.call("athena/session/list")["sessions"]
        assert (before["state"], before["cwd"]) == ("new", "/repo")
        assert "agentId" not in before
        report = bring(client, name)
        assert report["created"]
        agent = client.agent(report["agentId"])
        assert (agent["status"], agent["name"]) == ("imported", "fake-tour-cwd-repo")
        assert agent["imported"]["sessionId"] == agent["sessionId"] == IDS[name]
        assert (agent["harness"], agent["turns"], agent["project"]) == (name, 2, "/repo")
        assert "runId" not in agent and "turnId" not in agent
        [after] = client.call("athena/session/list")["sessions"]
        assert (after["state"], after["agentId"]) == ("imported", agent["id"])
        assert_golden(HERE / "golden" / f"session-{name}.txt", told(client, agent["id"], athena))
        events = client.events(agent["id"])
        times = [one["at"] for one in events]
        assert times == sorted(times)
        assert agent["createdAt"] == times[0] < agent["updatedAt"] == times[-1] < 1795381300000
        ended = [one["data"]["usage"] for one in events if one["kind"] == "turnEnded"]
        assert agent["usage"]["outputTokens"] == sum(one["outputTokens"] for one in ended) == 169
        page = client.call("athena/transcript/page", agent=agent["id"])
        assert [one["stopReason"] for one in page["turns"]] == ["endTurn", "endTurn"]


@each
def test_only_what_is_new_is_imported(athena: Athena, name: str) -> None:
    """However the file grows, and also when the daemon is killed in between."""
    content = lines(name)
    with athena.client() as client:
        for end in (9, 10, 10, 14):
            write(athena, name, [*content[:end], content[end][:20]])
            agent = bring(client, name)["agentId"]
        events = client.events(agent)
        again = bring(client, name)
        assert (again["events"], again["created"]) == (0, False)
        assert client.events(agent) == events
    athena.kill()
    athena.start()
    write(athena, name, content)
    with athena.client() as client:
        assert sessions(client)[name]["state"] == "changed"
        assert bring(client, name)["events"] > 0
        assert bring(client, name)["events"] == 0
        assert [one["id"] for one in client.agents()] == [agent]
        assert client.events(agent)[: len(events)] == events
        assert_golden(HERE / "golden" / f"session-{name}.txt", told(client, agent, athena))


@pytest.mark.parametrize("how", ["cut", "another"])
def test_a_file_that_was_replaced(athena: Athena, how: str) -> None:
    """What it said stays as it was, what it says now is another agent: nothing is counted twice."""
    content = lines("claude")
    write(athena, "claude", content)
    with athena.client() as client:
        first = client.agent(bring(client, "claude")["agentId"])
        write(athena, "claude", content[:17] if how == "cut" else content[19:] + content[19:] * 5)
        report = bring(client, "claude")
        assert report["replaced"] == first["id"] != report["agentId"]
        assert client.agent(first["id"])["usage"] == first["usage"]
        notice = client.events(first["id"])[-1]["data"]["item"]
        assert report["agentId"] in notice["text"]
        assert bring(client, "claude")["events"] == 0
        assert sessions(client)["claude"]["agentId"] == report["agentId"]
    athena.kill()
    athena.start()
    with athena.client() as client:
        again = bring(client, "claude")
        assert (again["agentId"], again["events"]) == (report["agentId"], 0)


def test_it_is_read_only(athena: Athena) -> None:
    write(athena, "claude", lines("claude"))
    with athena.client() as client:
        agent = bring(client, "claude")["agentId"]
        events = client.events(agent)
        for method, more in {
            "prompt": {"text": "x"},
            "steer": {"text": "x"},
            "resume": {},
            "move": {"harness": "codex"},
        }.items():
            with pytest.raises(CallError, match=r"adopt it \(`athena session adopt fake-tour-cwd"):
                client.call(f"athena/agent/{method}", agent=agent, **more)
        assert client.events(agent) == events
        client.call("athena/agent/archive", agent=agent)
        assert sessions(client)["claude"]["state"] == "archived"


def test_which_sessions_are_shown(athena: Athena, folder: Path) -> None:
    path = write(athena, "claude", lines("claude", folder / "below"))
    write(athena, "codex", lines("codex"))
    os.utime(path, (1000, 1000))
    with athena.client() as client:
        assert list(sessions(client)) == ["codex", "claude"]
        assert list(sessions(client, project=str(folder))) == ["claude"]
        assert list(sessions(client, harness="codex")) == ["codex"]
        assert list(sessions(client, since=1_000_001)) == ["codex"]
        limited = client.call("athena/session/list", limit=1)
        assert (len(limited["sessions"]), limited["more"]) == (1, True)
        own = client.until(spawn(client, folder, "say hello")["id"], "idle")["sessionId"]
    ours = [one.replace(CODEX_ID.encode(), own.encode()) for one in lines("codex")]
    path = write(athena, "codex", ours)
    path.rename(path.with_name(f"rollout-2026-11-22T21-01-23-{own}.jsonl"))
    with athena.client() as client:
        assert sessions(client)["codex"]["state"] == "own"
        with pytest.raises(CallError, match="Athena made this session itself"):
            client.call("athena/session/import", session=own)


@pytest.mark.parametrize(
    ("name", "variable"), [("claude", "CLAUDE_CONFIG_DIR"), ("codex", "CODEX_HOME")]
)
def test_a_session_is_found_by_the_environment_of_the_client(
    athena: Athena, name: str, variable: str
) -> None:
    write(athena, name, lines(name))
    elsewhere = athena.root / "elsewhere"
    (athena.root / "home" / f".{name}").rename(elsewhere)
    with athena.client() as client:
        assert sessions(client) == {}
        with pytest.raises(CallError, match="There is no session"):
            bring(client, name)
    athena.environment[variable] = str(elsewhere)
    with athena.client() as client:
        assert client.call("athena/session/import", session=IDS[name][:6])["created"]


def test_adopting_closes_what_was_open_and_goes_on(athena: Athena, folder: Path) -> None:
    """Without the harness installed the run fails, and says so; all before is as it should be."""
    write(athena, "claude", lines("claude", folder)[:8])
    with athena.client() as client:
        agent = bring(client, "claude")["agentId"]
        seen = len(client.events(agent))
        client.call("athena/session/adopt", session=agent, text="go on")
        failed = client.until_status(agent, "failed")
        assert "claude" in failed["reason"]
        assert failed["imported"]["adopted"] and failed["workspace"]["cwd"] == str(folder)
        kinds = [one["kind"] for one in client.events(agent)[seen:]]
        assert kinds[:5] == [
            "turnEnded",
            "itemCompleted",
            "sessionAdopted",
            "promptQueued",
            "workspaceReady",
        ]
        started = next(one for one in client.events(agent) if one["kind"] == "runStarted")
        assert started["data"]["cwd"] == str(folder)
        assert sessions(client)["claude"]["state"] == "adopted"
        assert bring(client, "claude")["events"] == 0
        with pytest.raises(CallError, match="an agent of Athena already"):
            client.call("athena/session/adopt", session=CLAUDE_ID)


def test_a_session_whose_directory_is_gone_is_not_adopted(athena: Athena) -> None:
    write(athena, "claude", lines("claude", "/nowhere/at/all"))
    with athena.client() as client:
        with pytest.raises(CallError, match="/nowhere/at/all, which is not there any more"):
            client.call("athena/session/adopt", session=CLAUDE_ID)
        assert client.agents() == []


def test_the_command_line(athena: Athena) -> None:
    for name in FILES:
        write(athena, name, lines(name))
    listed = json.loads(athena.run("session", "list", "--json"))
    assert {one["state"] for one in listed["sessions"]} == {"new"}
    done = json.loads(athena.run("session", "import", "--all", "--since", "7d", "--json"))
    assert [one["created"] for one in done["imported"]] == [True, True]
    assert athena.run("session", "import", "--all") == "Nothing is new.\n"
    assert "nothing new" in athena.run("session", "import", CODEX_ID)
    assert "imported (fake-tour" in athena.run("session", "list")
    assert "↓ imported" in athena.run("ls")
    assert "Done: hello.py prints goodbye" in athena.run("transcript", "fake-tour-cwd-repo")
