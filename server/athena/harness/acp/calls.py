"""What the agent asks of Athena itself: files and terminals, through effects of the shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from athena.harness.acp.memory import Call, Work
from athena.harness.acp.toolcalls import key_of, show_terminal
from athena.harness.decode import Json, maybe_number, maybe_text, obj, objs, text, texts
from athena.harness.driver import (
    CreateTerminal,
    Effect,
    EffectDone,
    KillTerminal,
    ReadTerminal,
    ReadTextFile,
    ReleaseTerminal,
    WaitTerminal,
    WriteTextFile,
)
from athena.protocol.items import ToolCall

INVALID_PARAMS, INTERNAL_ERROR = -32602, -32603

NEEDED: Mapping[str, tuple[str, ...]] = {
    "fs/read_text_file": ("path",),
    "fs/write_text_file": ("path", "content"),
    "terminal/create": ("command",),
    "terminal/output": ("terminalId",),
    "terminal/wait_for_exit": ("terminalId",),
    "terminal/kill": ("terminalId",),
    "terminal/release": ("terminalId",),
}
"""The methods, each with the texts that it cannot do without."""


def call(work: Work, own_id: str, method: str, params: Json) -> None:
    """Take a request: begin its effect, or refuse it."""
    for name in NEEDED[method]:
        if not isinstance(params.get(name), str):
            work.refuse(own_id, INVALID_PARAMS, f"{name}: must be a text")
            return
    count = work.memory.called + 1
    terminal_id = f"term{count}" if method == "terminal/create" else None
    new = Call(own_id, method, dict(params), terminal_id)
    work.remember(called=count, calls={**work.memory.calls, str(count): new})
    work.effects.append(effect_of(str(count), new))


def effect_of(effect_id: str, asked: Call) -> Effect:
    """The effect that a request stands for."""
    return _EFFECTS[asked.method](effect_id, asked)


def _create(effect_id: str, asked: Call) -> Effect:
    params = asked.params
    return CreateTerminal(
        effect_id,
        asked.terminal_id or "",
        text(params.get("command")),
        args=tuple(texts(params.get("args"))),
        env={text(one.get("name")): text(one.get("value")) for one in objs(params.get("env"))},
        cwd=maybe_text(params.get("cwd")),
        output_limit=maybe_number(params.get("outputByteLimit")),
    )


def _read(effect_id: str, asked: Call) -> Effect:
    params = asked.params
    line, limit = maybe_number(params.get("line")), maybe_number(params.get("limit"))
    return ReadTextFile(effect_id, text(params.get("path")), line, limit)


def _terminal(asked: Call) -> str:
    return text(asked.params.get("terminalId"))


_EFFECTS: Mapping[str, Callable[[str, Call], Effect]] = {
    "fs/read_text_file": _read,
    "fs/write_text_file": lambda name, asked: WriteTextFile(
        name, text(asked.params.get("path")), text(asked.params.get("content"))
    ),
    "terminal/create": _create,
    "terminal/output": lambda name, asked: ReadTerminal(name, _terminal(asked)),
    "terminal/wait_for_exit": lambda name, asked: WaitTerminal(name, _terminal(asked)),
    "terminal/kill": lambda name, asked: KillTerminal(name, _terminal(asked)),
    "terminal/release": lambda name, asked: ReleaseTerminal(name, _terminal(asked)),
}


def effect_done(work: Work, done: EffectDone) -> None:
    """The shell has performed an effect: answer the agent."""
    asked = work.memory.calls.get(done.effect_id)
    if asked is None:
        return
    left = {k: v for k, v in work.memory.calls.items() if k != done.effect_id}
    work.remember(calls=left)
    if done.error is not None:
        work.refuse(asked.own_id, INTERNAL_ERROR, done.error)
        return
    work.respond(asked.own_id, _result(work, asked, done.result))


def _result(work: Work, asked: Call, result: Any) -> Json:
    match asked.method:
        case "fs/read_text_file":
            return {"content": text(result)}
        case "terminal/create":
            return {"terminalId": asked.terminal_id}
        case "terminal/output":
            return _output(work, _terminal(asked), obj(result))
        case "terminal/wait_for_exit":
            return _status(obj(result))
        case _:
            return {}


def _status(result: Json) -> Json:
    found = {"exitCode": result.get("exitCode"), "signal": result.get("signal")}
    return {key: value for key, value in found.items() if value is not None}


def _output(work: Work, terminal_id: str, result: Json) -> Json:
    """The answer to `terminal/output`, which also shows the user what was printed."""
    status = _status(result)
    output = text(result.get("output"))
    call_id = work.memory.terminals.get(terminal_id)
    opened = work.find(key_of(call_id)) if call_id else None
    if opened and isinstance(opened.item, ToolCall) and status:
        code = maybe_number(status.get("exitCode"))
        work.update(
            key_of(call_id or ""), show_terminal(opened.item, terminal_id, output, exit_code=code)
        )
    answer: Json = {"output": output, "truncated": result.get("truncated") is True}
    return {**answer, "exitStatus": status} if status else answer
