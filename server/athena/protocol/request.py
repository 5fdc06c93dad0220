"""What a harness asks of the user: permissions and questions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from athena.protocol.base import Record
from athena.protocol.items import ToolCall


class OptionKind(StrEnum):
    """What choosing an option means (ACP `PermissionOptionKind`)."""

    ALLOW_ONCE = "allowOnce"
    ALLOW_ALWAYS = "allowAlways"
    REJECT_ONCE = "rejectOnce"
    REJECT_ALWAYS = "rejectAlways"


class PermissionOption(Record):
    """One answer that the harness offers to a permission request."""

    id: str
    name: str
    kind: OptionKind


class QuestionChoice(Record):
    """One suggested answer to a question."""

    label: str
    description: str | None = None


class Question(Record):
    """A question of the agent to the user. With no choices any text is an answer.

    The answer to a `secret` one is typed unseen, and is not in the log.
    """

    id: str
    text: str
    header: str | None = None
    choices: list[QuestionChoice] = []
    several: bool = False
    secret: bool | None = None


class Permission(Record):
    """A request to be allowed to do something; `editable` when its input may be changed."""

    type: Literal["permission"] = "permission"
    title: str
    tool_call: ToolCall | None = None
    options: list[PermissionOption]
    editable: bool = False


class Inquiry(Record):
    """One or more questions that are answered together."""

    type: Literal["inquiry"] = "inquiry"
    questions: list[Question]


RequestBody = Annotated[Permission | Inquiry, Field(discriminator="type")]


class Outcome(StrEnum):
    """How a request ended."""

    SELECTED = "selected"
    ANSWERED = "answered"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
