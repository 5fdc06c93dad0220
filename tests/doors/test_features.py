"""Features through pygls: every kind of handler, and requests from us to the client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.house import House, Relay

FILE = {"uri": "file:///a.txt"}
PLACE = {"textDocument": FILE, "position": {"line": 1, "character": 0}}


@pytest.fixture
async def editor(shared: House) -> Relay:
    editor = await shared.editor()
    document = {**FILE, "languageId": "text", "version": 1, "text": "one\ntwo\n"}
    await notify(editor, "textDocument/didOpen", {"textDocument": document})
    return editor


async def notify(editor: Relay, method: str, params: object) -> None:
    await editor.send({"jsonrpc": "2.0", "method": method, "params": params})


async def execute(editor: Relay, command: str, *arguments: object) -> int:
    params: dict[str, Any] = {"command": command}
    return await editor.ask(
        "workspace/executeCommand", {**params, "arguments": arguments} if arguments else params
    )


async def test_built_in_feature_calls_ours(editor: Relay) -> None:
    told = await editor.receive()
    assert told["method"] == "textDocument/publishDiagnostics"
    assert told["params"]["diagnostics"][0]["message"] == "opened"


async def test_functions_and_threads(editor: Relay) -> None:
    assert (await editor.call("textDocument/hover", PLACE))["contents"]["value"] == "two\n"
    zero = {"line": 0, "character": 0}
    assert await editor.call("textDocument/definition", PLACE) == [
        {"uri": FILE["uri"], "range": {"start": zero, "end": zero}}
    ]


async def test_wrong_parameters_name_the_field(editor: Relay) -> None:
    wrong = {"textDocument": FILE, "position": {"line": "x"}}
    answer = await editor.answer(await editor.ask("textDocument/hover", wrong))
    assert answer["error"]["code"] == -32602
    assert answer["error"]["data"]["field"] == "position.line"
    assert [p["field"] for p in answer["error"]["data"]["problems"]] == [
        "position.line",
        "position.character",
    ]


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ({"result": {"title": "Yes"}}, "Yes"),
        ({"result": None}, "undecided"),
        ({"error": {"code": -32601, "message": "no dialogs"}}, "ClientRefused: no dialogs"),
        ({"result": {"title": {}}}, "{}"),
        ({"result": 5}, "ValueError: The client's answer is no result: 5"),
    ],
    ids=str,
)
async def test_answers_of_the_client(editor: Relay, reply: dict[str, Any], result: str) -> None:
    asked = await execute(editor, "test.ask")
    while (question := await editor.receive()).get("method") != "window/showMessageRequest":
        pass
    assert question["params"]["actions"] == [{"title": "Yes"}, {"title": "No"}]
    await editor.send({"jsonrpc": "2.0", "id": "somebody else's", "result": None})
    await editor.send({"jsonrpc": "2.0", "id": question["id"], **reply})
    await editor.send({"jsonrpc": "2.0", "id": question["id"], "result": {"title": "twice"}})
    answer = await editor.answer(asked)
    seen = answer["result"] if "result" in answer else answer["error"]["message"]
    assert result in seen


async def test_client_that_ends_while_it_is_asked(shared: House, editor: Relay) -> None:
    await execute(editor, "test.ask_nobody")
    await editor.end_input()
    while (last := await editor.receive()) is not None and last.get("id") != 2:
        pass
    assert last is None or last["error"]["code"] == -32800
    assert (await editor.exit())[0] == 0


async def test_failing_command_is_an_answer_and_no_message(editor: Relay) -> None:
    answer = await editor.answer(await execute(editor, "test.fail"))
    assert answer["error"]["code"] == -32603 and "LookupError" in answer["error"]["message"]
    await notify(editor, "textDocument/didChange", {"textDocument": FILE, "contentChanges": 7})
    assert await editor.call("textDocument/hover", PLACE)


async def test_user_commands_call_their_methods(shared: House) -> None:
    plain = await shared.relay("lsp")
    result = await plain.initialize()
    offered = result["capabilities"]["executeCommandProvider"]["commands"]
    ours = [name for name in offered if not name.startswith("test.")]
    assert ours == ["athena.agent.list", "athena.agent.prompt"]
    given = {"agent": "a", "text": "go"}
    asked = await execute(plain, "athena.agent.prompt", given)
    answer = await plain.answer(asked)
    assert answer.get("result") == given, answer
    assert (await plain.answer(await execute(plain, "athena.agent.list")))["result"] == {}
    assert (await plain.answer(await execute(plain, "athena.agent.list", None)))["result"] == {}
    for wrong in ([5], [{}, {}], [[]]):
        answer = await plain.answer(await execute(plain, "athena.agent.prompt", *wrong))
        assert answer["error"]["code"] == -32602 and "one argument" in answer["error"]["message"]


async def test_client_with_commands_of_its_own_is_announced_none(shared: House) -> None:
    own = await shared.relay("lsp")
    result = await own.initialize(initializationOptions={"athena": {"commands": False}})
    offered = result["capabilities"]["executeCommandProvider"]["commands"]
    assert [name for name in offered if not name.startswith("test.")] == []
