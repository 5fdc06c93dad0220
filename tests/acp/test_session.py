"""How a session opens, with every kind of agent."""

from __future__ import annotations

from typing import Any

import pytest

from athena import __version__
from athena.harness.driver import Close, SetMode, SetModel, SetOption
from athena.harness.quirks import AcpQuirks
from athena.protocol.capability import Ability
from athena.protocol.events import SessionOpened
from athena.protocol.spec import McpServer
from tests.acp.talk import Talk

RESUMES = {"agentCapabilities": {"loadSession": True, "sessionCapabilities": {"resume": {}}}}
LOADS = {"agentCapabilities": {"loadSession": True}}
FORKS = {"agentCapabilities": {"sessionCapabilities": {"fork": {}}}}
MODES = {
    "currentModeId": "ask",
    "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "plan", "name": "Plan"}],
}
OPTIONS: list[dict[str, Any]] = [
    {
        "type": "select",
        "id": "m",
        "name": "Model",
        "category": "model",
        "currentValue": "small",
        "options": [{"value": "small", "name": "Small"}, {"value": "large", "name": "Large"}],
    },
    {
        "type": "select",
        "id": "effort",
        "name": "Effort",
        "category": "thought_level",
        "currentValue": "low",
        "options": [
            {"group": "g", "name": "All", "options": [{"value": "low", "name": "Low"}]},
        ],
    },
    {"type": "boolean", "id": "fast", "name": "Fast", "currentValue": False},
]


def test_the_handshake() -> None:
    talk = Talk()
    assert talk.seen() == (
        '> initialize #1 {"protocolVersion": 1, "clientCapabilities": {"fs": {"readTextFile": '
        'false, "writeTextFile": false}, "terminal": false, "session": {"configOptions": '
        '{"boolean": {}}}, "elicitation": {"form": {}, "url": {}}}, "clientInfo": '
        f'{{"name": "athena", "title": "Athena", "version": "{__version__}"}}}}'
    )
    talk.answers({"protocolVersion": 1})
    assert talk.seen() == '> session/new #2 {"cwd": "/repo", "mcpServers": []}'
    talk.answers({"sessionId": "S"})
    assert talk.seen() == "sessionOpened model=None mode=None"
    assert talk.command.argv == ("agent",)


def test_files_and_terminals_are_offered_where_the_row_says_so() -> None:
    talk = Talk(AcpQuirks(offer_files=True, offer_terminals=True))
    offered = talk.sent[0]["params"]["clientCapabilities"]
    assert offered["fs"] == {"readTextFile": True, "writeTextFile": True}
    assert offered["terminal"] is True


def test_abilities_are_what_the_agent_declares() -> None:
    talk = Talk()
    talk.answers(
        {
            "protocolVersion": 1,
            "agentInfo": {"name": "x", "version": "7.1"},
            "agentCapabilities": {
                "loadSession": True,
                "promptCapabilities": {"image": True},
                "sessionCapabilities": {"fork": {}, "list": None},
            },
            "_meta": {"steering": {"supported": True}},
        }
    )
    step = talk.driver.receive(
        talk.memory,
        b'{"id": 2, "result": {"sessionId": "S", "modes": {"currentModeId": "a", '
        b'"availableModes": [{"id": "a", "name": "A"}]}}}',
    )
    (event,) = step.events
    assert isinstance(event, SessionOpened)
    found = event.capabilities
    assert found.version == "7.1"
    yes = (found.load, found.resume, found.fork, found.steer, found.images, found.interrupt)
    assert set(yes) == {Ability.YES}
    assert (found.embedded_context, found.output_schema) == (Ability.NO, Ability.NO)
    assert (found.usage, found.permissions) == (Ability.UNKNOWN, Ability.UNKNOWN)
    assert [mode.id for mode in found.modes] == ["a"]


def test_another_version_of_the_protocol_is_told() -> None:
    talk = Talk()
    talk.lines.clear()
    talk.answers({"protocolVersion": 2})
    assert "notice warning session 'The agent speaks version 2 of the Agent" in talk.seen()


def test_resume_is_preferred_to_load() -> None:
    talk = Talk(resume="S7")
    talk.lines.clear()
    talk.answers({"protocolVersion": 1, **RESUMES})
    assert talk.seen().startswith('> session/resume #2 {"sessionId": "S7", "cwd": "/repo"')
    talk.answers({})
    assert talk.seen() == "sessionOpened model=None mode=None"
    assert talk.memory.session_id == "S7"


def test_what_a_load_replays_is_in_the_log_already() -> None:
    talk = Talk(resume="S7")
    talk.answers({"protocolVersion": 1, **LOADS})
    talk.lines.clear()
    talk.updates("user_message_chunk", content={"type": "text", "text": "Hello"})
    talk.says("Good day")
    talk.updates("tool_call", toolCallId="c", title="Read", status="completed")
    talk.updates("plan", entries=[{"content": "a", "status": "pending"}])
    talk.updates("session_info_update", title="Old")
    talk.updates("usage_update", used=500, size=1000, cost={"amount": 2.5, "currency": "USD"})
    assert talk.seen() == "context 500 of 1000"
    talk.answers({})
    talk.lines.clear()
    talk.prompted()
    talk.says("Now")
    talk.updates("usage_update", used=600, size=1000, cost={"amount": 2.75, "currency": "USD"})
    talk.answers({"stopReason": "end_turn"})
    assert talk.seen().endswith("turnEnded t1 endTurn cost=0.25 USD reported")


@pytest.mark.parametrize("replays", [True, False])
def test_a_replay_that_comes_after_the_answer(replays: bool) -> None:
    talk = Talk(AcpQuirks(late_replay=True), resume="S7")
    talk.answers({"protocolVersion": 1, **LOADS})
    talk.answers({})
    talk.prompted("Go on")
    if replays:
        talk.updates("user_message_chunk", content={"type": "text", "text": "Hello"})
        talk.says("Good day")
        talk.updates("available_commands_update", availableCommands=[])
    assert talk.seen() == ""
    talk.says("Now")
    talk.answers({"stopReason": "end_turn"})
    assert "= R.1 message 'Now'" in talk.seen()


def test_a_session_that_cannot_be_resumed_begins_anew_and_says_so() -> None:
    talk = Talk(resume="S7", primer="What was said before.")
    talk.answers({"protocolVersion": 1, "agentInfo": {"name": "x", "title": "X"}, **RESUMES})
    talk.lines.clear()
    talk.answers(error={"code": -32002, "message": "not found"})
    assert talk.seen().startswith('> session/load #3 {"sessionId": "S7"')
    talk.answers(error={"code": -32002, "message": "not found"})
    assert talk.seen() == (
        "= R.1 notice warning session 'X did not restore its session (not found); it began a new "
        "one and is told what was said before.' (no turn)\n"
        'sessionLost {"runId": "R", "sessionId": "S7", "error": "not found"}\n'
        '> session/new #4 {"cwd": "/repo", "mcpServers": []}'
    )
    talk.answers({"sessionId": "S8"})
    talk.prompted("Go on")
    assert talk.sent[-1]["params"] == {
        "sessionId": "S8",
        "prompt": [
            {"type": "text", "text": "What was said before."},
            {"type": "text", "text": "Go on"},
        ],
    }


def test_an_agent_that_cannot_go_on_with_sessions() -> None:
    talk = Talk(resume="S7")
    talk.lines.clear()
    talk.answers({"protocolVersion": 1})
    seen = talk.seen()
    assert "it cannot go on with earlier sessions" in seen
    assert "> session/new #2" in seen


def test_fork() -> None:
    talk = Talk(resume="S7", fork=True)
    talk.lines.clear()
    talk.answers({"protocolVersion": 1, **FORKS})
    assert talk.seen().startswith('> session/fork #2 {"sessionId": "S7"')
    talk.answers({"sessionId": "S8"})
    assert talk.memory.session_id == "S8"


def test_an_agent_that_cannot_fork() -> None:
    talk = Talk(resume="S7", fork=True)
    talk.lines.clear()
    talk.answers({"protocolVersion": 1})
    seen = talk.seen()
    assert "cannot copy a session; a new one began" in seen
    assert "> session/new #2" in seen


LOGIN = {"authMethods": [{"id": "key", "name": "Key", "description": "Run `agent login`"}]}


def test_a_login_that_the_row_names() -> None:
    talk = Talk(AcpQuirks(auth_methods=("other", "key")))
    talk.answers({"protocolVersion": 1, **LOGIN})
    talk.lines.clear()
    talk.answers(error={"code": -32000, "message": "Authentication required"})
    assert talk.seen() == '> authenticate #3 {"methodId": "key"}'
    talk.answers({})
    assert talk.seen() == '> session/new #4 {"cwd": "/repo", "mcpServers": []}'
    talk.answers(error={"code": -32000, "message": "Authentication required"})
    assert talk.seen() == (
        "= R.1 notice error login 'The agent wants a login (Authentication required). Ways to log "
        "in: Run `agent login`.' (no turn)\n"
        'runGivenUp {"runId": "R", "error": "The agent wants a login (Authentication required). '
        'Ways to log in: Run `agent login`."}'
    )


@pytest.mark.parametrize("step", [1, 2])
def test_an_agent_that_opens_no_session(step: int) -> None:
    talk = Talk()
    if step == 2:
        talk.answers({"protocolVersion": 1})
    talk.lines.clear()
    talk.answers(error={"code": -32603, "message": "out of order"})
    assert "notice error session 'The agent" in (seen := talk.seen())
    assert "out of order" in seen


def test_settings_that_are_wished_come_before_the_first_prompt() -> None:
    talk = Talk(mode="plan", model="large", options={"effort": "high", "nosuch": "x"})
    talk.answers({"protocolVersion": 1})
    talk.lines.clear()
    talk.answers({"sessionId": "S", "modes": MODES, "configOptions": OPTIONS})
    assert talk.seen().splitlines() == [
        "= R.1 notice warning option \"This agent has no option 'nosuch'.\" (no turn)",
        '> session/set_mode #3 {"sessionId": "S", "modeId": "plan"}',
        '> session/set_config_option #4 {"sessionId": "S", "configId": "m", "value": "large"}',
        '> session/set_config_option #5 {"sessionId": "S", "configId": "effort", "value": "high"}',
    ]
    talk.hears({"id": 3, "result": {}})
    talk.hears({"id": 4, "result": {"configOptions": [OPTIONS[0] | {"currentValue": "large"}]}})
    assert talk.seen() == ""
    talk.hears({"id": 5, "error": {"code": -32602, "message": "too high"}})
    assert talk.seen().splitlines() == [
        "= R.2 notice warning option 'The option effort = high was refused: too high' (no turn)",
        "sessionOpened model=large mode=plan",
    ]


def test_options_of_a_spawn_have_their_types() -> None:
    flag = {"id": "fast", "name": "Fast", "type": "boolean", "currentValue": False}
    talk = Talk(options={"fast": "true", "other": 3})
    talk.answers({"protocolVersion": 1})
    talk.lines.clear()
    talk.answers({"sessionId": "S", "configOptions": [flag, flag | {"id": "other"}]})
    assert talk.seen().splitlines() == [
        "= R.1 notice warning option \"The option 'other' takes a text, or true or false, not 3.\""
        " (no turn)",
        '> session/set_config_option #3 {"sessionId": "S", "configId": "fast", "value": true, '
        '"type": "boolean"}',
    ]


def test_models_of_the_first_acp_agents() -> None:
    models = {"currentModelId": "a", "availableModels": [{"modelId": "b", "name": "B"}]}
    talk = Talk(model="b")
    talk.answers({"protocolVersion": 1})
    talk.lines.clear()
    talk.answers({"sessionId": "S", "models": models})
    assert talk.seen() == '> session/set_model #3 {"sessionId": "S", "modelId": "b"}'
    talk.answers({})
    assert talk.seen() == "sessionOpened model=b mode=None"


def test_an_agent_without_models() -> None:
    talk = Talk(model="b")
    talk.answers({"protocolVersion": 1})
    talk.lines.clear()
    talk.answers({"sessionId": "S"})
    assert "does not let its model be chosen" in talk.seen()


def test_a_read_only_agent() -> None:
    talk = Talk(AcpQuirks(readonly_mode="plan"), readonly=True)
    talk.answers({"protocolVersion": 1})
    talk.lines.clear()
    talk.answers({"sessionId": "S", "modes": MODES})
    assert talk.seen() == '> session/set_mode #3 {"sessionId": "S", "modeId": "plan"}'
    other = Talk(readonly=True)
    other.answers({"protocolVersion": 1})
    other.answers({"sessionId": "S", "modes": MODES})
    assert "has no mode in which it only reads" in other.seen()


def test_settings_that_change_later() -> None:
    talk = Talk().opened({"modes": MODES, "configOptions": OPTIONS})
    talk.does(SetMode("plan"))
    talk.does(SetModel("large"))
    talk.does(SetOption("fast", True))
    assert talk.seen().splitlines() == [
        '> session/set_mode #3 {"sessionId": "S", "modeId": "plan"}',
        '> session/set_config_option #4 {"sessionId": "S", "configId": "m", "value": "large"}',
        '> session/set_config_option #5 {"sessionId": "S", "configId": "fast", "value": true, '
        '"type": "boolean"}',
    ]
    talk.hears({"id": 3, "result": {}})
    talk.hears({"id": 4, "result": {"configOptions": [OPTIONS[0] | {"currentValue": "large"}]}})
    talk.hears({"id": 5, "error": {"code": 1, "message": "no"}})
    assert talk.seen().splitlines() == [
        'modeChanged {"mode": "plan"}',
        'modelChanged {"model": "large", "replaces": ["m"]}',
        'optionsChanged {"m": "large"}',
        "= R.1 notice warning option 'The option fast = True was refused: no' (no turn)",
    ]
    talk.updates("current_mode_update", currentModeId="ask")
    talk.updates("config_option_update", configOptions=OPTIONS)
    talk.updates("config_option_update", configOptions=OPTIONS)
    assert talk.seen().splitlines() == [
        'modeChanged {"mode": "ask"}',
        'modelChanged {"model": "small", "replaces": ["m"]}',
        'optionsChanged {"m": "small", "effort": "low", "fast": false}',
    ]


def test_mcp_servers_are_passed_as_far_as_the_agent_takes_them() -> None:
    servers = [
        McpServer(name="a", command="mcp-a", args=["-v"], env={"KEY": "k"}),
        McpServer(name="b", type="http", url="http://127.0.0.1/", headers={"X": "y"}),
        McpServer(name="c", type="sse", url="http://127.0.0.1/"),
    ]
    talk = Talk(mcp_servers=servers)
    talk.answers({"agentCapabilities": {"mcpCapabilities": {"http": True}}, "protocolVersion": 1})
    assert talk.sent[-1]["params"]["mcpServers"] == [
        {
            "name": "a",
            "command": "mcp-a",
            "args": ["-v"],
            "env": [{"name": "KEY", "value": "k"}],
        },
        {
            "type": "http",
            "name": "b",
            "url": "http://127.0.0.1/",
            "headers": [{"name": "X", "value": "y"}],
        },
    ]
    assert "notice warning mcp" in talk.seen()


def test_instructions_go_before_the_first_prompt() -> None:
    talk = Talk(instructions="Be brief.").opened().prompted("Do it")
    texts = [block["text"] for block in talk.sent[-1]["params"]["prompt"]]
    assert texts == ["Be brief.", "Do it"]
    talk.answers({"stopReason": "end_turn"})
    talk.prompted("And now")
    assert [block["text"] for block in talk.sent[-1]["params"]["prompt"]] == ["And now"]


def test_a_session_that_is_named_by_a_code_block_has_the_title_of_its_prompt() -> None:
    talk = Talk().opened().prompted("```python\nf()\n```\n> Explain this.\n")
    talk.lines.clear()
    talk.updates("session_info_update", title="```python")
    talk.updates("session_info_update", title="## Explaining it")
    assert talk.lines == [
        'titleChanged {"title": "Explain this."}',
        'titleChanged {"title": "Explaining it"}',
    ]


SYSTEM = {"sessionCapabilities": {"systemPrompt": {}, "resume": {}}}


def test_a_session_that_is_named_by_the_instructions_has_the_title_of_its_prompt() -> None:
    talk = Talk(instructions="Be brief, and say why.").opened().prompted("Do it\n\nAnd well.")
    talk.lines.clear()
    talk.updates("session_info_update", title="Be brief, and…")
    talk.updates("session_info_update", title="Doing it")
    assert talk.lines == ['titleChanged {"title": "Do it"}', 'titleChanged {"title": "Doing it"}']


def test_instructions_go_into_the_session_where_the_agent_takes_them() -> None:
    talk = Talk(instructions="Be brief.")
    talk.answers({"protocolVersion": 1, "agentCapabilities": SYSTEM})
    prompt = {"mode": "append", "content": [{"type": "text", "text": "Be brief."}]}
    assert talk.sent[-1]["params"]["systemPrompt"] == prompt
    talk.answers({"sessionId": "S"})
    talk.prompted("Do it")
    assert [block["text"] for block in talk.sent[-1]["params"]["prompt"]] == ["Do it"]


def test_a_session_counts_more_than_its_instructions() -> None:
    talk = Talk(instructions="Be brief.", resume="S7")
    talk.answers({"protocolVersion": 1, "agentCapabilities": SYSTEM})
    talk.answers(error={"code": -32600, "message": "instructions cannot be changed now"})
    assert talk.sent[-1]["method"] == "session/resume"
    assert "systemPrompt" not in talk.sent[-1]["params"]


def test_close() -> None:
    talk = Talk().opened(agentCapabilities={"sessionCapabilities": {"close": {}}})
    talk.does(Close())
    assert talk.seen() == '> session/close #3 {"sessionId": "S"}'
    other = Talk().opened()
    other.does(Close())
    assert other.seen() == ""


@pytest.mark.parametrize("able", [True, False])
def test_other_directories_are_named_where_the_agent_takes_them(able: bool) -> None:
    talk = Talk(also=("/other",))
    abilities = {"additionalDirectories": {}} if able else {}
    capabilities = {"sessionCapabilities": abilities}
    talk.answers({"protocolVersion": 1, "agentCapabilities": capabilities})
    named = talk.sent[-1]["params"].get("additionalDirectories")
    assert talk.sent[-1]["method"] == "session/new" and named == (["/other"] if able else None)
