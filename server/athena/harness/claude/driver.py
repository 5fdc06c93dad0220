"""The driver of Claude Code: frames and intents to the functions that know them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from pydantic import TypeAdapter

from athena.harness import driver as d
from athena.harness.claude import options
from athena.harness.claude.asks import (
    answer_inquiry,
    answer_permission,
    control_cancel,
    control_request,
)
from athena.harness.claude.memory import Memory, Pending, Work
from athena.harness.claude.messages import assistant, user
from athena.harness.claude.prompts import send_prompt, session_uuid
from athena.harness.claude.results import result
from athena.harness.claude.session import EFFORT, control_response
from athena.harness.claude.stream import stream_event
from athena.harness.claude.system import (
    auth_status,
    conversation_reset,
    rate_limit,
    system,
)
from athena.harness.decode import Json, text, texts
from athena.harness.driver import Command, Intent, Launch, Step
from athena.harness.ledger import Ledger
from athena.harness.lines import LineDriver
from athena.harness.rows import Harness
from athena.protocol.capability import Capabilities
from athena.protocol.spec import McpServer

ARGUMENTS = (
    "--print",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--include-partial-messages",
    "--permission-prompt-tool=stdio",
    "--verbose",
)
WRITING_TOOLS = ("Edit", "MultiEdit", "NotebookEdit", "Write")
"""What a read-only agent is not given. Commands still ask, unless Claude Code knows them safe."""

FRAMES: Mapping[str, Callable[[Work, Json], None]] = {
    "assistant": assistant,
    "auth_status": auth_status,
    "control_cancel_request": control_cancel,
    "control_request": control_request,
    "conversation_reset": conversation_reset,
    "rate_limit_event": rate_limit,
    "result": result,
    "stream_event": stream_event,
    "system": system,
    "user": user,
}
SILENT = frozenset(
    {
        "active_goal",
        "command_lifecycle",  # results name the prompts they answer
        "keep_alive",
        "prompt_suggestion",
        "tool_progress",
        "tool_use_summary",
    }
)
"""Understood, and on purpose not recorded."""


class ClaudeDriver(LineDriver[Memory, Work]):
    """Speaks to one Claude Code. `known_options` and `known` are what was detected of it."""

    memories = TypeAdapter(Memory)

    def __init__(
        self,
        harness: Harness,
        known_options: Collection[str] | None = None,
        known: Capabilities | None = None,
    ) -> None:
        self._argv, self._env = harness.argv, dict(harness.env)
        self._known_options = known_options
        self._known = known or Capabilities()

    def command(self, launch: Launch) -> Command:
        spec = launch.spec
        words = [*self._argv, *ARGUMENTS, *_session_arguments(launch)]
        if spec.model:
            words.append(f"--model={spec.model}")
        if spec.mode:
            words.append(f"--permission-mode={spec.mode}")
        words += options.arguments(_options(launch), self._known_options)
        return Command(tuple(words), self._env)

    def begin(self, launch: Launch) -> Step[Memory]:
        spec = launch.spec
        goes_on = launch.resume is not None and not launch.fork
        memory = Memory(
            ledger=Ledger(launch.run_id),
            session_id=str(launch.resume) if goes_on else session_uuid(launch.run_id),
            cwd=launch.cwd,
            model=spec.model,
            mode=spec.mode,
            primer=launch.primer,
            told=launch.told,
            resumed=launch.resume is not None,
            copied=launch.resume if launch.fork else None,
            cost_total=None if launch.resume else 0.0,
        )
        work = Work(memory)
        initialize: Json = {"subtype": "initialize", "hooks": None}
        if spec.instructions:
            initialize["appendSystemPrompt"] = spec.instructions
        work.request(Pending("initialize"), initialize)
        if spec.mcp_servers:
            # Not on the command line: it is public, and their environment may hold secrets.
            servers = {server.name: _mcp_server(server) for server in spec.mcp_servers}
            work.request(Pending("mcp"), {"subtype": "mcp_set_servers", "servers": servers})
        return work.step()

    def _work(self, memory: Memory) -> Work:
        return Work(memory)

    def _take(self, work: Work, message: Json) -> None:
        kind = text(message.get("type"))
        if kind == "control_response":
            control_response(work, message, self._known)
        elif handler := FRAMES.get(kind):
            handler(work, message)
        elif kind not in SILENT:
            work.unrecognized(f"message {kind!r}", json.dumps(message))

    def intend(self, memory: Memory, intent: Intent) -> Step[Memory]:
        work = Work(memory)
        match intent:
            case d.Prompt():
                name = send_prompt(work, intent.prompt_id, intent.content)
                work.begin_turn(intent.turn_id)
                work.remember(prompt_uuid=name, error=None, stop=None)
            case d.Steer():
                name = send_prompt(work, intent.prompt_id, intent.content, priority="next")
                work.remember(steered=(*memory.steered, name))
            case d.Interrupt():
                work.void_requests()
                work.remember(asks={})
                request: Json = {"subtype": "interrupt", "cancel_queued": True}
                work.request(Pending("interrupt"), request)
            case d.AnswerPermission():
                answer_permission(work, intent)
            case d.AnswerInquiry():
                answer_inquiry(work, intent)
            case d.SetMode():
                request = {"subtype": "set_permission_mode", "mode": intent.mode}
                work.request(Pending("mode", intent.mode), request)
            case d.SetModel():
                request = {"subtype": "set_model", "model": intent.model}
                work.request(Pending("model", intent.model), request)
            case d.SetOption():
                _set_option(work, intent)
            case d.Close():
                if work.ledger.turn_id is not None:
                    work.request(Pending("interrupt"), {"subtype": "interrupt"})
            case d.EffectDone():
                pass
        return work.step()

    def ended(self, memory: Memory, reason: str) -> Step[Memory]:
        work = Work(memory)
        self._process_is_gone(work, reason, memory.error)
        work.remember(asks={}, pending={}, prompt_uuid=None)
        return work.step()

    def can_steer(self, memory: Memory) -> bool:
        return memory.ledger.turn_id is not None


def _options(launch: Launch) -> dict[str, object]:
    """The options of a spawn, with those that stand for other fields of it."""
    spec = launch.spec
    given = {options.canonical(name): value for name, value in spec.options.items()}
    if spec.allowed_tools is not None:
        patterns = [one for one in spec.allowed_tools if "(" in one]
        if patterns:
            raise ValueError(
                f"{patterns[0]!r} is a rule, not a tool: an archetype's `tools` are names. Rules "
                "for what is allowed unasked go into the option 'allowed-tools'."
            )
        given.setdefault("tools", spec.allowed_tools)
    if spec.readonly:
        denied = given.get("disallowed-tools", [])
        more = [denied] if isinstance(denied, str) else texts(denied)
        given["disallowed-tools"] = [*WRITING_TOOLS, *more]
    if launch.also:
        more = given.get("add-dir", [])
        given["add-dir"] = [*([more] if isinstance(more, str) else texts(more)), *launch.also]
    return given


def _session_arguments(launch: Launch) -> list[str]:
    new = f"--session-id={session_uuid(launch.run_id)}"
    if launch.resume is None:
        return [new]
    if launch.fork:
        return [f"--resume={launch.resume}", "--fork-session", new]
    return [f"--resume={launch.resume}"]


def _mcp_server(server: McpServer) -> Json:
    if server.type == "stdio":
        return {
            "type": "stdio",
            "command": server.command or "",
            "args": server.args,
            "env": server.env,
        }
    return {"type": server.type, "url": server.url or "", "headers": server.headers}


def _set_option(work: Work, intent: d.SetOption) -> None:
    if intent.option_id != EFFORT:
        work.notice(f"Claude Code offers no option {intent.option_id!r}.", "error", "option")
        return
    level = str(intent.value)
    request: Json = {"subtype": "apply_flag_settings", "settings": {"effortLevel": level}}
    work.request(Pending("option", level), request)
