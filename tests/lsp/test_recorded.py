"""Every feature at once, as each editor whose capabilities were recorded would have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.conftest import Start
from tests.lsp.declared import recorded, undeclared
from tests.lsp.editor import Editor, Json, choose
from tests.support.athena import Client
from tests.support.wait import until_sync

WORK = """```scenario
edit hello.py: print("two") -> print("three")
ask May I? | allow-once "Allow", reject-once "Deny"
say Finished.
```"""
EVERYTHING = {"codeLenses": True, "inlayHints": True, "openHunks": True, "patience": 0}


def asked(editor: Editor, uri: str) -> None:
    """Ask for all that was announced."""
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}}
    requests: dict[str, tuple[str, Json]] = {
        "codeLensProvider": ("textDocument/codeLens", {}),
        "definitionProvider": ("textDocument/definition", place),
        "diagnosticProvider": ("textDocument/diagnostic", {}),
        "documentLinkProvider": ("textDocument/documentLink", {}),
        "hoverProvider": ("textDocument/hover", place),
        "inlayHintProvider": ("textDocument/inlayHint", {"range": whole}),
    }
    for provider, (method, params) in requests.items():
        if editor.announced.get(provider):
            editor.call(method, {"textDocument": {"uri": uri}, **params})
    if editor.announced.get("codeActionProvider"):
        assert editor.actions(uri, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(recorded()))
def test_everything_at_once_stays_inside_what_was_declared(
    name: str, start: Start, repository: Path, client: Client
) -> None:
    """Two agents in conflict, comments, documents and edits; the editor fails on what is undue."""
    editor = start(recorded()[name], name, **EVERYTHING)
    editor.answers["window/showMessageRequest"] = choose("Allow")
    editor.answers["workspace/applyEdit"] = lambda message: {"applied": True}
    editor.answers["window/showDocument"] = lambda message: {"success": True}
    mine = editor.open(repository / "hello.py")
    agents = [
        editor.execute("athena.agent.spawn", prompt=WORK.replace("three", words))["id"]
        for words in ("three", "drei")
    ]
    for agent in agents:
        client.until(agent, "idle")
        client.call("athena/review/comment", agent=agent, path="hello.py", line=2, text="Why?")
    until_sync(lambda: client.agent(agents[0])["conflicts"])
    theirs = editor.open(Path(client.agent(agents[0])["workspace"]["path"], "hello.py"))
    for uri in (mine, theirs):
        asked(editor, uri)
    for command in ("transcript.open", "changeset.get", "agent.list", "request.list"):
        asked(editor, editor.execute(f"athena.{command}")["uri"])
    editor.execute("athena.review.apply", agent=agents[0], paths=["hello.py"])
    asked(editor, mine)
    editor.until("window/showMessage", lambda p: "is done" in p["message"])
    assert editor.undeclared == []


def test_what_is_undue_is_seen() -> None:
    """The rule of the test above, tried on what a bad server would send."""
    bare: Json = {"workspace": {"applyEdit": False}, "textDocument": {"hover": {}}}
    bad: list[Json] = [
        {"method": "workspace/applyEdit", "params": {"edit": {"changes": {}}}},
        {"method": "athena/surprise", "params": {}},
        {"result": {"capabilities": {"inlayHintProvider": {}}}},
        {"result": {"capabilities": {"positionEncoding": "utf-8"}}},
        {"result": [{"message": "Why?", "relatedInformation": []}]},
        {
            "method": "client/registerCapability",
            "params": {"registrations": [{"method": "textDocument/hover"}]},
        },
    ]
    assert all(list(undeclared(bare, message)) for message in bad)
    assert not list(undeclared(bare, {"result": {"capabilities": {"hoverProvider": True}}}))
