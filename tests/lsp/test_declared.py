"""Inside what each client declared: the capabilities that pytest-lsp recorded of real editors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from tests.support.athena import Athena
from tests.support.wait import until

EDITORS = ["visual-studio-code", "neovim", "emacs"]
PROMPT = '```scenario\nask May I? | allow-once "Allow", reject-once "Deny"\nsay Finished.\n```'


@pytest.fixture(params=EDITORS)
async def client(shared: Athena, repository: Path, request: pytest.FixtureRequest) -> Any:
    client = make_test_lsp_client()

    @client.feature(t.WINDOW_SHOW_MESSAGE_REQUEST)
    def allow(params: t.ShowMessageRequestParams) -> t.MessageActionItem:
        assert params.actions
        return params.actions[0]

    @client.feature(t.CLIENT_REGISTER_CAPABILITY)
    def register(params: t.RegistrationParams) -> None:
        assert params.registrations

    await client.start_io(
        sys.executable, "-m", "athena", "lsp", env=shared.environment, cwd=str(repository)
    )
    await client.initialize_session(
        t.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[t.WorkspaceFolder(repository.as_uri(), "project")],
            client_info=t.ClientInfo(request.param),
        )
    )
    yield client
    await client.shutdown_session()


async def test_a_whole_turn_stays_inside_what_was_declared(
    client: LanguageClient, repository: Path
) -> None:
    """pytest-lsp fails a test whose server sends or answers what its client cannot take."""
    uri = (repository / "hello.py").as_uri()
    client.text_document_did_open(
        t.DidOpenTextDocumentParams(t.TextDocumentItem(uri, "python", 1, PROMPT))
    )
    actions = await client.text_document_code_action_async(
        t.CodeActionParams(
            t.TextDocumentIdentifier(uri),
            t.Range(t.Position(0, 0), t.Position(4, 0)),
            t.CodeActionContext([]),
        )
    )
    assert actions and all(a.title.startswith("Athena: ") for a in actions)
    await client.workspace_execute_command_async(
        t.ExecuteCommandParams("athena.agent.spawn", arguments=[{"prompt": PROMPT}])
    )
    await until(lambda: any("is done" in m.message for m in client.messages), 20)
    await client.text_document_hover_async(
        t.HoverParams(t.TextDocumentIdentifier(uri), t.Position(0, 0))
    )
    await client.workspace_execute_command_async(t.ExecuteCommandParams("athena.transcript.open"))
