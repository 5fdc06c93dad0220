"""Verbs that run commands, here or in the client's terminal, and the wrappers around tools."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from athena.scripted.asking import PermissionOptions, split_options
from athena.scripted.flow import block
from athena.scripted.play import Cancelled
from athena.scripted.source import Statement, block_head, checked, needed
from athena.scripted.tools import (
    TOOLS,
    Call,
    Planned,
    Result,
    Tool,
    announce,
    perform,
    text_content,
    tool_verb,
    use,
)
from athena.scripted.verbs import verb

if TYPE_CHECKING:
    import subprocess

    from athena.scripted.play import Play

KINDS = ("read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other")
OUTPUT_LIMIT = 1024 * 1024
STREAM_SECONDS = 0.1
GRACE_SECONDS = 1.0


class Run(NamedTuple):
    command: str
    live: bool


def _parse_run(statement: Statement, rest: str) -> Run:
    command = needed(statement, statement.text(rest), "a command")
    return Run(command, statement.verb()[0] == "stream")


def _describe_run(play: Play, args: Run) -> Call:
    return Call(args.command, "execute", {"command": args.command, "cwd": play.session.cwd})


def _run(play: Play, args: Run, call_id: str) -> Result:
    if not play.profile.own_commands and play.agent.client_can("terminal"):
        return _run_in_terminal(play, args, call_id)

    def show(text: str) -> None:
        play.update("tool_call_update", keep=False, toolCallId=call_id, content=text_content(text))

    code, output = _run_here(play, args.command, show if args.live else None)
    play.values["exit"] = str(code)
    raw = {"exitCode": code, "output": output}
    shown = output if output else "(no output)"
    return Result(text_content(shown), raw, output, failed=code != 0)


def _variables(play: Play) -> dict[str, str]:
    """The play's variables for the command's environment: there the shell fills them in."""
    return {name: value for name, value in play.values.items() if "\0" not in value}


def _run_here(play: Play, command: str, show: Callable[[str], None] | None) -> tuple[int, str]:
    import select
    import subprocess

    # A command that is being started while the harness ends must not be overlooked.
    with play.agent.starting:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=play.session.cwd,
            env=os.environ | _variables(play),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        play.agent.children.add(process.pid)
    assert process.stdout is not None
    output = bytearray()
    shown_at = time.monotonic()
    try:
        while True:
            play.heed()
            if select.select([process.stdout], [], [], 0.02)[0]:
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    break
                output += data
                _cap(output)
            elif process.poll() is not None:
                break  # A child that was left behind may hold the pipe open for long.
            if show and output and time.monotonic() - shown_at > STREAM_SECONDS:
                shown_at = time.monotonic()
                show(output.decode(errors="replace"))
        code = _wait(play, process)
    except Cancelled:
        _end_group(process)
        raise
    finally:
        play.agent.children.discard(process.pid)
        process.stdout.close()
    return code, output.decode(errors="replace")


def _wait(play: Play, process: subprocess.Popen[bytes]) -> int:
    play.until(lambda: process.poll() is not None, float("inf"))
    return process.returncode


def _cap(output: bytearray) -> None:
    if len(output) > OUTPUT_LIMIT:
        del output[OUTPUT_LIMIT // 2 : len(output) - OUTPUT_LIMIT // 2]


def _end_group(process: subprocess.Popen[bytes]) -> None:
    import subprocess

    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _run_in_terminal(play: Play, args: Run, call_id: str) -> Result:
    env = [{"name": name, "value": value} for name, value in _variables(play).items()]
    created = play.ask(
        "terminal/create",
        {
            "command": "/bin/sh",
            "args": ["-c", args.command],
            "cwd": play.session.cwd,
            "env": env,
            "outputByteLimit": OUTPUT_LIMIT,
        },
    )
    terminal = {"terminalId": created["terminalId"]}
    content = [{"type": "terminal", **terminal}]
    play.update("tool_call_update", toolCallId=call_id, content=content)
    try:
        ended = play.ask("terminal/wait_for_exit", terminal)
        output = str(play.ask("terminal/output", terminal)["output"])
    except Cancelled:
        # The cancelled turn may not ask any more; that the terminal ends is the client's part.
        play.agent.tell_later("terminal/release", {"sessionId": play.session.id, **terminal})
        raise
    play.ask("terminal/release", terminal)
    code = ended.get("exitCode")
    play.values["exit"] = "" if code is None else str(code)
    raw: dict[str, Any] = {"exitCode": code, "signal": ended.get("signal"), "output": output}
    return Result(None, raw, output, failed=code != 0)


tool_verb(
    "run COMMAND",
    "Runs a shell command to its end; variables are in its environment.",
    _parse_run,
    Tool(_describe_run, _run),
)
tool_verb(
    "stream COMMAND",
    "Runs a shell command and shows its output as it comes.",
    _parse_run,
    Tool(_describe_run, _run),
)


class Other(NamedTuple):
    kind: str
    title: str
    output: str
    failed: bool


def _parse_tool(statement: Statement, rest: str) -> Other:
    match = re.fullmatch(r"(\w+)( failed)?: ([^|]+)(?:\| (.*))?", rest)
    if not match or match[1] not in KINDS:
        statement.fail(f"write: tool KIND: TITLE | RESULT; kinds: {', '.join(KINDS)}")
    output = statement.text((match[4] or "").strip())
    title = checked(statement, match[3].strip())
    return Other(match[1], title, checked(statement, output), bool(match[2]))


def _describe_tool(play: Play, args: Other) -> Call:
    return Call(play.expand(args.title), args.kind, {"title": args.title})


def _tool(play: Play, args: Other, call_id: str) -> Result:
    output = play.expand(args.output)
    return Result(text_content(output) if output else None, None, output, failed=args.failed)


tool_verb(
    "tool KIND [failed]: TITLE | RESULT",
    "Shows a tool call of that kind that does nothing; the result may be in indented lines.",
    _parse_tool,
    Tool(_describe_tool, _tool),
)


class Permit(NamedTuple):
    planned: Planned
    options: PermissionOptions


def _planned(statement: Statement, text: str) -> Planned:
    word, _, rest = text.partition(" ")
    if word not in TOOLS:
        statement.fail(f"'{word}' is no tool; there are: {', '.join(TOOLS)}")
    parse, tool = TOOLS[word]
    return Planned(tool, parse(statement._replace(head=text), rest.strip()))


def _parse_permit(statement: Statement, rest: str) -> Permit:
    text, options = split_options(statement, needed(statement, rest, "a tool to ask for"))
    return Permit(_planned(statement, text), options)


@verb(
    "permit TOOL … | OPTION, OPTION",
    "Asks whether it may use a tool (`permit run make test`) and uses it when allowed. `Always "
    "allow` holds for all tools of that kind.",
    "asking",
    _parse_permit,
)
def permit(play: Play, args: Permit) -> None:
    use(play, args.planned, args.options)


def _parse_together(statement: Statement, rest: str) -> list[Planned]:
    block_head(statement, statement.head)
    steps = block(statement)
    for step in steps:
        if step.verb.name not in TOOLS:
            statement.fail(f"'{step.verb.name}' is no tool: together: holds only tools", step.line)
    return [Planned(TOOLS[step.verb.name][1], step.args) for step in steps]


@verb(
    "together:",
    "Announces all tool calls of a block, then uses them.",
    "work",
    _parse_together,
)
def together(play: Play, tools: list[Planned]) -> None:
    for planned, (call_id, call) in [(tool, announce(play, tool)) for tool in tools]:
        perform(play, planned, call_id, call)
