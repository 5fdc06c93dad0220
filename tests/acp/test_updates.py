"""What the agent tells of its work becomes items: messages, thoughts, tools, plans, notices."""

from __future__ import annotations

from athena.harness.quirks import AcpQuirks
from tests.acp.talk import Talk


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def test_messages_with_names_end_where_the_name_changes() -> None:
    talk = Talk().opened().prompted()
    talk.says("One", "a")
    talk.says(" and more", "a")
    talk.says("Two", "b")
    assert talk.deltas == ["One", " and more", "Two"]
    talk.answers({"stopReason": "end_turn"})
    assert talk.seen().splitlines() == [
        "+ R.1 message ''",
        "= R.1 message 'One and more'",
        "+ R.2 message ''",
        "= R.2 message 'Two'",
        "turnEnded t1 endTurn",
    ]


def test_messages_without_names_end_where_the_kind_changes() -> None:
    talk = Talk().opened().prompted()
    talk.says("Hm", kind="thought")
    talk.says("One")
    talk.updates("tool_call", toolCallId="c", title="Read", kind="read")
    talk.says("Two")
    talk.updates("usage_update", used=1, size=2)
    talk.updates("tool_call_update", toolCallId="c", status="in_progress")
    talk.says(" goes on")
    talk.answers({"stopReason": "end_turn"})
    assert [line for line in talk.seen().splitlines() if line[0] == "="] == [
        "= R.1 reasoning 'Hm'",
        "= R.2 message 'One'",
        "= R.4 message 'Two goes on'",
        "= R.3 read [failed] 'Read' name=None",
    ]


def test_messages_that_are_no_text() -> None:
    talk = Talk().opened().prompted()
    image = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
    link = {"type": "resource_link", "uri": "file:///a", "name": "a"}
    resource = {"type": "resource", "resource": {"uri": "file:///b", "text": "b"}}
    for content in (image, link, resource, {"type": "audio"}):
        talk.updates("agent_message_chunk", content=content)
    talk.answers({"stopReason": "end_turn"})
    assert "message '![image](data:image/png;base64,aGk=)[a](file:///a)b[audio]'" in talk.seen()


def test_the_users_words_said_back() -> None:
    talk = Talk().opened().prompted("Do it now")
    talk.updates("user_message_chunk", content=text("Do it"))
    talk.updates("user_message_chunk", content=text(" now"))
    assert talk.seen() == ""
    talk.updates("user_message_chunk", content=text("Something else"))
    assert talk.seen() == '= R.1 user by=harness [{"type": "text", "text": "Something else"}]'


def test_a_tool_call_from_its_beginning_to_its_end() -> None:
    talk = Talk().opened().prompted()
    talk.updates("tool_call", toolCallId="c", title="edit", kind="edit", rawInput={})
    talk.updates(
        "tool_call_update",
        toolCallId="c",
        status="in_progress",
        locations=[{"path": "/repo/a/b.py", "line": 7}],
        rawInput={"path": "/repo/a/b.py"},
    )
    talk.updates("tool_call_update", toolCallId="c", status="in_progress")
    diff = {"type": "diff", "path": "/repo/a/b.py", "oldText": "a", "newText": "b"}
    talk.updates("tool_call_update", toolCallId="c", content=[diff])
    said = {"type": "content", "content": text("Edited.")}
    talk.updates(
        "tool_call_update", toolCallId="c", status="completed", content=[said], rawOutput={"ok": 1}
    )
    assert talk.seen().splitlines() == [
        "+ R.1 edit [pending] 'edit' name=None",
        '~ R.1 {"title": "edit: a/b.py", "status": "inProgress", "locations": [{"path": '
        '"/repo/a/b.py", "line": 7}], "input": {"path": "/repo/a/b.py"}}',
        '~ R.1 {"content": [{"type": "diff", "path": "/repo/a/b.py", "oldText": "a", "newText": '
        '"b"}]}',
        "= R.1 edit [completed] 'edit: a/b.py' name=None at /repo/a/b.py:7 "
        "diff=/repo/a/b.py 'a' -> 'b' text='Edited.' output={\"ok\": 1}",
    ]


def test_a_tool_call_that_begins_with_its_end() -> None:
    talk = Talk().opened().prompted()
    talk.updates("tool_call_update", toolCallId="c", title="x", kind="wonder", status="completed")
    assert talk.seen().splitlines() == [
        "+ R.1 other [completed] 'x' name=None",
        "= R.1 other [completed] 'x' name=None",
    ]


def test_what_is_told_of_a_tool_call_after_its_end() -> None:
    talk = Talk().opened().prompted()
    talk.updates("tool_call", toolCallId="c", title="x", status="failed")
    talk.lines.clear()
    talk.updates("tool_call_update", toolCallId="c", title="y")
    assert talk.seen() == ""
    talk.updates("tool_call_update", toolCallId="c", rawOutput="why")
    assert talk.seen() == '~ R.1 {"output": "why"}'
    talk.answers({"stopReason": "end_turn"})
    talk.prompted()
    talk.updates("tool_call", toolCallId="c", title="z", status="pending")
    assert talk.seen() == "+ R.2 other [pending] 'z' name=None"


def test_a_command_is_its_own_title() -> None:
    talk = Talk().opened().prompted()
    talk.updates(
        "tool_call",
        toolCallId="c",
        title="Runs the tests",
        kind="execute",
        rawInput={"command": "make test"},
        _meta={"claudeCode": {"toolName": "Bash"}},
    )
    assert talk.seen() == "+ R.1 execute [pending] 'make test' name=Bash"


def test_new_files_and_pictures() -> None:
    talk = Talk().opened().prompted()
    new = {
        "type": "diff",
        "path": "/repo/n",
        "oldText": "",
        "newText": "x",
        "_meta": {"kind": "add"},
    }
    image = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
    content = [new, {"type": "content", "content": image}, {"type": "unheard of"}]
    talk.updates("tool_call", toolCallId="c", title="Make", kind="edit", content=content)
    assert talk.seen() == (
        "+ R.1 edit [pending] 'Make: n' name=None at /repo/n: diff=/repo/n 'None' -> 'x' "
        "image=image/png"
    )


def test_terminals_of_the_agents_own() -> None:
    talk = Talk().opened().prompted()
    terminal = [{"type": "terminal", "terminalId": "T"}]
    talk.updates("tool_call", toolCallId="c", title="ls", kind="execute", content=terminal)
    for piece in ("a\n", "b\n"):
        delta = {"terminal_output_delta": {"terminal_id": "T", "data": piece}}
        talk.updates("tool_call_update", toolCallId="c", _meta=delta)
    ended = {"terminal_exit": {"terminal_id": "T", "exit_code": 0, "signal": None}}
    talk.updates(
        "tool_call_update", toolCallId="c", status="completed", content=terminal, _meta=ended
    )
    assert talk.seen().splitlines()[-1] == (
        "= R.1 execute [completed] 'ls' name=None terminal=T 'a\\nb\\n'"
    )


def test_plans() -> None:
    talk = Talk().opened().prompted()
    read = {"content": "read", "status": "completed", "priority": "high"}
    test = {"content": "test", "status": "pending", "priority": "sometime"}
    talk.updates("plan", entries=[read])
    talk.updates("plan", entries=[read, test])
    talk.answers({"stopReason": "end_turn"})
    assert talk.seen().splitlines() == [
        '+ R.1 plan [["completed", "read"]]',
        '~ R.1 {"entries": [{"text": "read", "status": "completed", "priority": "high"}, {"text": '
        '"test", "status": "pending", "priority": null}]}',
        '= R.1 plan [["completed", "read"], ["pending", "test"]]',
        "turnEnded t1 endTurn",
    ]


def test_plans_with_names() -> None:
    talk = Talk().opened().prompted()
    entries = [{"content": "read", "status": "pending"}]
    talk.updates("plan_update", plan={"type": "items", "planId": "p", "entries": entries})
    talk.updates("plan_update", plan={"type": "markdown", "planId": "q", "content": "- read"})
    talk.updates("plan_update", plan={"type": "file", "planId": "r", "uri": "file:///p.md"})
    talk.updates("plan_removed", planId="p")
    assert talk.seen().splitlines() == [
        '+ R.1 plan [["pending", "read"]]',
        '+ R.2 plan [["pending", "- read"]]',
        '+ R.3 plan [["pending", "file:///p.md"]]',
        '= R.1 plan [["pending", "read"]]',
    ]


def test_the_state_of_the_session() -> None:
    talk = Talk().opened()
    commands = [{"name": "plan", "description": "Plans", "input": {"hint": "what"}}, {"x": 1}]
    talk.updates("available_commands_update", availableCommands=commands)
    talk.updates("available_commands_update", availableCommands=commands)
    talk.updates("session_info_update", title="Repair it")
    talk.updates("session_info_update", _meta={"codex": {}})
    talk.updates("usage_update", used=10, size=100)
    talk.updates("usage_update", used=10, size=100)
    talk.updates("usage_update", used=0, size=100)
    assert talk.seen().splitlines() == [
        "commandsChanged 1",
        'titleChanged {"title": "Repair it"}',
        "context 10 of 100",
    ]


def test_notices_that_pass_for_messages() -> None:
    talk = Talk(AcpQuirks(notice_meta="x")).opened().prompted()
    meta = {"x": {"kind": "informational", "level": "warning"}}
    talk.updates("agent_message_chunk", content=text("Beware"), _meta=meta)
    assert talk.seen() == "= R.1 notice warning None 'Beware'"
    other = Talk().opened().prompted()
    other.updates("agent_message_chunk", content=text("Beware"), _meta=meta)
    assert other.seen() == "+ R.1 message ''"


def test_what_is_not_understood_is_kept() -> None:
    talk = Talk(AcpQuirks(silent=("x/quiet",))).opened()
    talk.updates("telepathy", thought="deep")
    talk.hears({"method": "session/update", "params": {"sessionId": "other", "update": {}}})
    talk.hears({"method": "x/loud", "params": {"a": 1}})
    talk.hears({"method": "x/quiet", "params": {}})
    assert talk.seen().splitlines() == [
        "= R.1 unrecognized session update 'telepathy' "
        '\'{"sessionUpdate": "telepathy", "thought": "deep"}\' (no turn)',
        "= R.2 unrecognized update of another session, other "
        '\'{"sessionId": "other", "update": {}}\' (no turn)',
        "= R.3 unrecognized notification 'x/loud' "
        '\'{"method": "x/loud", "params": {"a": 1}}\' (no turn)',
    ]
