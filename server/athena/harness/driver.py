"""The contract of a driver: one harness protocol as a pure state machine.

A driver never reads a clock, a file or a random number: what it is given is all it knows. It is
handed the frames of the harness and the intents of the user one at a time, and answers each with a
`Step`. The shell commits the step's events, its memory and the frames to send in one transaction,
so after a crash the same frames are seen again exactly from where the memory stands.

Identifiers: items are numbered by the driver (`"<run id>.<n>"`), turns and prompts are named by the
shell, requests are `"<run id>.r<n>"`, turns that the harness began by itself `"<run id>.t<n>"`.

Who says what: the shell itself records the user's side (`TurnStarted` of a prompt, the
`UserMessage` item, `PromptSteered`, `TurnInterrupted`, `RequestClosed` of an answer). The driver
records the harness's side: `SessionOpened`, `TurnEnded`, items, usage, `RequestOpened`,
`RequestClosed` (outcome cancelled, by harness) of what the harness or an `Interrupt` made void,
`TurnStarted` (origin harness) of what it began by itself, and `ModeChanged`, `ModelChanged` and
`OptionsChanged` once the harness has confirmed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from athena.protocol.content import ContentBlock
from athena.protocol.events import EventData
from athena.protocol.spec import AgentSpec

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Launch:
    """What a driver knows when its process starts.

    `cwd` is absolute. `resume` is the session to continue, `fork` asks for a copy of it.
    `primer` is a text that stands for a conversation which the harness itself cannot restore;
    beside `resume` it is told only if that fails. `told` is what goes with the first prompt where
    that does not fail; a `primer` says it, too. `also` are directories outside of `cwd` that it
    works in, too.
    """

    run_id: str
    spec: AgentSpec
    cwd: str
    resume: str | None = None
    fork: bool = False
    primer: str | None = None
    also: tuple[str, ...] = ()
    told: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A process to start: `env` holds only what the driver adds to the user's environment."""

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the text of an item that is being written. Ephemeral.

    `whole` is the item's text so far, this piece included.
    """

    item_id: str
    text: str
    whole: str


# What the shell may ask of a driver.


@dataclass(frozen=True, slots=True)
class Prompt:
    """Start a turn. Only given while no turn is open and the session is."""

    turn_id: str
    prompt_id: str
    content: Sequence[ContentBlock]


@dataclass(frozen=True, slots=True)
class Steer:
    """Hand a prompt to the running turn. Only given to a driver whose `can_steer` says so."""

    prompt_id: str
    content: Sequence[ContentBlock]


@dataclass(frozen=True, slots=True)
class Interrupt:
    """End the running turn; open requests of that turn become void."""


@dataclass(frozen=True, slots=True)
class AnswerPermission:
    """Answer a permission request. `option_id` null: cancelled. `edited` replaces the input."""

    request_id: str
    option_id: str | None
    edited: object | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerInquiry:
    """Answer questions: question id to the chosen or written texts. Null: cancelled."""

    request_id: str
    answers: dict[str, list[str]] | None


@dataclass(frozen=True, slots=True)
class SetMode:
    """Change the session's mode."""

    mode: str


@dataclass(frozen=True, slots=True)
class SetModel:
    """Change the session's model."""

    model: str


@dataclass(frozen=True, slots=True)
class SetOption:
    """Change an option that the harness offers."""

    option_id: str
    value: str | bool


@dataclass(frozen=True, slots=True)
class Close:
    """End the session in order; the shell closes the harness's input afterwards."""


@dataclass(frozen=True, slots=True)
class EffectDone:
    """The shell performed an effect: `result` is as the effect's class says, or `error` is set."""

    effect_id: str
    result: Any = None
    error: str | None = None


Intent = (
    Prompt
    | Steer
    | Interrupt
    | AnswerPermission
    | AnswerInquiry
    | SetMode
    | SetModel
    | SetOption
    | Close
    | EffectDone
)


# What a driver may ask of the shell. Each is answered with one `EffectDone`; after a crash the
# effects that are open in the memory (`Driver.open_effects`) are performed again.


@dataclass(frozen=True, slots=True)
class ReadTextFile:
    """Read a file of the workspace. Result: its text. `line` counts from 1, `limit` lines."""

    effect_id: str
    path: str
    line: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class WriteTextFile:
    """Write a file of the workspace whole. Result: null."""

    effect_id: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class CreateTerminal:
    """Start a command in the workspace. Result: null; `terminal_id` is named by the driver."""

    effect_id: str
    terminal_id: str
    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict[str, str])
    cwd: str | None = None
    output_limit: int | None = None


@dataclass(frozen=True, slots=True)
class ReadTerminal:
    """Result: {output: str, truncated: bool, exitCode: int | null, signal: str | null}."""

    effect_id: str
    terminal_id: str


@dataclass(frozen=True, slots=True)
class WaitTerminal:
    """Wait for a command's end. Result: {exitCode: int | null, signal: str | null}."""

    effect_id: str
    terminal_id: str


@dataclass(frozen=True, slots=True)
class KillTerminal:
    """End a command and keep its output. Result: null."""

    effect_id: str
    terminal_id: str


@dataclass(frozen=True, slots=True)
class ReleaseTerminal:
    """End a command and forget it. Result: null."""

    effect_id: str
    terminal_id: str


Effect = (
    ReadTextFile
    | WriteTextFile
    | CreateTerminal
    | ReadTerminal
    | WaitTerminal
    | KillTerminal
    | ReleaseTerminal
)


@dataclass(frozen=True, slots=True)
class Step(Generic[M]):
    """A driver's answer to one frame or intent. `sends` are frames without their newline."""

    memory: M
    events: tuple[EventData, ...] = ()
    deltas: tuple[TextDelta, ...] = ()
    sends: tuple[bytes, ...] = ()
    effects: tuple[Effect, ...] = ()


class Driver(Protocol[M]):
    """One way to talk to a harness. All methods are pure.

    A frame that makes no sense becomes an `Unrecognized` item; `receive` never raises for
    anything a harness may say.
    """

    def command(self, launch: Launch) -> Command:
        """The process to start. `ValueError` in words for options that make no sense."""
        ...

    def begin(self, launch: Launch) -> Step[M]:
        """The first memory, and the frames to send when the process has started."""
        ...

    def receive(self, memory: M, frame: bytes, oversize: int | None = None) -> Step[M]:
        """Take one line of the harness. `oversize`: its true length when `frame` is cut."""
        ...

    def intend(self, memory: M, intent: Intent) -> Step[M]:
        """Carry out what the user wants."""
        ...

    def ended(self, memory: M, reason: str) -> Step[M]:
        """The process is gone: complete open items, void open requests, end the open turn."""
        ...

    def can_steer(self, memory: M) -> bool:
        """Whether a prompt can be handed to the running turn now."""
        ...

    def open_effects(self, memory: M) -> tuple[Effect, ...]:
        """The effects that were asked for and not yet answered."""
        ...

    def written(self, memory: M) -> Mapping[str, str]:
        """The text so far of the items that are being written, by item id."""
        ...

    def dump(self, memory: M) -> bytes:
        """The memory as bytes; `load` gives an equal one back."""
        ...

    def load(self, data: bytes) -> M:
        """The memory from its bytes."""
        ...
