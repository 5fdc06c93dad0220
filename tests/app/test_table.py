"""The table of handlers is the table of methods, each with the parameters that it is given."""

from __future__ import annotations

import inspect
import typing

from athena.app.context import Context
from athena.app.handlers import HANDLERS
from athena.border import Connection
from athena.protocol.methods import METHODS


def test_every_method_is_handled_and_nothing_else() -> None:
    assert list(HANDLERS) == [m.name for m in METHODS]


def test_a_handler_takes_and_gives_what_its_method_says() -> None:
    for method in METHODS:
        handler = HANDLERS[method.name]
        hints = typing.get_type_hints(handler)
        given = [hints[name] for name in inspect.signature(handler).parameters]
        assert given == [Context, Connection, method.params], method.name
        assert hints["return"] is method.result, method.name
