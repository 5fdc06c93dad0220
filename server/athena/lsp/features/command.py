"""`workspace/executeCommand`: every user command that calls a method.

The argument is one object, the parameters of the method, with what the command presets filled in.
A client that has these commands of its own, so that two of a name would clash, sends the
initialization option `{"athena": {"commands": false}}` and is announced none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from athena.protocol.command import Command
from athena.protocol.commands import COMMANDS
from athena.protocol.errors import AthenaError, ErrorCode

if TYPE_CHECKING:
    from lsprotocol.types import InitializeParams

    from athena.lsp.server import AthenaLanguageServer


def register(server: AthenaLanguageServer, params: InitializeParams) -> None:
    """Offer the commands whose methods the core has."""
    if server.option("commands") is False:
        return
    known = frozenset(server.core.methods())
    for row in COMMANDS:
        if row.method in known:
            _register(server, row, row.method)


def _register(server: AthenaLanguageServer, row: Command, method: str) -> None:
    async def run(ls: AthenaLanguageServer, *arguments: object) -> object:
        return await ls.core.dispatch(ls.connection, method, parameters(row, arguments))

    cast("Any", server).command(row.id)(run)


def parameters(row: Command, arguments: tuple[object, ...]) -> dict[str, object]:
    """The parameters of the method. Raises `AthenaError` with `INVALID_PARAMS`."""
    given: object = arguments[0] if arguments and arguments[0] is not None else {}
    if len(arguments) > 1 or not isinstance(given, dict):
        words = f"{row.id} takes one argument: an object with the parameters of {row.method}."
        raise AthenaError(ErrorCode.INVALID_PARAMS, words, field="arguments")
    return {**cast("dict[str, object]", given), **row.preset}
