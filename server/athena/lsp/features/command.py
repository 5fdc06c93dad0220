"""`workspace/executeCommand`: every user command that calls a method or opens a document.

The argument is one object, the parameters of the method, with what the command presets filled in.
A plain editor has nothing to choose an agent or a request with, so what is required and not given
is taken from where the user is (`athena.lsp.defaults`). A client that has these commands of its
own, so that two of a name would clash, sends the initialization option
`{"athena": {"commands": false}}` and is announced none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from athena.lsp.defaults import completed
from athena.protocol.command import Command
from athena.protocol.commands import COMMANDS
from athena.protocol.errors import AthenaError, ErrorCode

if TYPE_CHECKING:
    from lsprotocol.types import InitializeParams

    from athena.lsp.server import AthenaLanguageServer


def register(server: AthenaLanguageServer, params: InitializeParams) -> None:
    """Offer the commands whose methods the core has, and those that features stand for."""
    if server.option("commands") is False:
        return
    known = frozenset(server.core.methods())
    for row in COMMANDS:
        if row.method in known or row.id in server.commands:
            _register(server, row)


def _register(server: AthenaLanguageServer, row: Command) -> None:
    async def run(ls: AthenaLanguageServer, *arguments: object) -> object:
        given = parameters(row, arguments)
        if ls.editor is not None:
            given = await completed(ls.editor, row, given)
            if row.id in ls.commands:
                return await ls.commands[row.id](ls.editor, given)
        assert row.method is not None
        return await ls.core.dispatch(ls.connection, row.method, given)

    cast("Any", server).command(row.id)(run)


def parameters(row: Command, arguments: tuple[object, ...]) -> dict[str, object]:
    """The parameters of the method. Raises `AthenaError` with `INVALID_PARAMS`."""
    given: object = arguments[0] if arguments and arguments[0] is not None else {}
    if len(arguments) > 1 or not isinstance(given, dict):
        words = f"{row.id} takes one argument: an object with the parameters of {row.method}."
        raise AthenaError(ErrorCode.INVALID_PARAMS, words, field="arguments")
    return {**cast("dict[str, object]", given), **row.preset}
