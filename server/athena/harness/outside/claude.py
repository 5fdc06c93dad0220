"""A session file of Claude Code as events. Its lines are the messages of the stream, with more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from athena.harness.claude import messages
from athena.harness.claude.memory import Memory as DriverMemory
from athena.harness.claude.memory import Work
from athena.harness.decode import Json, line_of, maybe_text, number, obj, objs, parse, text
from athena.harness.ledger import Ledger
from athena.harness.outside.reading import Dated, milliseconds
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.items import UserMessage
from athena.protocol.usage import Usage

COMMAND_MARKS = ("<command-", "<local-command-", "Caveat: The messages below")
FINAL = ("end_turn", "stop_sequence", "max_tokens", "refusal")


@dataclass(frozen=True, slots=True)
class Memory:
    """`counted` are the responses whose tokens were counted, `used` those of the open turn.

    `last` is the response that ended the turn, whose further blocks may still follow.
    """

    driver: DriverMemory
    at: int = 0
    counted: tuple[str, ...] = ()
    used: Usage = field(default_factory=Usage)
    last: str | None = None


_MEMORY = TypeAdapter(Memory)


def begin(run_id: str, session_id: str, cwd: str) -> Memory:
    """The memory before the first line."""
    return Memory(DriverMemory(ledger=Ledger(run_id), session_id=session_id, cwd=cwd))


def dump(memory: Memory) -> bytes:
    return _MEMORY.dump_json(memory)


def load(data: bytes) -> Memory:
    return _MEMORY.validate_json(data)


def read(memory: Memory, line: bytes) -> tuple[Memory, list[Dated]]:
    """Take one line of the file."""
    work = _Reading(memory)
    found = parse(line)
    if found is None:
        if line.strip():
            work.unrecognized("no JSON object", line_of(line))
    elif found.get("isSidechain") is not True:
        work.at = milliseconds(text(found.get("timestamp"))) or work.at
        work.take(found)
    return work.done()


def rest(memory: Memory) -> tuple[Memory, list[Dated]]:
    """There are no more lines now: a turn whose last response was a final one is over."""
    work = _Reading(memory)
    if memory.last is not None:
        work.finish("endTurn")
    return work.done()


def close(memory: Memory) -> tuple[Memory, list[Dated]]:
    """There will be no more lines: whatever is open was broken off."""
    work = _Reading(memory)
    work.finish("cancelled")
    work.settle_all()
    return work.done()


class _Reading(Work):
    """The draft of one line."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory.driver)
        self.before = memory
        self.at = memory.at
        self.used = memory.used
        self.counted = memory.counted
        self.last = memory.last

    def take(self, line: Json) -> None:
        message_id = text(obj(line.get("message")).get("id"))
        if self.last is not None and message_id != self.last:
            self.finish("endTurn")
        handler = LINES.get(text(line.get("type")))
        if handler is not None:
            handler(self, line)

    def finish(self, reason: str) -> None:
        """End the open turn."""
        self.last = None
        turn_id = self.ledger.turn_id
        if turn_id is not None:
            stop = "cancelled" if reason == "cancelled" else "endTurn"
            self._count()
            self.end_turn(e.TurnEnded(turn_id=turn_id, stop_reason=stop, usage=self.used))
            self.used = Usage()

    def _count(self) -> None:
        """Keep the first report of each response only: each of its blocks repeats it."""
        kept: list[e.EventData] = []
        for event in self.events:
            if isinstance(event, e.UsageReported) and event.response_id is not None:
                if event.response_id in self.counted:
                    continue
                self.counted = (*self.counted, event.response_id)[-64:]
                self.used = self.used.plus(event.usage)
            kept.append(event)
        self.events = kept

    def done(self) -> tuple[Memory, list[Dated]]:
        self._count()
        memory = Memory(
            driver=replace(self.memory, ledger=self.ledger),
            at=self.at,
            counted=self.counted,
            used=self.used,
            last=self.last,
        )
        return memory, [Dated(self.at, event) for event in self.events]


def _user(reading: _Reading, line: Json) -> None:
    if line.get("isMeta") is True or line.get("isCompactSummary") is True:
        return
    content = obj(line.get("message")).get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objs(content)
    if any(block.get("type") == "tool_result" for block in blocks):
        messages.user(reading, {**line, "tool_use_result": line.get("toolUseResult")})
        return
    words = "\n".join(text(block.get("text")) for block in blocks if block.get("text"))
    if words.startswith(messages.INTERRUPTED):
        reading.finish("cancelled")
    elif words and not words.startswith(COMMAND_MARKS):
        reading.finish("endTurn")
        reading.begin_own_turn("prompt")
        reading.add(UserMessage(content=[TextContent(text=words)]))


def _assistant(reading: _Reading, line: Json) -> None:
    if line.get("isApiErrorMessage") is True:
        line = {**line, "is_api_error_message": True}
    messages.assistant(reading, line)
    message = obj(line.get("message"))
    if message.get("stop_reason") in FINAL:
        reading.last = text(message.get("id"))


def _system(reading: _Reading, line: Json) -> None:
    if line.get("subtype") == "compact_boundary":
        about = obj(line.get("compactMetadata"))
        before = number(about.get("preTokens"))
        size = f" from {before} tokens" if before else ""
        reading.notice(f"The conversation was compacted{size}.", topic="compaction")


def _titled(key: str) -> Callable[[_Reading, Json], None]:
    def handler(reading: _Reading, line: Json) -> None:
        title = maybe_text(line.get(key))
        if title is not None:
            reading.events.append(e.TitleChanged(title=title))

    return handler


LINES: Mapping[str, Callable[[_Reading, Json], None]] = {
    "ai-title": _titled("aiTitle"),
    "assistant": _assistant,
    "custom-title": _titled("customTitle"),
    "summary": _titled("summary"),
    "system": _system,
    "user": _user,
}
"""The lines that are about the conversation; a session file has many that are not."""
