"""Items: the units of work inside a turn. Semantics follow ACP's session updates."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from athena.protocol.base import Record
from athena.protocol.content import ContentBlock, Location, ToolContent
from athena.protocol.remedy import Remedy


class ToolKind(StrEnum):
    """What a tool call does (ACP `ToolKind`)."""

    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    MOVE = "move"
    SEARCH = "search"
    EXECUTE = "execute"
    THINK = "think"
    FETCH = "fetch"
    SWITCH_MODE = "switch_mode"
    OTHER = "other"


class ItemStatus(StrEnum):
    """How far a unit of work is."""

    PENDING = "pending"
    IN_PROGRESS = "inProgress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class UserMessage(Record):
    """What was said to the agent; `by` is a client's name, `agent:<id>`, or `harness`."""

    type: Literal["userMessage"] = "userMessage"
    content: list[ContentBlock]
    by: str = "user"


class Message(Record):
    """What the agent said to the user, in Markdown."""

    type: Literal["message"] = "message"
    text: str = ""


class Reasoning(Record):
    """What the agent thought, as far as its provider shows it."""

    type: Literal["reasoning"] = "reasoning"
    text: str = ""


class ToolCall(Record):
    """A call of a tool. `name` is the harness's own name of the tool, `title` is for people.

    `parent_id` is the item of the tool call that this one is part of (a subagent's work).
    """

    type: Literal["toolCall"] = "toolCall"
    title: str
    tool: ToolKind = ToolKind.OTHER
    name: str | None = None
    status: ItemStatus = ItemStatus.PENDING
    locations: list[Location] = []
    content: list[ToolContent] = []
    input: object | None = None
    output: object | None = None
    parent_id: str | None = None


class PlanEntry(Record):
    """One step of a plan."""

    text: str
    status: ItemStatus = ItemStatus.PENDING
    priority: Literal["high", "medium", "low"] | None = None


class Plan(Record):
    """The agent's plan; each update replaces it whole."""

    type: Literal["plan"] = "plan"
    entries: list[PlanEntry] = []


class Notice(Record):
    """Something worth showing that nobody said: a retry, a seam between harnesses, a set-up log.

    `remedies` are the commands that `text` names.
    """

    type: Literal["notice"] = "notice"
    level: Literal["info", "warning", "error"] = "info"
    text: str
    topic: str | None = None
    remedies: list[Remedy] | None = None


class Unrecognized(Record):
    """What a harness said and its driver did not understand: kept, shown, never dropped."""

    type: Literal["unrecognized"] = "unrecognized"
    reason: str
    raw: str


Item = Annotated[
    UserMessage | Message | Reasoning | ToolCall | Plan | Notice | Unrecognized,
    Field(discriminator="type"),
]

ITEM_TYPES = (
    "userMessage",
    "message",
    "reasoning",
    "toolCall",
    "plan",
    "notice",
    "unrecognized",
)
