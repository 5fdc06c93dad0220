"""A client made with the ACP SDK, which the scripted harness must agree with; tells what it saw."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import acp
from acp import schema
from acp.connection import StreamDirection, StreamEvent
from pydantic import ValidationError

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "athena.scripted")
PATH = os.environ["PATH"]
WHO = {
    "agent_message_chunk": "agent",
    "agent_thought_chunk": "thought",
    "user_message_chunk": "user",
}


def environment(home: Path, **more: str) -> dict[str, str]:
    """All that the harness gets to know of the machine."""
    found = {"PATH": PATH, "HOME": str(home), "PYTHONPATH": str(ROOT / "server")}
    return {**found, "ATHENA_SCRIPTED_PACE": "0", **more}


class Screen(acp.Client):
    """Answers what the agent asks, and keeps what it says as readable lines."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.lines: list[str] = []
        self.answers: list[str] = []
        self.forms: list[dict[str, Any] | None] = []
        self.asked = asyncio.Event()
        self.raw: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self._terminals: dict[str, asyncio.subprocess.Process] = {}
        self._said: tuple[str, str | None] | None = None

    # What the agent says.

    def observe(self, event: StreamEvent) -> None:
        """Hold every message against the schema: what a model drops, the schema does not know."""
        if event.direction is not StreamDirection.INCOMING:
            return
        message = event.message
        self.raw.append(message)
        models = {
            "session/update": schema.SessionNotification,
            "session/request_permission": schema.RequestPermissionRequest,
            "fs/read_text_file": schema.ReadTextFileRequest,
            "fs/write_text_file": schema.WriteTextFileRequest,
            "terminal/create": schema.CreateTerminalRequest,
        }
        if model := models.get(message.get("method", "")):
            self.faults += _differences(model, message["params"])

    async def session_update(self, session_id: str, update: Any, **kwargs: Any) -> None:
        kind = update.session_update
        if kind in WHO:
            self._chunk(WHO[kind], update)
            return
        self._said = None
        match kind:
            case "tool_call" | "tool_call_update":
                self.lines.append(self._tool_call(update))
            case "plan":
                marks = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]"}
                entries = (f"{marks[e.status]} {e.content}" for e in update.entries)
                self.lines.append("plan  " + "  ".join(entries))
            case "usage_update":
                cost = f" {update.cost.amount:g} {update.cost.currency}" if update.cost else ""
                self.lines.append(f"usage  {update.used}/{update.size}{cost}")
            case "current_mode_update":
                self.lines.append(f"mode  {update.current_mode_id}")
            case "config_option_update":
                values = (f"{o.id}={o.current_value}" for o in update.config_options)
                self.lines.append("options  " + " ".join(values))
            case "available_commands_update":
                names = (command.name for command in update.available_commands)
                self.lines.append("commands  " + " ".join(names))
            case _:
                self.lines.append(f"title  {update.title}")

    def _chunk(self, who: str, update: Any) -> None:
        key = (who, update.message_id)
        text = getattr(update.content, "text", f"[{update.content.type}]")
        if key == self._said:
            self.lines[-1] += text
        else:
            self.lines.append(f"{who}  {text}")
        self._said = key

    def _tool_call(self, update: Any) -> str:
        words = [update.tool_call_id, update.status or "-", update.kind or "", update.title or ""]
        words += [f"@{place.path}:{place.line or ''}" for place in update.locations or []]
        for content in update.content or []:
            match content.type:
                case "diff":
                    words.append(f"{content.old_text!r} -> {content.new_text!r}")
                case "terminal":
                    words.append(f"terminal {content.terminal_id}")
                case _:
                    words.append(repr(content.content.text))
        return "tool  " + " ".join(self._short(word) for word in words if word)

    def _short(self, text: str) -> str:
        return text.replace(f"{self.cwd}/", "").replace(str(self.cwd), ".")

    def text(self) -> str:
        """All that was said, the first announcements left out."""
        skipped = ("commands  play", "title  ")
        return "\n".join(line for line in self.lines if not line.startswith(skipped))

    # What the agent asks.

    async def request_permission(
        self, session_id: str, tool_call: Any, options: Any, **kwargs: Any
    ) -> schema.RequestPermissionResponse:
        names = ", ".join(option.option_id for option in options)
        self.lines.append(f"ask  {tool_call.title} ({names})")
        self.asked.set()
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        self.lines.append(f"answer  {answer}")
        if answer == "cancelled":
            return schema.RequestPermissionResponse(
                outcome=schema.DeniedOutcome(outcome="cancelled")
            )
        outcome = schema.AllowedOutcome(outcome="selected", option_id=answer)
        return schema.RequestPermissionResponse(outcome=outcome)

    async def create_elicitation(self, message: str, mode: Any, **kwargs: Any) -> Any:
        fields = mode.requested_schema.properties["answer"]
        self.lines.append(f"question  {message} {fields.enum or ''}".rstrip())
        form = self.forms.pop(0)
        if form is None:
            return schema.DeclineElicitationResponse(action="decline")
        return schema.AcceptElicitationResponse(action="accept", content=form)

    async def read_text_file(
        self, session_id: str, path: str, line: Any = None, limit: Any = None, **kwargs: Any
    ) -> schema.ReadTextFileResponse:
        self.lines.append(f"client reads  {self._short(path)} {line or ''}:{limit or ''}")
        if not Path(path).exists():
            raise acp.RequestError.resource_not_found(path)
        lines = Path(path).read_text().splitlines(keepends=True)
        start = (line or 1) - 1
        return schema.ReadTextFileResponse(
            content="".join(lines[start : start + limit if limit else None])
        )

    async def write_text_file(
        self, session_id: str, path: str, content: str, **kwargs: Any
    ) -> None:
        self.lines.append(f"client writes  {self._short(path)}")
        Path(path).write_text(content)

    async def create_terminal(
        self, session_id: str, command: str, args: Any = None, env: Any = None, **kwargs: Any
    ) -> schema.CreateTerminalResponse:
        self.lines.append(f"client runs  {command} {args}")
        process = await asyncio.create_subprocess_exec(
            command,
            *(args or []),
            env={"PATH": PATH} | {e.name: e.value for e in env or []},
            cwd=kwargs.get("cwd"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        name = f"term_{len(self._terminals) + 1}"
        self._terminals[name] = process
        return schema.CreateTerminalResponse(terminal_id=name)

    async def wait_for_terminal_exit(self, session_id: str, terminal_id: str, **kwargs: Any) -> Any:
        code = await self._terminals[terminal_id].wait()
        return schema.WaitForTerminalExitResponse(exit_code=code)

    async def terminal_output(self, session_id: str, terminal_id: str, **kwargs: Any) -> Any:
        stdout = self._terminals[terminal_id].stdout
        assert stdout is not None
        output = (await stdout.read()).decode()
        return schema.TerminalOutputResponse(output=output, truncated=False)

    async def release_terminal(self, session_id: str, terminal_id: str, **kwargs: Any) -> None:
        process = self._terminals.pop(terminal_id)
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
        self.lines.append(f"client releases  {terminal_id}")


def _differences(model: Any, params: dict[str, Any]) -> list[str]:
    try:
        parsed = model.model_validate(params).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        return [str(error)]
    if _without_nulls(parsed) == _without_nulls(params):
        return []
    return [f"not in the schema: {json.dumps(params)}"]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


class Stage:
    """A harness process, the SDK's connection to it, and one session."""

    def __init__(self, connection: Any, process: Any, screen: Screen) -> None:
        self.connection = connection
        self.process = process
        self.screen = screen
        self.session_id = ""
        self.hello: schema.InitializeResponse

    async def initialize(self, **capabilities: Any) -> None:
        """Say hello and announce what the client can do."""
        self.hello = await self.connection.initialize(
            protocol_version=acp.PROTOCOL_VERSION,
            client_capabilities=schema.ClientCapabilities(**capabilities),
        )

    async def open(self) -> schema.NewSessionResponse:
        """Start a session in the working directory."""
        opened = await self.connection.new_session(cwd=str(self.screen.cwd), mcp_servers=[])
        self.session_id = opened.session_id
        return opened

    async def prompt(self, text: str = "go") -> schema.PromptResponse:
        """Prompt and wait for the end of the turn."""
        return await self.connection.prompt(
            session_id=self.session_id, prompt=[acp.text_block(text)]
        )


@asynccontextmanager
async def stage(
    tmp_path: Path, scenario: str = "", *args: str, **environ: str
) -> AsyncIterator[Stage]:
    """Start the harness with a scenario in `tmp_path/work`; it is ended afterwards."""
    cwd = tmp_path / "work"
    cwd.mkdir(exist_ok=True)
    if scenario:
        file = tmp_path / "scenario.txt"
        file.write_text(scenario)
        args = (*args, "--scenario", str(file))
    screen = Screen(cwd)
    async with acp.spawn_agent_process(
        screen,
        *COMMAND,
        *args,
        env=environment(tmp_path, **environ),
        cwd=cwd,
        observers=[screen.observe],
        use_unstable_protocol=True,
        transport_kwargs={"limit": 2**28},
    ) as (connection, process):
        yield Stage(connection, process, screen)
    assert screen.faults == []


async def play(
    tmp_path: Path,
    scenario: str,
    *answers: str,
    prompts: tuple[str, ...] = ("go",),
    prepare: Callable[[Stage], None] | None = None,
    **capabilities: Any,
) -> str:
    """Play a scenario to its end; the transcript of it, with the end of each turn."""
    async with stage(tmp_path, scenario) as found:
        found.screen.answers = list(answers)
        if prepare:
            prepare(found)
        await found.initialize(**capabilities)
        await found.open()
        for prompt in prompts:
            try:
                ended = await found.prompt(prompt)
                found.screen.lines.append(f"end  {ended.stop_reason}")
            except acp.RequestError as error:
                found.screen.lines.append(f"error  {error.code} {error}")
        return found.screen.text()
