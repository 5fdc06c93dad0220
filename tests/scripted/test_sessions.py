"""Sessions survive their process: load, resume, list, close, fork, delete; settings and login."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import acp
import pytest
from acp import schema

from tests.scripted.client import stage
from tests.support.wait import until

SCENARIO = """
think  Let me think about it for a while.
say    The answer to that is rather long.
write  a.txt: text
usage  input=10 output=5 cost=0.5
turn 2:
    say    Cost so far.
    usage  input=1 output=1 cost=0.25
turn 3:
    crash  KILL
other turns:
    say    Turn ${turn}, ${model}.
"""


async def test_load_says_all_again_after_a_crash(tmp_path: Path) -> None:
    async with stage(tmp_path, SCENARIO) as first:
        await first.initialize()
        await first.open()
        await first.prompt("one")
        said = [line for line in first.screen.lines if not line.startswith(("commands", "usage"))]
        await first.prompt("two")
        with pytest.raises(ConnectionError):
            await first.prompt("three")
        assert await first.process.wait() == -9
    async with stage(tmp_path, SCENARIO) as second:
        await second.initialize()
        loaded = await second.connection.load_session(
            cwd=str(second.screen.cwd), session_id=first.session_id, mcp_servers=[]
        )
        assert loaded.modes.current_mode_id == "ask"
        await until(lambda: second.screen.lines[-1].startswith("commands"))
        again = second.screen.lines[:-1]
        assert again == [
            "user  one",
            *[line for line in said if not line.startswith("title")],
            "user  two",
            "agent  Cost so far.",
            "user  three",
            "usage  2/200000 0.75 USD",
        ]
        chunks = [m for m in second.screen.raw if "agent_thought_chunk" in json.dumps(m)]
        assert len(chunks) == 1
        second.session_id = first.session_id
        await second.prompt("four")
        assert second.screen.lines[-1] == "agent  Turn 4, scripted-small."


async def test_resume_says_nothing_again_and_cost_goes_on(tmp_path: Path) -> None:
    async with stage(tmp_path, SCENARIO) as first:
        await first.initialize()
        await first.open()
        await first.prompt()
    async with stage(tmp_path, SCENARIO) as second:
        await second.initialize()
        await second.connection.resume_session(
            cwd=str(second.screen.cwd), session_id=first.session_id
        )
        second.session_id = first.session_id
        await second.prompt()
        assert second.screen.text().splitlines() == [
            "usage  15/200000 0.5 USD",
            "agent  Cost so far.",
            "usage  2/200000 0.75 USD",
        ]


async def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    async with stage(tmp_path, SCENARIO) as first:
        await first.initialize()
        await first.open()
        await first.prompt()
    (file,) = (tmp_path / ".athena-scripted" / "sessions").iterdir()
    file.write_bytes(file.read_bytes() + b'{"update": {"sessionUp')
    async with stage(tmp_path, SCENARIO) as second:
        await second.initialize()
        await second.connection.load_session(
            cwd=str(second.screen.cwd), session_id=first.session_id, mcp_servers=[]
        )


async def test_list_pages_and_filters(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with stage(tmp_path, SCENARIO) as found:
        await found.initialize()
        for _ in range(52):
            await found.open()
        await found.connection.new_session(cwd=str(other), mcp_servers=[])
        first = await found.connection.list_sessions(cwd=str(found.screen.cwd))
        assert len(first.sessions) == 50
        rest = await found.connection.list_sessions(
            cwd=str(found.screen.cwd), cursor=first.next_cursor
        )
        assert (len(rest.sessions), rest.next_cursor) == (2, None)
        everything = await found.connection.list_sessions(cursor="50")
        assert len(everything.sessions) == 3
        with pytest.raises(acp.RequestError, match="cursor: not one of ours"):
            await found.connection.list_sessions(cursor="x")


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Repair the tests\nplease", "Repair the tests"),
        ("```scenario\nsay Hello.\n```", "say Hello."),
        ("```scenario\nsay Hello.\n```\nRepair the tests", "say Hello."),
    ],
)
async def test_titles_come_from_the_first_prompt(tmp_path: Path, prompt: str, title: str) -> None:
    async with stage(tmp_path, SCENARIO) as found:
        await found.initialize()
        await found.open()
        await found.prompt(prompt)
        assert found.screen.lines[1] == f"title  {title}"
        (session,) = (await found.connection.list_sessions()).sessions
        assert session.title == title


async def test_fork_close_and_delete(tmp_path: Path) -> None:
    async with stage(tmp_path, SCENARIO) as found:
        await found.initialize()
        await found.open()
        await found.prompt()
        original = found.session_id
        fork = await found.connection.fork_session(
            session_id=original, cwd=str(found.screen.cwd), mcp_servers=[]
        )
        found.session_id = fork.session_id
        await found.prompt()
        assert "agent  Cost so far." in found.screen.lines
        await found.connection.close_session(session_id=original)
        found.session_id = original
        with pytest.raises(acp.RequestError, match=f"no session {original}"):
            await found.prompt()
        await found.connection._conn.send_request("session/delete", {"sessionId": original})
        left = (await found.connection.list_sessions()).sessions
        assert [session.session_id for session in left] == [fork.session_id]


async def test_close_ends_a_running_turn(tmp_path: Path) -> None:
    async with stage(tmp_path, "gate never") as found:
        await found.initialize()
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await until(lambda: found.screen.lines[-1:] == ["title  go"])
        await found.connection.close_session(session_id=found.session_id)
        assert (await turn).stop_reason == "cancelled"


async def test_settings_of_a_session(tmp_path: Path) -> None:
    scenario = """
        harness:
            name     tester
            version  7.1
            modes    look, work* "Do it"
            models   small, large*
            option   depth: low*, high
            command  review <what>: Reviews something
            command  undo: Takes it back
            without  list, fork
        say ${mode} ${model}
    """
    async with stage(tmp_path, "\n".join(line[8:] for line in scenario.splitlines())) as found:
        await found.initialize()
        assert found.hello.agent_info == schema.Implementation(
            name="tester", title="Scripted harness", version="7.1"
        )
        abilities = found.hello.agent_capabilities.session_capabilities
        assert (abilities.list, abilities.fork) == (None, None)
        assert abilities.resume is not None
        opened = await found.open()
        assert [(m.id, m.name) for m in opened.modes.available_modes] == [
            ("look", "Look"),
            ("work", "Do it"),
        ]
        options = {o.id: (o.category, o.current_value) for o in opened.config_options}
        assert options == {
            "mode": ("mode", "work"),
            "model": ("model", "large"),
            "effort": ("thought_level", "medium"),
            "depth": (None, "low"),
        }
        await until(lambda: found.screen.lines == ["commands  review undo"])
        await found.connection.set_session_mode(session_id=found.session_id, mode_id="look")
        changed = await found.connection.set_config_option(
            session_id=found.session_id, config_id="model", value="small"
        )
        assert changed.config_options[1].current_value == "small"
        await found.prompt()
        assert found.screen.lines[-1] == "agent  look small"
        with pytest.raises(acp.RequestError, match="'huge' is no model; there are: small, large"):
            await found.connection.set_config_option(
                session_id=found.session_id, config_id="model", value="huge"
            )
        with pytest.raises(acp.RequestError, match="this agent has no ability 'list'"):
            await found.connection.list_sessions()


async def test_settings_as_older_agents_have_them(tmp_path: Path) -> None:
    async with stage(tmp_path, "harness:\n  settings legacy\nsay ${model}") as found:
        await found.initialize()
        opened = await found.open()
        assert opened.config_options is None
        raw = next(m["result"] for m in found.screen.raw if "modes" in m.get("result", {}))
        assert raw["models"]["currentModelId"] == "scripted-small"
        await found.connection._conn.send_request(
            "session/set_model", {"sessionId": found.session_id, "modelId": "scripted-large"}
        )
        await found.prompt()
        assert found.screen.lines[-1] == "agent  scripted-large"


async def test_a_login_that_is_required(tmp_path: Path) -> None:
    async with stage(tmp_path, "harness:\n  login required\nsay Hello") as found:
        await found.initialize()
        with pytest.raises(acp.RequestError, match="Authentication required") as refused:
            await found.open()
        assert refused.value.code == -32000
        method = found.hello.auth_methods[0].id
        await found.connection.authenticate(method_id=method)
        await found.open()


async def test_mcp_servers_are_passed_in(tmp_path: Path) -> None:
    async with stage(tmp_path, "say ${mcp}") as found:
        await found.initialize()
        servers = [
            schema.McpServerStdio(name="files", command="mcp-files", args=[], env=[]),
            schema.HttpMcpServer(name="web", url="http://127.0.0.1:1/", headers=[], type="http"),
        ]
        opened = await found.connection.new_session(cwd=str(found.screen.cwd), mcp_servers=servers)
        found.session_id = opened.session_id
        await found.prompt()
        assert found.screen.lines[-1] == "agent  files, web"


async def test_prompts_with_more_than_text(tmp_path: Path) -> None:
    async with stage(tmp_path, "say ${prompt} | ${attachments}") as found:
        await found.initialize()
        await found.open()
        await found.connection.prompt(
            session_id=found.session_id,
            prompt=[
                acp.text_block("Look"),
                acp.image_block("aGk=", "image/png"),
                acp.resource_link_block("a.py", "file:///a.py"),
                acp.text_block("here"),
            ],
        )
        assert found.screen.lines[-1] == "agent  Look\nhere | image/png, a.py"


@pytest.mark.parametrize("cwd", ["relative", "/no/such/folder"])
async def test_a_working_directory_that_is_none(tmp_path: Path, cwd: str) -> None:
    async with stage(tmp_path, SCENARIO) as found:
        await found.initialize()
        with pytest.raises(acp.RequestError, match="no absolute path of a directory") as refused:
            await found.connection.new_session(cwd=cwd, mcp_servers=[])
        assert refused.value.code == -32602


async def test_one_turn_at_a_time(tmp_path: Path) -> None:
    async with stage(tmp_path, "gate go\nsay Done.") as found:
        await found.initialize()
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await until(lambda: found.screen.lines[-1:] == ["title  go"])
        with pytest.raises(acp.RequestError, match="a turn is already running") as refused:
            await found.prompt()
        assert refused.value.code == -32600
        (found.screen.cwd / "go").touch()
        assert (await turn).stop_reason == "end_turn"
