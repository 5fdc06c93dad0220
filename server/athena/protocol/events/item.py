"""Items, and what a harness asks of the user."""

from __future__ import annotations

from typing import Any

from athena.protocol.events.base import EventData
from athena.protocol.items import Item
from athena.protocol.request import Outcome, RequestBody
from athena.protocol.rule import Rule


class ItemStarted(EventData):
    """A unit of work began."""

    KIND = "itemStarted"
    item_id: str
    turn_id: str | None = None
    item: Item


class ItemUpdated(EventData):
    """Fields of an item changed; each given field replaces the old one (wire names)."""

    KIND = "itemUpdated"
    item_id: str
    changes: dict[str, Any]


class ItemCompleted(EventData):
    """A unit of work is finished; `item` is the whole of it."""

    KIND = "itemCompleted"
    item_id: str
    turn_id: str | None = None
    item: Item


class RequestOpened(EventData):
    """The harness asks the user for a permission or an answer and waits."""

    KIND = "requestOpened"
    request_id: str
    turn_id: str | None = None
    item_id: str | None = None
    request: RequestBody


class RequestClosed(EventData):
    """A request was answered, or it became void. `answers` maps question ids to texts."""

    KIND = "requestClosed"
    request_id: str
    outcome: Outcome
    option_id: str | None = None
    answers: dict[str, list[str]] | None = None
    by: str = "user"
    note: str | None = None


class RequestReminded(EventData):
    """A request still waits for the user; `count` is how often that was said."""

    KIND = "requestReminded"
    request_id: str
    count: int


class RuleRemembered(EventData):
    """The user's answer holds for requests like it, for the life of this agent."""

    KIND = "ruleRemembered"
    rule: Rule
