"""The driver of ACP agents: frames and intents to the functions that know them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pydantic import TypeAdapter

from athena.harness import driver as d
from athena.harness.acp import asks, calls, session, settings, turns
from athena.harness.acp.memory import Memory, Pending, Work
from athena.harness.acp.updates import session_update
from athena.harness.decode import Json, line_of, obj, parse, text
from athena.harness.driver import Command, Effect, Intent, Launch, Step
from athena.harness.ledger import Ledger
from athena.harness.rows import Harness
from athena.protocol.usage import Usage

METHOD_NOT_FOUND, INVALID_REQUEST, CANCELLED = -32601, -32600, -32800
SILENT = ("_auth/status_update",)
"""Notifications of common extensions that say nothing of the work."""

OPENING = ("initialize", "authenticate", "new", "load", "resume", "fork")
SETTING = ("mode", "model", "option")

_HEAD = re.compile(rb'^\s*\{(?:"jsonrpc":\s*"2\.0",\s*)?"id":\s*("[^"]*"|-?\d+),\s*"(\w+)"')
_MEMORY = TypeAdapter(Memory)


class AcpDriver:
    """Speaks to one ACP agent. What the agent does otherwise than ACP says is in its row."""

    def __init__(self, harness: Harness) -> None:
        self._argv, self._env = harness.argv, dict(harness.env)
        self._quirks = harness.quirks

    def command(self, launch: Launch) -> Command:
        """The process to start: ACP has no command line, the settings are made in the session."""
        return Command(self._argv, self._env)

    def begin(self, launch: Launch) -> Step[Memory]:
        """Greet the agent."""
        goes_on = launch.resume is not None
        work = Work(
            Memory(
                ledger=Ledger(launch.run_id),
                cwd=launch.cwd,
                opening=session.opening_of(launch),
                preface=(launch.primer,) if launch.primer else (),
                cost=None if goes_on else 0.0,
                usage_before=None if goes_on else Usage(),
            )
        )
        if launch.spec.allowed_tools is not None:
            work.notice("The tools of an ACP agent cannot be restricted.", "warning", "option")
        session.greet(work, self._quirks)
        return work.step()

    def receive(self, memory: Memory, frame: bytes, oversize: int | None = None) -> Step[Memory]:
        """Take one line of the agent."""
        work = Work(memory)
        message = None if oversize is not None else parse(frame)
        if oversize is not None:
            self._cut(work, frame, oversize)
        elif message is None:
            if frame.strip():
                work.unrecognized("no JSON object", line_of(frame))
        elif "method" in message:
            self._said(work, message)
        elif "id" in message:
            self._answered(work, message)
        else:
            work.unrecognized("neither a request nor an answer", line_of(frame))
        return work.step()

    def _cut(self, work: Work, frame: bytes, length: int) -> None:
        """A line that was too long: nobody may wait for ever for what it would have said."""
        work.unrecognized(f"a line of {length} bytes, cut", line_of(frame))
        head = _HEAD.match(frame)
        if head is None or parse(b'{"id":%s}' % head[1]) is None:
            return
        words = f"The message had {length} bytes."
        if head[2] == b"method":
            work.refuse(line_of(head[1]), INVALID_REQUEST, words)
        else:
            error = {"code": INVALID_REQUEST, "message": words}
            self._answered(work, {"id": json.loads(head[1]), "error": error})

    def _said(self, work: Work, message: Json) -> None:
        """A request or a notification."""
        method, params = text(message.get("method")), obj(message.get("params"))
        if "id" in message:
            self._asked(work, json.dumps(message["id"]), method, params)
        elif method == "session/update":
            session_update(work, params, self._quirks)
        elif method == "elicitation/complete":
            asks.elicitation_complete(work, params)
        elif method == "$/cancel_request":
            own_id = json.dumps(params.get("requestId", params.get("id")))
            if asks.withdraw(work, own_id):
                work.refuse(own_id, CANCELLED, "cancelled")
        elif not method.startswith((*SILENT, *self._quirks.silent)):
            work.unrecognized(f"notification {method!r}", json.dumps(message))

    def _asked(self, work: Work, own_id: str, method: str, params: Json) -> None:
        if method == "session/request_permission":
            asks.request_permission(work, own_id, params)
        elif method == "elicitation/create":
            asks.create_elicitation(work, own_id, params)
        elif method in calls.NEEDED:
            calls.call(work, own_id, method, params)
        else:
            if not method.startswith(self._quirks.silent):
                work.unrecognized(f"request {method!r}", json.dumps(params))
            work.refuse(own_id, METHOD_NOT_FOUND, f"Athena does not know {method}.")

    def _answered(self, work: Work, message: Json) -> None:
        pending = work.answered(message.get("id"))
        if pending is None:
            work.unrecognized("an answer that nobody waits for", json.dumps(message))
        elif "error" in message:
            self._failed(work, pending, obj(message.get("error")))
        else:
            self._succeeded(work, pending, obj(message.get("result")))

    def _succeeded(self, work: Work, pending: Pending, result: Json) -> None:
        match pending.kind:
            case "initialize":
                session.greeted(work, result)
            case "authenticate":
                session.open_session(work)
            case "new" | "load" | "resume" | "fork":
                session.opened(work, pending, result, self._quirks)
            case "prompt":
                turns.ended(work, pending, result, self._quirks)
            case "steer":
                turns.steered(work, pending, result)
            case "mode" | "model" | "option":
                settings.confirmed(work, pending, result)
                session.ready(work)
            case "close":
                pass

    def _failed(self, work: Work, pending: Pending, error: Json) -> None:
        message = text(error.get("message")) or "no reason given"
        if pending.kind in OPENING:
            session.refused(work, pending, error, self._quirks)
        elif pending.kind in SETTING:
            settings.refused(work, pending, message)
            session.ready(work)
        elif pending.kind == "prompt":
            turns.failed(work, pending, error)
        elif pending.kind == "steer":
            work.notice(f"The agent did not take the prompt: {message}", "error", "steer")

    def intend(self, memory: Memory, intent: Intent) -> Step[Memory]:
        """Carry out what the user wants."""
        work = Work(memory)
        match intent:
            case d.Prompt():
                turns.prompt(work, intent.turn_id, intent.content)
            case d.Steer():
                turns.steer(work, intent.content)
            case d.Interrupt():
                turns.interrupt(work)
            case d.AnswerPermission():
                asks.answer_permission(work, intent)
            case d.AnswerInquiry():
                asks.answer_inquiry(work, intent)
            case d.SetMode():
                settings.set_mode(work, intent.mode)
            case d.SetModel():
                settings.set_model(work, intent.model)
            case d.SetOption():
                settings.set_option(work, intent.option_id, intent.value)
            case d.Close():
                if memory.opened and "close" in memory.agent.session:
                    work.ask_session(Pending("close"), "session/close")
            case d.EffectDone():
                calls.effect_done(work, intent)
        return work.step()

    def ended(self, memory: Memory, reason: str) -> Step[Memory]:
        """The process is gone."""
        work = Work(memory)
        turns.lost(work, reason)
        return work.step()

    def can_steer(self, memory: Memory) -> bool:
        """Whether the agent takes prompts into a running turn, and one runs."""
        running = memory.ledger.turn_id is not None and not memory.interrupted
        return running and memory.agent.steering

    def open_effects(self, memory: Memory) -> tuple[Effect, ...]:
        """The files and terminals that the agent waits for."""
        return tuple(calls.effect_of(name, one) for name, one in memory.calls.items())

    def written(self, memory: Memory) -> Mapping[str, str]:
        return memory.ledger.written()

    def dump(self, memory: Memory) -> bytes:
        """The memory as JSON."""
        return _MEMORY.dump_json(memory)

    def load(self, data: bytes) -> Memory:
        """The memory from JSON."""
        return _MEMORY.validate_json(data)
