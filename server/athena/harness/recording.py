"""Recordings: what was said to and by a harness in one run, as lines of JSON.

`{"launch": ...}` comes first; then, in order, `{"do": intent}`, `{"sent": frame}` for what the
driver answered it with, `{"out": frame}` for what the harness said, `{"ended": reason}`.
A driver that is given the same launch, intents and frames must send the same frames; so a
recording tests both directions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from athena.harness import driver as d
from athena.harness.decode import is_list, is_obj
from athena.harness.driver import Intent, Launch
from athena.protocol import events as e

CUT_AT = 160
"""Longer texts, most of them written by the makers of a harness, are not kept whole."""

CATALOGUES = (
    "agents",
    "capabilities",
    "commands",
    "data",
    "models",
    "output_styles",
    "skills",
    "slash_commands",
    "tools",
)
"""Lists of what a harness has: of each the beginning is kept."""

LISTED = 3

INTENTS = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        d.Prompt,
        d.Steer,
        d.Interrupt,
        d.AnswerPermission,
        d.AnswerInquiry,
        d.SetMode,
        d.SetModel,
        d.SetOption,
        d.Close,
        d.EffectDone,
    )
}
_LAUNCH = TypeAdapter(Launch)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    kind: Literal["do", "sent", "out", "ended"]
    value: Intent | bytes | str


@dataclass(frozen=True, slots=True)
class Recording:
    launch: Launch
    entries: list[Entry]


def write(path: Path, launch: Launch, entries: Iterable[Entry], names: Mapping[str, str]) -> None:
    """Keep a recording; `names` replaces texts of the machine (paths, ports)."""
    lines = [json.dumps({"launch": _LAUNCH.dump_python(launch, mode="json")})]
    lines += [json.dumps({one.kind: _value(one)}, ensure_ascii=False) for one in entries]
    text = "\n".join(lines) + "\n"
    for value, name in sorted(names.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(value, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def read(path: Path) -> Recording:
    first, *rest = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return Recording(_LAUNCH.validate_python(first["launch"]), [_entry(one) for one in rest])


def _value(entry: Entry) -> Any:
    if isinstance(entry.value, bytes):
        return _frame(entry.value, cut=entry.kind == "out")
    if isinstance(entry.value, str):
        return entry.value
    name = type(entry.value).__name__
    return {"intent": name, **INTENTS[name].dump_python(entry.value, mode="json")}


def _entry(line: dict[str, Any]) -> Entry:
    [(kind, value)] = line.items()
    match kind:
        case "do":
            fields = dict(value)
            return Entry("do", INTENTS[fields.pop("intent")].validate_python(fields))
        case "ended":
            return Entry("ended", value)
        case "sent" | "out":
            raw = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            return Entry(kind, raw.encode())
        case _:
            raise ValueError(f"no entry of a recording: {kind}")


def _frame(frame: bytes, cut: bool) -> Any:
    """The frame as JSON where it is JSON, else as text."""
    try:
        message = json.loads(frame)
    except ValueError:
        return frame.decode("utf-8", "replace")
    return _cut(message) if cut else message


def _cut(value: object, name: str = "") -> Any:
    if is_obj(value):
        return {key: _cut(inner, key) for key, inner in value.items()}
    if is_list(value):
        return [_cut(one, name) for one in (value[:LISTED] if name in CATALOGUES else value)]
    if isinstance(value, str) and len(value) > CUT_AT:
        return value[:CUT_AT] + "…"
    return value


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out when a recording was played again; `sent` in order, `expected` as recorded."""

    events: list[e.EventData]
    sent: list[bytes]
    expected: list[bytes]
    memory: Any


def replay(recording: Recording, driver: d.Driver[Any]) -> Replayed:
    """Play a recording to a driver."""
    step = driver.begin(recording.launch)
    events, sent = list(step.events), list(step.sends)
    expected: list[bytes] = []
    for entry in recording.entries:
        match entry.kind, entry.value:
            case "sent", bytes() as frame:
                expected.append(frame)
                continue
            case "out", bytes() as frame:
                step = driver.receive(step.memory, frame)
            case "ended", str() as reason:
                step = driver.ended(step.memory, reason)
            case _, intent if not isinstance(intent, bytes | str):
                step = driver.intend(step.memory, intent)
            case _:
                raise ValueError(f"no entry of a recording: {entry}")
        events += step.events
        sent += step.sends
    return Replayed(events, sent, expected, step.memory)
