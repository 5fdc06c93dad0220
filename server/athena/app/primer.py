"""A context primer: the conversation so far as a text, for a harness that cannot restore it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from athena.app.follow import event_of
from athena.log import EventLog
from athena.projections.transcript import KINDS, Transcript
from athena.protocol.content import plain_text
from athena.protocol.events import Event
from athena.protocol.items import Item, Message, Plan, ToolCall, UserMessage

MOST_CHARACTERS = 60_000
PAGE = 1000

HEAD = (
    "You take over this work from another session. Its working directory is yours; its files are "
    "as it left them. What was said and done so far, oldest first:\n\n"
)


@dataclass(frozen=True, slots=True)
class Part:
    """The events of one agent that count, up to a version; None: all."""

    agent_id: str
    version: int | None = None


async def primer_of(log: EventLog, parts: Sequence[Part]) -> str:
    """The primer out of the log: the newest part first, and of a long one its end."""
    folded = Transcript()
    events: list[Event] = []
    size = 0
    for part in parts:
        before = None if part.version is None else part.version + 1
        while size < MOST_CHARACTERS * 2:
            newest_first = await log.read_stream_back(
                part.agent_id, before_version=before, limit=PAGE, kinds=KINDS
            )
            if not newest_first:
                break
            events = [event_of(s) for s in reversed(newest_first)] + events
            before = newest_first[-1].version
            size += sum(len(str(s.data)) for s in newest_first)
    folded.add(events)
    return compose([i.item for i in sorted(folded.items.values(), key=lambda i: i.seq)])


def compose(items: list[Item]) -> str:
    """The primer made of items, cut at the front so that the newest stay."""
    lines = [line for item in items if (line := _line(item))]
    kept: list[str] = []
    size = 0
    for line in reversed(lines):
        size += len(line)
        if size > MOST_CHARACTERS:
            kept.append("[earlier parts are left out]")
            break
        kept.append(line)
    return HEAD + "\n\n".join(reversed(kept))


def _line(item: Item) -> str | None:
    match item:
        case UserMessage():
            return f"User: {plain_text(item.content)}"
        case Message():
            return f"Assistant: {item.text}" if item.text else None
        case ToolCall():
            where = ", ".join(x.path for x in item.locations)
            return f"[{item.tool.value}: {item.title}{f' ({where})' if where else ''}]"
        case Plan():
            steps = "; ".join(f"{p.text} ({p.status.value})" for p in item.entries)
            return f"[plan: {steps}]"
        case _:
            return None
