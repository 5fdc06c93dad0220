"""Conversations as text: what a client sends, and every byte of sense that comes back.

A scenario is a file under `scenarios/`. Lines that begin with
    >  are a message to send, as it is written (it need not be one)
    !  are raw bytes to send, as the inside of a Python bytes literal
    .  is the end of the client's input, which otherwise comes last
    <  are the messages that come back, in order; `jsonrpc` is left away
    =  is the exit code of the relay, and what it says on standard error
    #  are comments
What was sent since the last answers is sent at once. The test plays the file and compares what it
saw with what the file says; `UPDATE_GOLDEN=1` rewrites it. Directories: `lsp` and `headless` are
played through that door, `both` through each, with the same answers.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.doors.house import House, Relay
from tests.support.golden import assert_golden

FOLDER = Path(__file__).with_name("scenarios")
PREFIX = len(str(FOLDER)) + 1
CASES = [
    (door, path)
    for path in sorted(FOLDER.glob("*/*.txt"))
    for door in (("lsp", "headless") if path.parent.name == "both" else (path.parent.name,))
]
IDS = [f"{door}-{path.stem}" for door, path in CASES]


@pytest.mark.parametrize(("door", "path"), CASES, ids=IDS)
async def test_scenario(shared: House, door: str, path: Path) -> None:
    relay = await shared.relay(door)
    if path.parent.name == "both" and door == "lsp":
        await relay.initialize()
    assert_golden(path, await play(relay, path.read_text()))


async def play(relay: Relay, scenario: str) -> str:
    """The scenario as it went: the lines sent, and the messages that came."""
    seen: list[str] = []
    for line in scenario.splitlines():
        match line[:1]:
            case "<":
                message = await relay.receive()
                seen.append("< nothing more" if message is None else f"< {shown(message)}")
                continue
            case ">":
                await relay.raw(relay.frame(line[1:].strip().encode()))
            case "!":
                await relay.raw(ast.literal_eval(f"b'''{line[1:].strip()}'''"))
            case ".":
                await relay.end_input()
            case "=":
                continue
            case _:
                pass
        seen.append(line)
    await relay.end_input()
    while (message := await relay.receive()) is not None:
        seen.append(f"< {shown(message)}")
    code, words = await relay.exit()
    seen.append(f"= {code} {words}".strip())
    return "\n".join(seen) + "\n"


def shown(message: Any) -> str:
    """A message with its members in order and without what differs from run to run."""
    told = [message] if isinstance(message, dict) else message
    for each in told:
        assert each.pop("jsonrpc") == "2.0"
    text = json.dumps(message, sort_keys=True, ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode()
    text = re.sub(r'"incident": "[0-9a-f]{8}"', '"incident": "…"', text)
    return re.sub(r"under [0-9a-f]{8}\.", "under ….", text)
