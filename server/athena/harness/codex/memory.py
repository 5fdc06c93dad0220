"""What the driver of Codex remembers between frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from athena.harness.decode import Json
from athena.harness.ledger import BACKGROUND, Draft, Remembered
from athena.protocol.capability import Choice, Option
from athena.protocol.events import TurnError


@dataclass(frozen=True, slots=True)
class Pending:
    """A request of ours that is not answered yet; `input` is a steered prompt's."""

    kind: Literal[
        "initialize",
        "account",
        "models",
        "thread",
        "resume",
        "turn",
        "steer",
        "interrupt",
        "settings",
    ]
    input: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of Codex that waits for the user.

    `answers` maps option ids to the results that answer with them, `refusal` is the result for
    none of them. `fields` are those of a form, with their types.
    """

    kind: Literal["choice", "questions", "elicitation"]
    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    refusal: dict[str, Any] = field(default_factory=dict[str, Any])
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Tokens:
    """The totals of a thread, as Codex counts them (`TokenUsageBreakdown`)."""

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Memory(Remembered):
    """The memory.

    `turn` is Codex's name of the running turn. `totals` are the tokens counted so far, `None` in
    a thread that was resumed until its totals were heard. `spent` are those of the open turn.
    `subagents` maps threads of subagents to the items of the calls that began them.
    """

    thread_params: dict[str, Any] = field(default_factory=dict[str, Any])
    turn_params: dict[str, Any] = field(default_factory=dict[str, Any])
    resume: str | None = None
    fork: bool = False
    cwd: str = ""
    version: str | None = None
    thread_id: str | None = None
    is_open: bool = False
    models: tuple[Choice, ...] | None = None
    efforts: Mapping[str, list[Choice]] = field(default_factory=dict[str, list[Choice]])
    image_models: tuple[str, ...] = ()
    model: str | None = None
    mode: str | None = None
    options: tuple[Option, ...] = ()
    effort: str | None = None
    sent: int = 0
    pending: Mapping[str, Pending] = field(default_factory=dict[str, Pending])
    asks: Mapping[str, Ask] = field(default_factory=dict[str, Ask])
    primer: str | None = None
    told: str | None = None
    turn: str | None = None
    interrupting: bool = False
    totals: Tokens | None = field(default_factory=Tokens)
    spent: Tokens = field(default_factory=Tokens)
    subagents: Mapping[str, str] = field(default_factory=dict[str, str])
    error: TurnError | None = None


class Work(Draft[Memory]):
    """The draft of one step of this driver."""

    def request(self, pending: Pending, method: str, params: Json) -> None:
        """Send a request and remember what its answer will mean."""
        number = self.memory.sent + 1
        self.remember(sent=number, pending={**self.memory.pending, str(number): pending})
        self.send({"method": method, "id": number, "params": params})

    def key_of(self, item_id: object) -> str:
        """How the ledger names the item that Codex calls `item_id`."""
        name = str(item_id)
        background = f"{BACKGROUND}{name}"
        return background if background in self.ledger.open_items else name
