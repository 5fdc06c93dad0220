"""What editors get through standard LSP. One module per feature, one row here each.

A feature's `register` uses `server.feature(...)` of pygls. It runs before `initialize` is answered,
so what it registers is announced in the capabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from athena.lsp.server import AthenaLanguageServer

FEATURES: tuple[Callable[[AthenaLanguageServer], None], ...] = ()
