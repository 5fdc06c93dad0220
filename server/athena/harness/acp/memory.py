"""What the ACP driver remembers between frames, and the draft of one of its steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from athena.harness.decode import Json
from athena.harness.ledger import Draft, Remembered
from athena.protocol.capability import Choice, Option, SlashCommand
from athena.protocol.content import ContentBlock
from athena.protocol.usage import Usage

RequestKind = Literal[
    "initialize",
    "authenticate",
    "new",
    "load",
    "resume",
    "fork",
    "prompt",
    "steer",
    "mode",
    "model",
    "option",
    "close",
]


@dataclass(frozen=True, slots=True)
class Pending:
    """A request of ours that is not answered: what it asks for, and the prompt that it holds."""

    kind: RequestKind
    value: str = ""
    blocks: tuple[ContentBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What the session is opened with; forgotten when it is open. `servers` are ACP's `McpServer`.

    `wishes` are settings to be made before the session takes prompts.
    """

    resume: str | None = None
    fork: bool = False
    servers: tuple[dict[str, Any], ...] = ()
    mode: str | None = None
    readonly: bool = False
    model: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    instructions: str | None = None
    also: tuple[str, ...] = ()
    told: str | None = None
    tried_login: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """What `initialize` said. `session` holds the names of the session abilities."""

    name: str = ""
    version: str | None = None
    can_load: bool = False
    session: tuple[str, ...] = ()
    images: bool = False
    embedded: bool = False
    mcp: tuple[str, ...] = ()
    steering: bool = False
    logins: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the session, as far as the agent has told them.

    `models_api`: the models are chosen with `session/set_model`, as in the first ACP agents.
    """

    mode: str | None = None
    model: str | None = None
    modes: tuple[Choice, ...] = ()
    models: tuple[Choice, ...] = ()
    options: tuple[Option, ...] = ()
    modes_api: bool = False
    models_api: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """The message that is being streamed: its kind of update and the agent's name of it."""

    kind: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the agent that waits for an effect. `own_id` is its JSON-RPC id as JSON."""

    own_id: str
    method: str
    params: dict[str, Any]
    terminal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of the agent that waits for the user: its kind, and the fields of its form."""

    kind: Literal["permission", "form", "link"]
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Memory(Remembered):
    """The memory.

    `history`: what comes now was said in an earlier run: `loading` until the session is loaded,
    `late` where it may follow after that, `replaying` once it does. `preface` goes before the first
    prompt; `prefaced` is how that began, and `asked` how the user did. `said` are the texts of the
    user in this turn. `leftover` prompts could not be steered into a turn and wait for its end.
    `failure` is why the provider failed, where that was the agent's last word. `finished` maps the
    tool calls of this turn that are over to their items, `terminals` a terminal to the tool call
    that shows it. `responses` counts those whose usage was told. `usage_before` and `cost_before`
    are what was counted when the turn began; `None`: not known.
    """

    cwd: str
    opening: Opening | None
    agent: Agent = Agent()
    settings: Settings = Settings()
    commands: tuple[SlashCommand, ...] = ()
    session_id: str | None = None
    opened: bool = False
    history: Literal["loading", "late", "replaying"] | None = None
    sent: int = 0
    pending: Mapping[str, Pending] = field(default_factory=dict[str, Pending])
    asks: Mapping[str, Ask] = field(default_factory=dict[str, Ask])
    calls: Mapping[str, Call] = field(default_factory=dict[str, Call])
    called: int = 0
    preface: tuple[str, ...] = ()
    prefaced: str = ""
    asked: str = ""
    said: tuple[str, ...] = ()
    leftover: tuple[tuple[ContentBlock, ...], ...] = ()
    interrupted: bool = False
    failure: str | None = None
    stream: Stream | None = None
    finished: Mapping[str, str] = field(default_factory=dict[str, str])
    terminals: Mapping[str, str] = field(default_factory=dict[str, str])
    window: tuple[int, int | None] | None = None
    responses: int = 0
    usage_before: Usage | None = field(default_factory=Usage)
    cost: float | None = 0.0
    cost_before: float | None = 0.0
    currency: str = "USD"


class Work(Draft[Memory]):
    """The draft of one step of this driver."""

    def send(self, message: Json) -> None:
        """Send one message."""
        super().send({"jsonrpc": "2.0", **message})

    def request(self, pending: Pending, method: str, params: Json) -> None:
        """Send a request and remember what its answer will mean."""
        number = self.memory.sent + 1
        waiting = {**self.memory.pending, str(number): pending}
        self.remember(sent=number, pending=waiting)
        self.send({"id": number, "method": method, "params": params})

    def ask_session(self, pending: Pending, method: str, **params: object) -> None:
        """Send a request about the session."""
        self.request(pending, method, {"sessionId": self.memory.session_id, **params})

    def answered(self, request_id: object) -> Pending | None:
        """What our request meant that is answered now."""
        key = str(request_id) if isinstance(request_id, int | str) else ""
        found = self.memory.pending.get(key)
        if found is not None:
            left = {k: v for k, v in self.memory.pending.items() if k != key}
            self.remember(pending=left)
        return found

    def respond(self, own_id: str, result: Json) -> None:
        """Answer a request of the agent; `own_id` is its id as JSON."""
        self.send({"id": json.loads(own_id), "result": result})

    def refuse(self, own_id: str, code: int, message: str) -> None:
        """Answer a request of the agent with an error."""
        self.send({"id": json.loads(own_id), "error": {"code": code, "message": message}})
