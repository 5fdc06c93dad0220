"""The pygls server object of one LSP connection."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from athena import __version__
from athena.border import ClientInfo, Connection, Core
from athena.lsp.editor import Editor
from athena.lsp.features import FEATURES
from athena.lsp.features.actions import Provider
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
        self.editor: Editor | None = None
        self.commands: dict[str, Callable[[Editor, dict[str, object]], Awaitable[object]]] = {}
        """Commands that do here something else than to call their method."""
        self.methods: dict[str, Callable[[Editor, object], Awaitable[object]]] = {}
        """Methods of Athena's that an editor takes a part in."""
        self.actions: list[Provider] = []
        """What offers code actions here."""
        self.settling: list[Callable[[], None]] = []
        """Called when all features are registered."""
        self.later: dict[str, tuple[str, Callable[[], Awaitable[dict[str, object]]]]] = {}
        """Capabilities that are registered once the client is initialized instead of announced:
        the method, and what makes the options."""
        self.announced: dict[str, Any] = {}
        """Capabilities, as JSON, that replace or extend those that pygls announces."""

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
        self.editor = Editor(self, typed)
        for register in FEATURES:
            register(self, typed)
        for settle in self.settling:
            settle()
        result = await self.protocol.run(types.INITIALIZE, typed)
        capabilities = cast("dict[str, dict[str, object]]", result)["capabilities"]
        for name, value in self.announced.items():
            known = capabilities.get(name)
            capabilities[name] = {**cast("dict[str, object]", known or {}), **value}
        for name in self.later:
            capabilities.pop(name, None)
        capabilities["experimental"] = {"athena": {"methods": sorted(self.core.methods())}}
        return result

    async def call(self, method: str, params: object) -> object:
        """The result of one of Athena's methods."""
        if method in self.methods and self.editor is not None:
            return await self.methods[method](self.editor, params)
        return await self.core.dispatch(self.connection, method, params)

    async def register_later(self) -> None:
        """Register what was not announced (`client/registerCapability`)."""
        made = [
            types.Registration(f"athena/{method}", method, await options())
            for method, options in self.later.values()
        ]
        if made and self.editor is not None:
            params = types.RegistrationParams(made)
            await self.editor.ask(types.CLIENT_REGISTER_CAPABILITY, params)

    def registered(self, method: str) -> bool:
        """Whether a feature of ours is registered for a method."""
        return method in cast("dict[str, object]", cast("Any", self.protocol.fm).features)

    def heard(self, method: str, params: object) -> None:
        """Take note of what the client sends."""
        if self.editor is not None:
            self.editor.heard(method, params)

    async def ended(self) -> None:
        """The client is gone."""
        if self.editor is not None:
            await self.editor.close()

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
