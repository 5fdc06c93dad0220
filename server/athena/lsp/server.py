"""The pygls server object of one LSP connection."""

from __future__ import annotations

import logging
from typing import cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from athena import __version__
from athena.border import ClientInfo, Connection, Core
from athena.lsp.features import FEATURES
from athena.lsp.protocol import AthenaProtocol
from athena.lsp.structure import converter, initialize_params
from athena.wire.connection import ClientConnection

log = logging.getLogger(__name__)


class AthenaLanguageServer(LanguageServer):
    """What features are given: pygls' server, the core, and the connection to act for."""

    protocol: AthenaProtocol  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, core: Core, connection: ClientConnection) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "athena", __version__, protocol_cls=AthenaProtocol, converter_factory=converter
        )
        self.core = core
        self.connection: Connection = connection
        self.protocol.connection = connection

    def option(self, name: str) -> object:
        """The client's initialization option `athena.<name>`; None when it gave none."""
        ours = self.connection.options.get("athena")
        return cast("dict[str, object]", ours).get(name) if isinstance(ours, dict) else None

    async def initialize(self, connection: ClientConnection, params: object) -> object:
        """Learn who the client is, register the features, and answer with them."""
        typed = initialize_params(params)
        known = cast("dict[str, object]", params)
        if isinstance(options := known.get("initializationOptions"), dict):
            connection.options = cast("dict[str, object]", options)
        connection.client = _client_info(known.get("clientInfo"), connection.client)
        for register in FEATURES:
            register(self, typed)
        result = await self.protocol.run(types.INITIALIZE, typed)
        capabilities = cast("dict[str, dict[str, object]]", result)["capabilities"]
        capabilities["experimental"] = {"athena": {"methods": sorted(self.core.methods())}}
        return result

    def report_server_error(self, error: Exception, source: object) -> None:
        """Into the log. pygls would pop up a message for each error of a notification."""
        log.error("%s: %s", getattr(source, "__name__", source), error, exc_info=error)


def _client_info(told: object, before: ClientInfo) -> ClientInfo:
    match told:
        case {"name": str(name), "version": str(version)}:
            return ClientInfo(name, version)
        case {"name": str(name)}:
            return ClientInfo(name)
        case _:
            return before
