"""Joining the desk once the client is initialized: from then on we may send by ourselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.desk import desk_of

if TYPE_CHECKING:
    from athena.lsp.server import AthenaLanguageServer


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Join when `initialized` comes."""
    editor = server.editor
    if editor and editor.offers("athena/event/subscribe", "athena/event/unsubscribe"):
        server.feature(t.INITIALIZED)(joined)


async def joined(ls: AthenaLanguageServer, params: t.InitializedParams) -> None:
    """The handshake is over."""
    if ls.editor is not None:
        ls.editor.start(ls.register_later())
        await desk_of(ls.core).join(ls.editor)
