"""What the driver of pi remembers between lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from athena.harness.ledger import Draft, Remembered
from athena.protocol.capability import Capabilities, Choice, SlashCommand
from athena.protocol.events import TurnError
from athena.protocol.usage import Usage


@dataclass(frozen=True, slots=True)
class Pending:
    """A command of ours that is not answered yet. `value` is what was asked for, or the turn."""

    kind: Literal[
        "state",
        "models",
        "commands",
        "anew",
        "prompt",
        "steer",
        "compact",
        "abort",
        "settle",
        "compacted",
        "model",
        "level",
    ]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be chosen. `name` is the provider and pi's id, `provider/id`."""

    name: str
    title: str
    levels: tuple[str, ...] = ()
    sees: bool = False
    is_priced: bool = False
    window: int | None = None

    @property
    def choice(self) -> Choice:
        return Choice(id=self.name, name=self.title)


@dataclass(frozen=True, slots=True)
class Memory(Remembered):
    """The memory.

    `resume` is the session to go on with, or to begin as a copy of (`is_copy`), until that is done;
    `session` is the session's file. `own` are the prompts that pi has
    not yet repeated as messages. Of the open turn: `is_accepted` when pi has taken its prompt,
    `is_running` while pi works on it, `will_go_on` when pi has said that it begins again by
    itself, `stop` how the last response ended. `parts` are those of the response that is being
    written which are complete.
    """

    cwd: str = ""
    resume: str | None = None
    is_copy: bool = False
    primer: str | None = None
    told: str | None = None
    session: str | None = None
    is_open: bool = False
    models: tuple[Model, ...] | None = None
    commands: tuple[SlashCommand, ...] | None = None
    model: Model | None = None
    level: str | None = None
    sent: int = 0
    pending: Mapping[str, Pending] = field(default_factory=dict[str, Pending])
    own: tuple[str, ...] = ()
    is_accepted: bool = False
    is_running: bool = False
    is_interrupted: bool = False
    will_go_on: bool = False
    stop: str = ""
    parts: tuple[int, ...] = ()
    error: TurnError | None = None
    spent: Usage = field(default_factory=Usage)
    dollars: float = 0.0


class Work(Draft[Memory]):
    """The draft of one step of this driver."""

    def __init__(self, memory: Memory, known: Capabilities) -> None:
        """`known` is what was detected of the program."""
        super().__init__(memory)
        self.known = known

    def request(self, pending: Pending, kind: str, **fields: Any) -> None:
        """Send a command and remember what its answer will mean."""
        number = self.memory.sent + 1
        name = f"athena-{number}"
        self.remember(sent=number, pending={**self.memory.pending, name: pending})
        self.send({"id": name, "type": kind, **fields})

    def ask_whether_over(self, kind: Literal["settle", "compacted"] = "settle") -> None:
        """Ask whether pi rests. What it says before it answers tells whether it goes on."""
        if self.ledger.turn_id is not None:
            self.request(Pending(kind, self.ledger.turn_id), "get_state")

    def new_turn(self, is_accepted: bool) -> None:
        """Forget what was of the turn before."""
        self.remember(
            is_accepted=is_accepted,
            is_interrupted=False,
            will_go_on=False,
            stop="",
            error=None,
            spent=Usage(),
            dollars=0.0,
        )
