"""What editors get through standard LSP. One module per feature, one row here each.

A feature's `register` is called once per connection, before `initialize` is answered, with what the
client said of itself. It looks at the client's capabilities and options (never at its name) and
uses pygls' `server.feature(...)` or `server.command(...)`; what it registers is announced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from athena.lsp.features import (
    answer,
    ask,
    attach,
    authors,
    command,
    lenses,
    problems,
    read,
    sync,
    take,
    watch,
)

if TYPE_CHECKING:
    from lsprotocol.types import InitializeParams

    from athena.lsp.server import AthenaLanguageServer

Register = Callable[["AthenaLanguageServer", "InitializeParams"], None]

FEATURES: tuple[Register, ...] = (
    answer.register,
    take.register,
    authors.register,
    ask.register,
    read.register,
    problems.register,
    lenses.register,
    watch.register,
    attach.register,
    command.register,
    sync.register,
)
"""In the order of their code actions; the commands last, after those that replace some."""
