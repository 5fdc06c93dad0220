"""The driver of Codex: frames and intents to the functions that know them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from athena.harness import driver as d
from athena.harness.codex.asks import answer_inquiry, answer_permission, request
from athena.harness.codex.memory import Memory, Pending, Tokens, Work
from athena.harness.codex.notifications import OWN_PROMPT, notification
from athena.harness.codex.session import COMPACT, initialize, interrupt_if_wanted, response
from athena.harness.codex.settings import (
    EFFORT,
    MODES,
    check_options,
    mode_settings,
    thread_params,
    turn_params,
)
from athena.harness.decode import Json
from athena.harness.driver import Command, Intent, Launch, Step
from athena.harness.ledger import Ledger
from athena.harness.lines import LineDriver
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


class CodexDriver(LineDriver[Memory, Work]):
    """Speaks to one `codex app-server`, with one thread. `known` is what was detected of it."""

    memories = TypeAdapter(Memory)

    def __init__(self, harness: Harness, known: Capabilities | None = None) -> None:
        self._argv, self._env = harness.argv, dict(harness.env)
        self._known = known or Capabilities()

    def command(self, launch: Launch) -> Command:
        check_options(launch)
        return Command(self._argv, self._env)

    def begin(self, launch: Launch) -> Step[Memory]:
        memory = Memory(
            ledger=Ledger(launch.run_id),
            thread_params=thread_params(launch),
            turn_params=turn_params(launch),
            resume=launch.resume,
            fork=launch.fork,
            cwd=launch.cwd,
            primer=launch.primer,
            told=launch.told,
            totals=None if launch.resume else Tokens(),
        )
        work = Work(memory)
        if launch.spec.allowed_tools is not None:
            work.notice("The tools of Codex cannot be restricted.", "warning", "option")
        initialize(work)
        return work.step()

    def _work(self, memory: Memory) -> Work:
        return Work(memory)

    def _take(self, work: Work, message: Json) -> None:
        if "method" not in message:
            response(work, message, self._known)
        elif "id" in message:
            request(work, message)
        else:
            notification(work, message)

    def intend(self, memory: Memory, intent: Intent) -> Step[Memory]:
        work = Work(memory)
        match intent:
            case d.Prompt():
                _prompt(work, intent)
            case d.Steer():
                _steer(work, intent)
            case d.Interrupt():
                work.void_requests()
                work.remember(interrupting=True, asks={})
                interrupt_if_wanted(work)
            case d.AnswerPermission():
                answer_permission(work, intent)
            case d.AnswerInquiry():
                answer_inquiry(work, intent)
            case d.SetMode():
                if intent.mode in MODES:
                    _set(work, mode_settings(intent.mode, memory.thread_params))
                else:
                    work.notice(f"Codex has no mode {intent.mode!r}.", "error", "mode")
            case d.SetModel():
                _set(work, {"model": intent.model})
            case d.SetOption():
                if intent.option_id == EFFORT:
                    _set(work, {"effort": intent.value})
                else:
                    work.notice(f"Codex offers no option {intent.option_id!r}.", "error", "option")
            case d.Close():
                if work.ledger.turn_id is not None:
                    work.remember(interrupting=True)
                    interrupt_if_wanted(work)
            case d.EffectDone():
                pass
        return work.step()

    def ended(self, memory: Memory, reason: str) -> Step[Memory]:
        work = Work(memory)
        self._process_is_gone(work, reason, memory.error)
        work.remember(asks={}, pending={}, turn=None)
        return work.step()

    def can_steer(self, memory: Memory) -> bool:
        return memory.turn is not None and not memory.interrupting


def _prompt(work: Work, intent: d.Prompt) -> None:
    work.begin_turn(intent.turn_id)
    work.remember(error=None, spent=Tokens(), turn=None, interrupting=False)
    thread = {"threadId": work.memory.thread_id}
    if _is_command(intent.content, COMPACT.name):
        work.request(Pending("settings"), "thread/compact/start", thread)
        return
    prompt = _input(work, intent.content)
    name = f"{OWN_PROMPT}{intent.prompt_id}"
    params = {**work.memory.turn_params, **thread, "input": prompt, "clientUserMessageId": name}
    work.request(Pending("turn"), "turn/start", params)


def _steer(work: Work, intent: d.Steer) -> None:
    prompt = _input(work, intent.content)
    params = {
        "threadId": work.memory.thread_id,
        "expectedTurnId": work.memory.turn,
        "input": prompt,
        "clientUserMessageId": f"{OWN_PROMPT}{intent.prompt_id}",
    }
    work.request(Pending("steer", prompt), "turn/steer", params)


def _set(work: Work, settings: Json) -> None:
    params = {"threadId": work.memory.thread_id, **settings}
    work.request(Pending("settings"), "thread/settings/update", params)


def _is_command(content: Sequence[ContentBlock], name: str) -> bool:
    only = content[0] if len(content) == 1 else None
    return isinstance(only, TextContent) and only.text.strip() == f"/{name}"


def _input(work: Work, content: Sequence[ContentBlock]) -> list[Json]:
    """A prompt as Codex takes it (`UserInput`), after the primer where there is one."""
    blocks = [_block(block) for block in content]
    if work.memory.primer is not None:
        blocks.insert(0, _text(work.memory.primer))
        work.remember(primer=None)
    return blocks


def _block(block: ContentBlock) -> Json:
    match block:
        case TextContent():
            return _text(block.text)
        case ImageContent():
            return {"type": "image", "url": f"data:{block.mime_type};base64,{block.data}"}
        case ResourceLink():
            return _text(mention(block))
        case EmbeddedResource():
            return _text(quoted(block))


def _text(words: str) -> Json:
    return {"type": "text", "text": words, "text_elements": []}
