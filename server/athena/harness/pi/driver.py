"""The driver of pi: lines and intents to the functions that know them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import TypeAdapter

from athena.harness import driver as d
from athena.harness.decode import Json
from athena.harness.driver import Command, Intent, Launch, Step
from athena.harness.ledger import Ledger
from athena.harness.lines import LineDriver
from athena.harness.pi.asks import answer_inquiry, answer_permission, give_up_all
from athena.harness.pi.events import event
from athena.harness.pi.memory import Memory, Pending, Work
from athena.harness.pi.models import THINKING, named
from athena.harness.pi.options import arguments
from athena.harness.pi.session import COMPACT, begin, lost, response
from athena.harness.rows import Harness
from athena.harness.words import mention, quoted
from athena.protocol.capability import Capabilities
from athena.protocol.content import (
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
)

LONG_ENDS = re.compile(rb'\{"type":"(agent_end|turn_end)",')
"""Lines that repeat all that was said, and grow too long to be read where images were in it. That
they come is all that counts."""


class PiDriver(LineDriver[Memory, Work]):
    """Speaks to one `pi --mode rpc`. `known` is what was detected of it."""

    memories = TypeAdapter(Memory)

    def __init__(self, harness: Harness, known: Capabilities | None = None) -> None:
        self._argv, self._env = harness.argv, dict(harness.env)
        self._known = known or Capabilities()

    def command(self, launch: Launch) -> Command:
        return Command((*self._argv, *arguments(launch)), self._env)

    def begin(self, launch: Launch) -> Step[Memory]:
        memory = Memory(
            ledger=Ledger(launch.run_id),
            cwd=launch.cwd,
            resume=launch.resume,
            is_copy=launch.fork,
            primer=launch.primer,
            told=launch.told,
        )
        work = Work(memory, self._known)
        if launch.spec.mcp_servers:
            work.notice("pi has no MCP: the servers are not there.", "warning", "option")
        begin(work)
        return work.step()

    def _work(self, memory: Memory) -> Work:
        return Work(memory, self._known)

    def _take(self, work: Work, message: Json) -> None:
        if message.get("type") == "response":
            response(work, message)
        else:
            event(work, message)

    def _take_head(self, work: Work, head: bytes, length: int) -> None:
        if end := LONG_ENDS.match(head):
            event(work, {"type": end[1].decode()})
        else:
            super()._take_head(work, head, length)

    def intend(self, memory: Memory, intent: Intent) -> Step[Memory]:
        work = Work(memory, self._known)
        match intent:
            case d.Prompt():
                _prompt(work, intent)
            case d.Steer():
                # As a prompt, which begins a turn of its own where it comes too late.
                fields = _message(work, intent.content)
                work.request(Pending("steer"), "prompt", **fields, streamingBehavior="steer")
            case d.Interrupt():
                work.remember(is_interrupted=True)
                work.request(Pending("abort"), "abort")
                give_up_all(work)
            case d.AnswerPermission():
                answer_permission(work, intent)
            case d.AnswerInquiry():
                answer_inquiry(work, intent)
            case d.SetMode():
                work.notice(f"pi has no mode {intent.mode!r}.", "error", "mode")
            case d.SetModel():
                _set_model(work, intent.model)
            case d.SetOption():
                _set_option(work, intent)
            case d.Close():
                if work.ledger.turn_id is not None:
                    work.request(Pending("abort"), "abort")
            case d.EffectDone():
                pass
        return work.step()

    def ended(self, memory: Memory, reason: str) -> Step[Memory]:
        work = Work(memory, self._known)
        if memory.resume is not None and (memory.is_copy or "/" not in memory.resume):
            # Where there is nothing to copy, or no session of that name (one of pi over ACP has
            # no file for its name), pi says so on its standard error and ends.
            lost(work, "copy" if memory.is_copy else "resume", memory.resume, reason)
        self._process_is_gone(work, reason, memory.error)
        work.remember(pending={}, own=(), is_running=False)
        return work.step()

    def can_steer(self, memory: Memory) -> bool:
        return memory.is_running and not memory.is_interrupted


def _prompt(work: Work, intent: d.Prompt) -> None:
    work.begin_turn(intent.turn_id)
    work.new_turn(is_accepted=False)
    wanted = _compaction(intent.content)
    if wanted is not None:
        more = {"customInstructions": wanted} if wanted else {}
        work.request(Pending("compact", intent.turn_id), "compact", **more)
        return
    fields = _message(work, intent.content)
    # Should an extension have begun something just now, the prompt waits for its end.
    fields["streamingBehavior"] = "followUp"
    work.request(Pending("prompt", intent.turn_id), "prompt", **fields)


def _compaction(content: Sequence[ContentBlock]) -> str | None:
    """What is to be kept, where the prompt is that the conversation is to be compacted."""
    only = content[0] if len(content) == 1 else None
    if not isinstance(only, TextContent):
        return None
    first, _, rest = only.text.strip().partition(" ")
    return rest.strip() if first == f"/{COMPACT.name}" else None


def _message(work: Work, content: Sequence[ContentBlock]) -> Json:
    """A prompt as pi takes it, after the primer where there is one."""
    words = [_words(block) for block in content if not isinstance(block, ImageContent)]
    if work.memory.primer is not None:
        words.insert(0, work.memory.primer)
        work.remember(primer=None)
    text = "\n\n".join(words)
    work.remember(own=(*work.memory.own, text))
    images = [
        {"type": "image", "data": block.data, "mimeType": block.mime_type}
        for block in content
        if isinstance(block, ImageContent)
    ]
    return {"message": text, **({"images": images} if images else {})}


def _words(block: TextContent | ResourceLink | EmbeddedResource) -> str:
    match block:
        case TextContent():
            return block.text
        case ResourceLink():
            return mention(block)
        case EmbeddedResource():
            return quoted(block)


def _set_model(work: Work, name: str) -> None:
    model = named(work, name)
    if model is None:
        work.notice(f"pi has no model {name!r}.", "error", "model")
        return
    provider, _, model_id = model.name.partition("/")
    fields = {"provider": provider, "modelId": model_id}
    work.request(Pending("model", model.name), "set_model", **fields)


def _set_option(work: Work, intent: d.SetOption) -> None:
    if intent.option_id != THINKING:
        work.notice(f"pi offers no option {intent.option_id!r}.", "error", "option")
        return
    level = str(intent.value)
    work.request(Pending("level", level), "set_thinking_level", level=level)
