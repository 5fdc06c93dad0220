"""What the driver of Claude Code remembers between frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from athena.harness.decode import Json
from athena.harness.ledger import BACKGROUND, Draft, Remembered
from athena.protocol.capability import Choice, Option
from athena.protocol.events import TurnError, UsageReported
from athena.protocol.usage import Usage


@dataclass(frozen=True, slots=True)
class Pending:
    """A control request of ours that is not answered yet."""

    kind: Literal["initialize", "mcp", "interrupt", "model", "mode", "option"]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A control request of Claude Code that waits for the user."""

    kind: Literal["tool", "plan", "questions", "elicitation"]
    input: dict[str, Any] = field(default_factory=dict[str, Any])
    suggestions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(frozen=True, slots=True)
class Streaming:
    """The response that is being streamed, by its id; `usage` is the provider's."""

    message_id: str
    model: str | None = None
    usage: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and dollars; `dollars` is `None` where they are not known."""

    usage: Usage = field(default_factory=Usage)
    dollars: float | None = 0.0

    def plus(self, other: Spent) -> Spent:
        """The sum of both."""
        known = self.dollars is not None and other.dollars is not None
        dollars = (self.dollars or 0.0) + (other.dollars or 0.0) if known else None
        return Spent(self.usage.plus(other.usage), dollars)


@dataclass(frozen=True, slots=True)
class Memory(Remembered):
    """The memory.

    `streams` has the response that is being streamed by the subagent's tool call, `""` for the
    main one. `tasks` maps background tasks to their tool calls, `subagents` the tool calls of
    subagents to their items. `copied` is the session that this one is to begin as a copy of.
    `cost_total` is the sum that Claude Code last named, `None` where that is not known (a resumed
    session goes on counting). `counted` are the tokens of each model that were told by response
    since the last result, `carried` what an earlier result told of the turn that is still open.
    """

    session_id: str
    cwd: str = ""
    opened: bool = False
    model: str | None = None
    mode: str | None = None
    options: tuple[Option, ...] = ()
    efforts: Mapping[str, list[Choice]] = field(default_factory=dict[str, list[Choice]])
    resolved: Mapping[str, str] = field(default_factory=dict[str, str])
    features: tuple[str, ...] = ()
    version: str | None = None
    sent: int = 0
    pending: Mapping[str, Pending] = field(default_factory=dict[str, Pending])
    asks: Mapping[str, Ask] = field(default_factory=dict[str, Ask])
    primer: str | None = None
    told: str | None = None
    resumed: bool = False
    copied: str | None = None
    prompt_uuid: str | None = None
    steered: tuple[str, ...] = ()
    streams: Mapping[str, Streaming] = field(default_factory=dict[str, Streaming])
    streamed: tuple[str, ...] = ()
    tasks: Mapping[str, str] = field(default_factory=dict[str, str])
    subagents: Mapping[str, str] = field(default_factory=dict[str, str])
    cost_total: float | None = 0.0
    counted: Mapping[str, Usage] = field(default_factory=dict[str, Usage])
    carried: Spent = field(default_factory=Spent)
    context_size: int | None = None
    error: TurnError | None = None
    stop: str | None = None


def call_key(tool_use_id: str, scope: str = "") -> str:
    """How the ledger names a tool call; `scope` is not empty for one that may outlive its turn."""
    return f"{BACKGROUND if scope else ''}call:{tool_use_id}"


class Work(Draft[Memory]):
    """The draft of one step of this driver."""

    def request(self, pending: Pending, request: Json) -> None:
        """Send a control request and remember what its answer will mean."""
        sent = self.memory.sent + 1
        request_id = f"athena-{sent}"
        waiting = {**self.memory.pending, request_id: pending}
        self.remember(sent=sent, pending=waiting)
        self.send({"type": "control_request", "request_id": request_id, "request": request})

    def answer(self, request_id: str, response: Json) -> None:
        """Answer a control request of Claude Code."""
        body = {"subtype": "success", "request_id": request_id, "response": response}
        self.send({"type": "control_response", "response": body})

    def refuse(self, request_id: str, error: str) -> None:
        """Answer a control request of Claude Code with an error."""
        body = {"subtype": "error", "request_id": request_id, "error": error}
        self.send({"type": "control_response", "response": body})

    def call_key(self, tool_use_id: str) -> str:
        """How the ledger names this open call."""
        lasting = call_key(tool_use_id, BACKGROUND)
        return lasting if self.find(lasting) is not None else call_key(tool_use_id)

    def responded(self, message_id: str, model: str | None, usage: Usage) -> None:
        """Record the tokens of one response."""
        self.events.append(
            UsageReported(
                turn_id=self.ledger.turn_id, response_id=message_id, model=model, usage=usage
            )
        )
        if model is not None:
            before = self.memory.counted.get(model, Usage())
            self.remember(counted={**self.memory.counted, model: before.plus(usage)})
