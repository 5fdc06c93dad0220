"""What the fake model is told to say and do.

A script is a list of rounds, one round per response of the model; a round is a list of actions.
A prompt selects a script with a marker anywhere in a user message:

    [[fake:NAME key=value ...]]      for example  [[fake:tour cwd=/tmp/repo]]

`{key}` in the script's strings is replaced by the marker's value. Two keys always have one: `gate`
(by default the script's name) and `tag` (empty); a test that shares the server with others gives
its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias

MARKER = re.compile(r"\[\[fake:([\w.-]+)((?:\s+\w+=[^\s\]]+)*)\s*\]\]")


@dataclass(frozen=True, slots=True)
class Say:
    """Assistant text, streamed in chunks."""

    text: str
    kind: ClassVar[str] = "say"


@dataclass(frozen=True, slots=True)
class Think:
    """Thinking, or a reasoning summary, in the APIs that have one."""

    text: str
    kind: ClassVar[str] = "think"


@dataclass(frozen=True, slots=True)
class Read:
    path: str
    kind: ClassVar[str] = "read"


@dataclass(frozen=True, slots=True)
class Edit:
    path: str
    old: str
    new: str
    kind: ClassVar[str] = "edit"


@dataclass(frozen=True, slots=True)
class Write:
    path: str
    text: str
    kind: ClassVar[str] = "write"


@dataclass(frozen=True, slots=True)
class Run:
    command: str
    kind: ClassVar[str] = "run"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool by the harness's own name; `force` calls it even where it was not offered.

    Codex has tools in a `namespace`, and offers some only after a search.
    """

    name: str
    input: Mapping[str, Any] = field(default_factory=dict[str, Any])
    force: bool = False
    namespace: str | None = None
    kind: ClassVar[str] = "call"


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds between the chunks that follow."""

    ms: float
    kind: ClassVar[str] = "pace"


@dataclass(frozen=True, slots=True)
class Gate:
    """Hold the open stream here until a test opens the gate."""

    name: str = "{gate}"
    kind: ClassVar[str] = "gate"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token counts to report, instead of an estimate by length."""

    input: int
    output: int
    cached: int = 0
    kind: ClassVar[str] = "tokens"


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer an HTTP error, the first `times` times that this round of this marker is asked for."""

    status: int
    times: int = 1
    message: str = ""
    kind: ClassVar[str] = "fail"


@dataclass(frozen=True, slots=True)
class Cut:
    """Drop the connection here, in the middle of the stream."""

    kind: ClassVar[str] = "cut"


Action: TypeAlias = (
    Say | Think | Read | Edit | Write | Run | Call | Pace | Gate | Tokens | Fail | Cut
)
ToolAction: TypeAlias = Read | Edit | Write | Run | Call
Round: TypeAlias = Sequence[Action]
Script: TypeAlias = Sequence[Round]

_KINDS: dict[str, type[Action]] = {
    kind.kind: kind
    for kind in (Say, Think, Read, Edit, Write, Run, Call, Pace, Gate, Tokens, Fail, Cut)
}


def is_tool_action(action: Action) -> bool:
    return isinstance(action, Read | Edit | Write | Run | Call)


def to_json(script: Script) -> list[list[dict[str, Any]]]:
    """The script as JSON: one `{"kind": ..., fields}` object per action."""
    return [[{"kind": action.kind, **asdict(action)} for action in round_] for round_ in script]


def from_json(rounds: Iterable[Iterable[Mapping[str, Any]]]) -> Script:
    """The inverse of `to_json`; `ValueError` names an action that does not exist."""
    return [[_action(item) for item in round_] for round_ in rounds]


def _action(item: Mapping[str, Any]) -> Action:
    fields = dict(item)
    kind = fields.pop("kind", None)
    if kind not in _KINDS:
        raise ValueError(f"no such action: {kind!r}; known are {', '.join(_KINDS)}")
    return _KINDS[kind](**fields)


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker found in a prompt: which script, with which values."""

    name: str
    values: Mapping[str, str]

    def fill(self, script: Script) -> Script:
        """The script with every `{key}` replaced."""
        text = json.dumps(to_json(script))
        for key, value in {"gate": self.name, "tag": "", **self.values}.items():
            text = text.replace("{" + key + "}", json.dumps(value)[1:-1])
        return from_json(json.loads(text))

    def __str__(self) -> str:
        values = "".join(f" {key}={value}" for key, value in self.values.items())
        return f"[[fake:{self.name}{values}]]"


def find_marker(text: str) -> Marker | None:
    """The last marker in `text`."""
    found = None
    for match in MARKER.finditer(text):
        values = dict(pair.split("=", 1) for pair in match[2].split())
        found = Marker(match[1], values)
    return found
