"""Features of every kind that pygls knows, for the protocol to run."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from lsprotocol import types as t

from athena.lsp.server import AthenaLanguageServer


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Hover by a plain function, definition by a thread, the rest by coroutines."""
    server.feature(t.TEXT_DOCUMENT_HOVER)(hover)
    server.feature(t.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.thread()(server.feature(t.TEXT_DOCUMENT_DEFINITION)(definition))
    for command in (ask, ask_nobody, fail):
        server.command(f"test.{command.__name__}")(command)


def hover(ls: AthenaLanguageServer, params: t.HoverParams) -> t.Hover:
    text = ls.workspace.get_text_document(params.text_document.uri).lines[params.position.line]
    return t.Hover(t.MarkupContent(t.MarkupKind.PlainText, text))


async def opened(ls: AthenaLanguageServer, params: t.DidOpenTextDocumentParams) -> None:
    """Called by the feature that pygls has built in for the same method."""
    await asyncio.sleep(0)
    line = t.Range(t.Position(0, 0), t.Position(0, 1))
    found = t.PublishDiagnosticsParams(params.text_document.uri, [t.Diagnostic(line, "opened")])
    ls.text_document_publish_diagnostics(found)


def definition(ls: AthenaLanguageServer, params: t.DefinitionParams) -> list[t.Location]:
    assert threading.current_thread() is not threading.main_thread()
    start = t.Position(0, 0)
    return [t.Location(params.text_document.uri, t.Range(start, start))]


async def ask(ls: AthenaLanguageServer, *arguments: Any) -> str:
    actions = [t.MessageActionItem("Yes"), t.MessageActionItem("No")]
    params = t.ShowMessageRequestParams(t.MessageType.Info, "Sure?", actions)
    chosen = await ls.window_show_message_request_async(params)
    return chosen.title if chosen else "undecided"


async def ask_nobody(ls: AthenaLanguageServer, *arguments: Any) -> str:
    """What a feature sees when its client does not answer any more."""
    try:
        return await ask(ls)
    except ConnectionError:
        return "gone"


async def fail(ls: AthenaLanguageServer, *arguments: Any) -> None:
    raise LookupError("hidden")
