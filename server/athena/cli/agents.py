"""`athena agent …`, and `spawn`, `prompt` and `ls`, which one types most."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from athena.cli import completing, options, words
from athena.cli.advice import quoted
from athena.cli.groups import Suggesting
from athena.cli.output import (
    Exit,
    Failure,
    err,
    interruptible,
    json_option,
    out,
    say,
    tell_json,
    tell_table,
    wants_json,
)
from athena.cli.overview import agents_table
from athena.cli.session import Session, session
from athena.cli.turns import turn_id
from athena.cli.watch import ASKING, follow, wait_for_rest


@click.group("agent", cls=Suggesting)
def group() -> None:
    """Agents: spawn, prompt, steer, stop, and more."""


def _pairs(values: tuple[str, ...], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        key, sign, rest = value.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", param_hint=option)
        pairs[key] = rest
    return pairs


def _prompt_text(words_: tuple[str, ...], file: str | None) -> str | None:
    """The prompt: the words, or what a file holds (`-` is stdin)."""
    if file:
        try:
            said = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            return said.decode("utf-8")
        except OSError as error:
            raise Failure(f"{file} cannot be read: {error.strerror}.", Exit.USAGE) from error
        except UnicodeDecodeError as error:
            raise Failure(f"{file} is no text in UTF-8: {error}.", Exit.USAGE) from error
    if words_:
        return " ".join(words_)
    return None


@group.command("spawn")
@click.argument("prompt", nargs=-1)
@options.prompt_file
@click.option("--name", metavar="NAME", help="The agent's name; else made of the prompt.")
@options.harness("The harness; `athena harness list` shows them.")
@click.option(
    "--archetype",
    "-a",
    metavar="ARCHETYPE",
    shell_complete=completing.archetypes,
    help="The kind of agent; `athena archetype list` shows them.",
)
@options.model
@options.mode
@options.project()
@click.option(
    "--worktree",
    "-w",
    type=click.Choice(["new", "existing", "none"]),
    help="A new git worktree, an existing directory, or the project itself.",
)
@options.directory("The directory of an existing worktree.")
@click.option(
    "--in",
    "host",
    metavar="AGENT",
    shell_complete=completing.agents,
    help="Work in another agent's worktree.",
)
@click.option(
    "--base",
    metavar="REVISION",
    shell_complete=completing.branches,
    help="The branch or commit that a new worktree starts from.",
)
@click.option("--branch", metavar="BRANCH", help="The name of the new branch.")
@click.option("--subfolder", metavar="FOLDER", help="A folder inside the repository to work in.")
@click.option(
    "--also",
    metavar="DIRECTORY",
    multiple=True,
    shell_complete=completing.directories,
    help="Another repository to have a worktree of, too.",
)
@click.option(
    "--parent",
    metavar="AGENT",
    shell_complete=completing.agents,
    help="The agent that this one works for.",
)
@click.option(
    "--env", "-e", metavar="NAME=VALUE", multiple=True, help="For the harness's environment."
)
@options.setting
@options.watch
@options.wait
@json_option
def spawn(
    prompt: tuple[str, ...],
    file: str | None,
    name: str | None,
    harness: str | None,
    archetype: str | None,
    model: str | None,
    mode: str | None,
    project: str | None,
    worktree: str | None,
    path: str | None,
    host: str | None,
    base: str | None,
    branch: str | None,
    subfolder: str | None,
    also: tuple[str, ...],
    parent: str | None,
    env: tuple[str, ...],
    option: tuple[str, ...],
    watch: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Start a new agent with PROMPT.

    It works in a git worktree of its own, so the files you have open are not touched.
    """
    places = {"path": path, "base": base, "branch": branch, "subfolder": subfolder}
    workspace: dict[str, Any] | None = None
    if host and (worktree or also or any(places.values())):
        raise Failure("--in says where to work; leave the other options out.", Exit.USAGE)
    if host:
        workspace = {"kind": "existing", "agent": host}
    elif worktree or also or any(places.values()):
        kind = worktree or ("existing" if path else "new")
        given = {k: v for k, v in places.items() if v}
        workspace = {"kind": kind, **given, **({"also": list(also)} if also else {})}
    with session() as daemon, interruptible():
        agent = daemon.call(
            "athena/agent/spawn",
            prompt=_prompt_text(prompt, file),
            name=name,
            harness=harness,
            archetype=archetype,
            model=model,
            mode=mode,
            project=project,
            workspace=workspace,
            parentId=parent,
            environment=_pairs(env, "--env"),
            options=_pairs(option, "--option"),
            commandId=secrets.token_hex(8),
        )
        after(daemon, agent, watch, wait)


def after(
    daemon: Session, agent: dict[str, Any], watch: bool, wait: bool, position: int = 0
) -> None:
    """Show or wait for what an agent does from a position on, and end with a code that says how
    it went."""
    if watch and not wants_json():
        follow(daemon, [agent["id"]], until_rest=True, after=position)
    elif watch or wait:
        wait_for_rest(daemon, [agent["id"]])
    if watch or wait:
        agent = daemon.call("athena/agent/get", agent=agent["id"])
    if wants_json():
        tell_json(agent)
    elif watch and agent["status"] in ASKING:
        say(f"  to answer: {_answering(agent)}", style="dim")
    elif not watch:
        told = Text.assemble((agent["name"], "bold"), f" ({agent['id']}) ")
        out.print(told, words.status(agent["status"]), soft_wrap=True)
        if not wait:
            say(f"  to see what it does: athena watch {quoted(agent['name'])}", style="dim")
        elif agent["status"] in ASKING:
            say(f"  to answer: {_answering(agent)}", style="dim")
    if (watch or wait) and agent["status"] in ("failed", "dead"):
        raise Failure(agent.get("reason") or "the agent failed", Exit.AGENT_FAILED)


def _answering(agent: dict[str, Any]) -> str:
    """The command by which one answers an agent, or sees what it asks."""
    asked = [one["request"]["type"] for one in words.parts(agent, "requests")]
    name = quoted(agent["name"])
    return f"athena answer {name} allow" if asked == ["permission"] else "athena inbox"


@group.command("list")
@click.option("--all", "-A", "archived", is_flag=True, help="Archived ones too.")
@options.project("Only agents of this project.")
@click.option(
    "--status",
    "-s",
    metavar="STATUS",
    multiple=True,
    type=click.Choice(list(words.STATUS_STYLES)),
    help=f"Only agents with this status: {', '.join(words.STATUS_STYLES)}.",
)
@json_option
def list_(archived: bool, project: str | None, status: tuple[str, ...], as_json: bool) -> None:
    """Show the agents."""
    with session() as daemon:
        found = daemon.call(
            "athena/agent/list", archived=archived, project=project, status=list(status) or None
        )
    if as_json:
        tell_json(found)
        return
    if not found["agents"]:
        chosen = project or status or archived
        hint = "" if chosen else ' Start one: [bold]athena spawn "what to do"[/]'
        out.print(f"No {'such ' if chosen else ''}agents.{hint}")
        return
    tell_table(agents_table(found["agents"]))


@group.command("show")
@click.argument("agent", shell_complete=completing.agents)
@json_option
def show(agent: str, as_json: bool) -> None:
    """Show one agent."""
    with session() as daemon:
        found = daemon.call("athena/agent/get", agent=agent)
    if as_json:
        tell_json(found)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row("agent", Text(f"{found['name']} ({found['id']})"))
    table.add_row("status", words.status(found["status"], found.get("stalled", False)))
    place = words.part(found, "workspace")
    for label, value in (
        ("reason", found.get("reason")),
        ("title", found.get("title")),
        ("harness", found["harness"]),
        ("model", found.get("model")),
        ("mode", found.get("mode")),
        ("archetype", found.get("archetype")),
        ("copy of", found.get("forkedFrom")),
        ("project", found["project"]),
        ("workspace", place.get("path")),
        ("branch", place.get("branch")),
        *((other["name"], other["path"]) for other in words.others(place)),
        ("session", found.get("sessionId")),
        ("turns", str(found["turns"])),
        ("tokens", words.tokens(found.get("usage"))),
        ("cost", words.money(found.get("cost"))),
    ):
        if value:
            table.add_row(label, value if isinstance(value, Text) else Text(str(value)))
    for asked in words.parts(found, "requests"):
        table.add_row("asks", Text(f"{asked['requestId']}  {words.asked(asked['request'])}"))
    for prompt in words.parts(found, "queue"):
        text = words.text_of(prompt["content"])
        table.add_row("waits", Text(f"{prompt['promptId']}  {text}", no_wrap=True))
    out.print(table)


@group.command("prompt")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("prompt", nargs=-1)
@options.prompt_file
@click.option("--steer", is_flag=True, help="The same as `athena steer`.")
@options.watch
@options.wait
@json_option
def prompt(
    agent: str,
    prompt: tuple[str, ...],
    file: str | None,
    steer: bool,
    watch: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Give AGENT a prompt: it is taken up when the agent is idle."""
    _say("steer" if steer else "prompt", agent, _prompt_text(prompt, file), watch, wait)


@group.command("steer")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("prompt", nargs=-1)
@options.prompt_file
@options.watch
@options.wait
@json_option
def steer(
    agent: str,
    prompt: tuple[str, ...],
    file: str | None,
    watch: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Send AGENT a prompt into its running turn, before all that is queued.

    A harness that takes none is interrupted, and the prompt is its next turn.
    """
    _say("steer", agent, _prompt_text(prompt, file), watch, wait)


def _say(verb: str, agent: str, text: str | None, watch: bool, wait: bool) -> None:
    with session() as daemon, interruptible():
        done = daemon.call(
            f"athena/agent/{verb}", agent=agent, text=text, commandId=secrets.token_hex(8)
        )
        if watch or wait:
            after(daemon, {"id": done["agentId"]}, watch, wait, done["seq"] - 1)
        elif wants_json():
            tell_json(done)
        else:
            _tell_prompted(daemon.call("athena/agent/get", agent=done["agentId"]))


def _tell_prompted(agent: dict[str, Any]) -> None:
    """What becomes of a prompt."""
    name, waiting = agent["name"], len(agent["queue"])
    if "runId" not in agent and agent["status"] in ("done", "dead", "failed"):
        told = f"{name} is not running, so it waits: athena agent resume {quoted(name)}"
    elif waiting > 1 or (waiting and agent["requests"]):
        count = "1 prompt waits" if waiting == 1 else f"{waiting} prompts wait"
        told = f"{name} takes it up later: {count}."
    else:
        told = f"{name} has it: athena watch {quoted(name)}"
    say(told)


def _simple(verb: str, help_: str, said: str, offer: completing.Offer = completing.agents) -> None:
    """A command that names an agent and nothing else; `said` is what it says when it is done."""

    @group.command(verb, help=help_)
    @click.argument("agent", shell_complete=offer)
    @json_option
    def command(agent: str, as_json: bool) -> None:
        _changed(f"athena/agent/{verb}", as_json, said, agent=agent)

    assert command is not None


def _changed(method: str, as_json: bool, said: str, **params: object) -> None:
    """Call a method and say that it is done. `{agent}` stands for the agent's name."""
    with session() as daemon:
        done = daemon.call(method, **params)
        if as_json:
            tell_json(done)
            return
        name = daemon.call("athena/agent/get", agent=done["agentId"])["name"]
    say(said.format(agent=name, quoted=quoted(name)))


TOLD = "{agent} is told; what its harness makes of it is in: athena transcript {quoted} -n 3"

_simple("interrupt", "End the running turn of AGENT.", "{agent} is told to end its turn.")
_simple("stop", "End AGENT in order.", "{agent} ends. To go on: athena agent resume {quoted}")
_simple("kill", "End all processes of AGENT now.", "{agent} is killed; its work stays.")
_simple("archive", "Put AGENT away.", "{agent} is put away. Back: athena agent restore {quoted}")
_simple("restore", "Take an archived AGENT out again.", "{agent} is back.", completing.archived)


@group.command("resume")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("prompt", nargs=-1)
@json_option
def resume(agent: str, prompt: tuple[str, ...], as_json: bool) -> None:
    """Go on with an ended AGENT, and with PROMPT if given."""
    _changed(
        "athena/agent/resume",
        as_json,
        "{agent} goes on. To see it: athena watch {quoted}",
        agent=agent,
        text=_prompt_text(prompt, None),
    )


@group.command("rename")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("name")
@json_option
def rename(agent: str, name: str, as_json: bool) -> None:
    """Give AGENT another NAME."""
    _changed("athena/agent/rename", as_json, "It is called {agent} now.", agent=agent, name=name)


@group.command("mode")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("mode")
@json_option
def mode(agent: str, mode: str, as_json: bool) -> None:
    """Change the mode of AGENT's session."""
    _changed("athena/agent/setMode", as_json, TOLD, agent=agent, mode=mode)


@group.command("model")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("model")
@json_option
def model(agent: str, model: str, as_json: bool) -> None:
    """Change the model of AGENT's session."""
    _changed("athena/agent/setModel", as_json, TOLD, agent=agent, model=model)


@group.command("option")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("option")
@click.argument("value")
@json_option
def option(agent: str, option: str, value: str, as_json: bool) -> None:
    """Change an OPTION that AGENT's harness offers."""
    typed: str | bool = {"true": True, "false": False}.get(value, value)
    _changed("athena/agent/setOption", as_json, TOLD, agent=agent, option=option, value=typed)


@group.command("move")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("harness", shell_complete=completing.harnesses)
@options.model
@options.mode
@options.setting
@json_option
def move(
    agent: str,
    harness: str,
    model: str | None,
    mode: str | None,
    option: tuple[str, ...],
    as_json: bool,
) -> None:
    """Let AGENT go on under another HARNESS, in the same workspace.

    The conversation goes along. Modes and options are each harness's own, so those that it had do
    not.
    """
    _changed(
        "athena/agent/move",
        as_json,
        f"{{agent}} goes on under {harness}.",
        agent=agent,
        harness=harness,
        model=model,
        mode=mode,
        options=_pairs(option, "--option") or None,
    )


@group.command("fork")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("prompt", nargs=-1)
@options.prompt_file
@options.turn("As it was when this turn ended; else as it is now.")
@click.option("--name", metavar="NAME", help="The copy's name; else AGENT's with -fork.")
@options.harness("Another harness, which is told the conversation in words.")
@options.model
@options.mode
@click.option("--here", is_flag=True, help="Work in AGENT's directory, not in a new worktree.")
@options.watch
@options.wait
@json_option
def fork(
    agent: str,
    prompt: tuple[str, ...],
    file: str | None,
    turn: str | None,
    name: str | None,
    harness: str | None,
    model: str | None,
    mode: str | None,
    here: bool,
    watch: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Start a copy of AGENT, and give it PROMPT.

    It knows the conversation and has the same files, those not committed included, in a worktree
    of its own. AGENT goes on as if nothing had been.
    """
    with session() as daemon, interruptible():
        copy = daemon.call(
            "athena/agent/fork",
            agent=agent,
            text=_prompt_text(prompt, file),
            turnId=turn_id(daemon, agent, turn),
            name=name,
            harness=harness,
            model=model,
            mode=mode,
            worktree=not here,
            commandId=secrets.token_hex(8),
        )
        after(daemon, copy, watch, wait)


@group.command("withdraw")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("prompt_id", metavar="PROMPT", shell_complete=completing.prompts)
@json_option
def withdraw(agent: str, prompt_id: str, as_json: bool) -> None:
    """Take back a PROMPT of AGENT that still waits: its id in `athena agent show`."""
    _changed(
        "athena/agent/withdraw",
        as_json,
        "The prompt of {agent} is taken back.",
        agent=agent,
        promptId=prompt_id,
    )


@group.command("logs")
@click.argument("agent", shell_complete=completing.agents)
@click.option("--run", metavar="RUN", help="A run's id; else the last one.")
@click.option("--bytes", "most", metavar="COUNT", type=int, help="How much of the end.")
@json_option
def logs(agent: str, run: str | None, most: int | None, as_json: bool) -> None:
    """Show what AGENT's harness wrote to its standard error."""
    with session() as daemon:
        found = daemon.call("athena/agent/logs", agent=agent, runId=run, bytes=most)
    if as_json:
        tell_json(found)
    else:
        sys.stdout.write(found["text"])
        if not found["text"]:
            err.print("The harness wrote nothing to its standard error.", style="dim")
