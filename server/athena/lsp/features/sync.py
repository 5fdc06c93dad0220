"""Text synchronization, as light as the features need.

Who wrote a line must be known under edits that are not saved, and a prompt may be text that is not
saved, so those features need each change. Without them documents are only opened and closed, for
diagnostics; without any of it, nothing is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from athena.lsp.server import AthenaLanguageServer

NEED_TEXT = (
    t.TEXT_DOCUMENT_HOVER,
    t.TEXT_DOCUMENT_INLAY_HINT,
    t.TEXT_DOCUMENT_CODE_LENS,
    t.TEXT_DOCUMENT_CODE_ACTION,
    t.TEXT_DOCUMENT_DOCUMENT_LINK,
    t.TEXT_DOCUMENT_DEFINITION,
)
NEED_NAMES = (t.TEXT_DOCUMENT_DIAGNOSTIC, t.TEXT_DOCUMENT_DID_OPEN, t.TEXT_DOCUMENT_DID_CLOSE)


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Announce what the features that are registered by now need."""

    def settle() -> None:
        handles = server.registered
        text = any(handles(method) for method in NEED_TEXT)
        names = text or any(handles(method) for method in NEED_NAMES)
        kind = t.TextDocumentSyncKind.Incremental if text else t.TextDocumentSyncKind.None_
        server.announced["textDocumentSync"] = {"openClose": names, "change": kind.value}

    server.settling.append(settle)
