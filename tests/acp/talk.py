"""A driver of ACP agents in a test: it is told what the agent says, and what it does is readable."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from athena.harness.acp.driver import AcpDriver
from athena.harness.acp.memory import Memory
from athena.harness.driver import Command, Intent, Launch, Prompt, Step
from athena.harness.quirks import AcpQuirks
from athena.harness.recording import Entry
from athena.harness.rows import Harness
from athena.protocol.content import TextContent
from athena.protocol.spec import AgentSpec
from tests.support.event_text import event_line

CWD = "/repo"
Json = dict[str, Any]


def row(quirks: AcpQuirks | None = None) -> Harness:
    """A harness of a test's own."""
    return Harness("agent", "Agent", "acp", ("agent",), "", quirks=quirks or AcpQuirks())


class Talk:
    """One conversation. `lines` has all that the driver did since it was last looked at."""

    def __init__(
        self,
        quirks: AcpQuirks | None = None,
        resume: str | None = None,
        fork: bool = False,
        primer: str | None = None,
        also: tuple[str, ...] = (),
        **spec: Any,
    ) -> None:
        self.driver = AcpDriver(row(quirks))
        agent = AgentSpec(name="a", harness="agent", project=CWD, **spec)
        self.launch = Launch("R", agent, CWD, resume, fork, primer, also)
        self.lines: list[str] = []
        self.deltas: list[str] = []
        self.sent: list[Json] = []
        self.memory: Memory
        self._turns = 0
        self._take(self.driver.begin(self.launch))

    @property
    def command(self) -> Command:
        return self.driver.command(self.launch)

    def _take(self, step: Step[Memory]) -> None:
        # As in the daemon: the memory must survive being written down.
        self.memory = self.driver.load(self.driver.dump(step.memory))
        assert self.memory == step.memory
        self.lines += [event_line(event) for event in step.events]
        self.deltas += [delta.text for delta in step.deltas]
        self.sent += [json.loads(frame) for frame in step.sends]
        self.lines += [_frame(json.loads(frame)) for frame in step.sends]
        self.lines += [str(effect) for effect in step.effects]

    def hears(self, message: object = None, raw: bytes | None = None) -> None:
        """The agent says a message."""
        frame = raw if raw is not None else json.dumps(message).encode()
        self._take(self.driver.receive(self.memory, frame))

    def cut(self, frame: bytes, length: int) -> None:
        """The agent says a line that was too long."""
        self._take(self.driver.receive(self.memory, frame, length))

    def answers(self, result: object = None, error: object = None, to: str | None = None) -> None:
        """The agent answers our last request, or the last one of the method `to`."""
        asked = [one for one in self.sent if "method" in one and "id" in one]
        last = [one for one in asked if to in (None, one["method"])][-1]
        body = {"error": error} if error is not None else {"result": result or {}}
        self.hears({"jsonrpc": "2.0", "id": last["id"], **body})

    def asks(self, request_id: object, method: str, **params: object) -> None:
        """The agent asks for something."""
        session = {"sessionId": self.memory.session_id}
        self.hears({"id": request_id, "method": method, "params": {**session, **params}})

    def updates(self, name: str, /, **fields: object) -> None:
        """The agent sends a session update."""
        update = {"sessionUpdate": name, **fields}
        session = self.memory.session_id or "S"
        params = {"sessionId": session, "update": update}
        self.hears({"method": "session/update", "params": params})

    def says(self, text: str, message_id: str | None = None, kind: str = "message") -> None:
        """The agent says a piece of a message."""
        content = {"type": "text", "text": text}
        name = {} if message_id is None else {"messageId": message_id}
        self.updates(f"agent_{kind}_chunk", content=content, **name)

    def does(self, intent: Intent) -> None:
        """The user wants something."""
        self._take(self.driver.intend(self.memory, intent))

    def ends(self, reason: str = "it exited with code 1") -> None:
        """The process is gone."""
        self._take(self.driver.ended(self.memory, reason))

    def opened(self, session: Json | None = None, **agent: object) -> Talk:
        """With an open session, `lines` empty."""
        self.answers({"protocolVersion": 1, **agent})
        self.answers({"sessionId": "S", **(session or {})})
        self.lines.clear()
        return self

    def prompted(self, text: str = "Do it") -> Talk:
        """With a turn begun."""
        self._turns += 1
        content = [TextContent(text=text)]
        self.does(Prompt(f"t{self._turns}", f"p{self._turns}", content))
        self.lines.clear()
        return self

    def seen(self) -> str:
        """What the driver did since this was last asked."""
        text = "\n".join(self.lines)
        self.lines.clear()
        return text


def _frame(message: Json) -> str:
    """A frame to the agent as a line."""
    name = f" #{json.dumps(message['id'])}" if "id" in message else ""
    if "method" in message:
        return f"> {message['method']}{name} {json.dumps(message['params'], ensure_ascii=False)}"
    body = message.get("result", message.get("error"))
    return f"> {'error' if 'error' in message else 'answer'}{name} {json.dumps(body)}"


def replay(driver: AcpDriver, launch: Launch, entries: Iterable[Entry]) -> tuple[str, list[bytes]]:
    """What a driver makes of a recording: as text, and the frames that it sends."""
    lines: list[str] = []
    sent: list[bytes] = []
    memory: Memory

    def take(step: Step[Memory]) -> Memory:
        lines.extend(event_line(event) for event in step.events)
        lines.extend(f"effect {effect}" for effect in step.effects)
        lines.extend(f"  > {_short(json.loads(frame))}" for frame in step.sends)
        sent.extend(step.sends)
        again = driver.load(driver.dump(step.memory))
        assert again == step.memory
        return again

    memory = take(driver.begin(launch))
    for entry in entries:
        match entry.kind, entry.value:
            case "do", str() | bytes():
                raise AssertionError(entry)
            case "do", intent:
                memory = take(driver.intend(memory, intent))
            case "out", bytes() as frame:
                memory = take(driver.receive(memory, frame))
            case "ended", str() as reason:
                memory = take(driver.ended(memory, reason))
            case _:
                pass
    return "".join(f"{line}\n" for line in lines), sent


def _short(message: Json) -> str:
    if "method" in message:
        return message["method"]
    return f"answer {json.dumps(message.get('result', message.get('error')))}"
