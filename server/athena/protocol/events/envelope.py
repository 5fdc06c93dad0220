"""Events as clients see them."""

from __future__ import annotations

from typing import Any

from athena.protocol.base import Record


class Event(Record):
    """An event as clients see it.

    `seq` orders all events of the log without gaps, `version` those of one agent. `at` is in
    milliseconds since 1970 UTC, the time the harness said it where it was said by one. Of texts
    over 16 KB only the beginning is here, and `truncated` says so; `athena/item/get` has the whole.
    """

    seq: int
    agent_id: str
    version: int
    at: int
    kind: str
    v: int = 1
    data: dict[str, Any]
    truncated: bool = False


class Delta(Record):
    """A piece of an item's text as it is being written; never stored, may be dropped.

    `offset` is where the piece begins in the text, in UTF-16 code units as in LSP. What a client
    has of the text from there on is replaced. After a drop the next delta begins at 0.
    """

    agent_id: str
    item_id: str
    offset: int
    text: str
