"""Editors as pytest-lsp recorded them: their capabilities, and its strict reading of our answers."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types as t
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from tests.doors.house import PROGRAM, House

EDITORS = ["visual-studio-code", "neovim", "emacs"]
FOLDER = t.WorkspaceFolder(uri="file:///project", name="project")
FILE = "file:///project/a.py"


@pytest.fixture(params=EDITORS)
async def client(shared: House, request: pytest.FixtureRequest) -> Any:
    await shared.socket()
    client = make_test_lsp_client()
    await client.start_io(*PROGRAM, "relay", "lsp", env=shared.environ)
    result = await client.initialize_session(
        t.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[FOLDER],
            client_info=t.ClientInfo(request.param),
        )
    )
    assert result.server_info and result.server_info.name == "athena"
    yield client
    await client.shutdown_session()
    assert client._server.returncode == 0


async def test_life_and_documents(client: LanguageClient) -> None:
    document = t.TextDocumentItem(uri=FILE, language_id="python", version=1, text="x = 1\n")
    client.text_document_did_open(t.DidOpenTextDocumentParams(document))
    client.text_document_did_change(
        t.DidChangeTextDocumentParams(
            t.VersionedTextDocumentIdentifier(version=2, uri=FILE),
            [t.TextDocumentContentChangePartial(t.Range(t.Position(0, 0), t.Position(0, 1)), "y")],
        )
    )
    client.set_trace(t.SetTraceParams(t.TraceValue.Verbose))
    client.workspace_did_change_workspace_folders(
        t.DidChangeWorkspaceFoldersParams(t.WorkspaceFoldersChangeEvent([], [FOLDER]))
    )
    client.text_document_did_close(t.DidCloseTextDocumentParams(t.TextDocumentIdentifier(uri=FILE)))
    who = await client.protocol.send_request_async("athena/test/who", {})
    assert who.client in EDITORS and who.mode == "lsp"
    assert client.log_messages == [] and client.messages == []


async def test_errors_reach_the_client_as_errors(client: LanguageClient) -> None:
    with pytest.raises(Exception, match="There is no method 'textDocument/completion'"):
        await client.text_document_completion_async(
            t.CompletionParams(t.TextDocumentIdentifier(uri=FILE), t.Position(0, 0))
        )


async def test_notifications(client: LanguageClient) -> None:
    seen: list[int] = []

    @client.feature("athena/test/news")
    def news(params: Any) -> None:
        seen.append(params.number)

    result = await client.protocol.send_request_async("athena/test/notify", {"count": 20})
    assert result.taken == 20 and seen == list(range(20))
