"""`athena demo`: two agents side by side in a small sample repository, from start to diff."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import click
from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from athena.cli import options, words
from athena.cli.output import Exit, Failure, interruptible, json_option, out, tell_json
from athena.cli.sample import make_sample
from athena.cli.session import Session, session
from athena.cli.watch import OVER, Printer, batches
from athena.relay import control, paths

TASKS = (
    ("fix-basket", "fix", "The test of the empty basket fails. Find out why and repair it."),
    ("add-discounts", "document", "Add discounts to baskets, and document them."),
)
LINES = 14

ENDED = ("failed", "dead")
"""What waits for an agent in this state waits for ever."""


class Board:
    """What the demo shows: a panel for each agent with its newest lines.

    Where nothing can be drawn over, the lines are printed as they come.
    """

    def __init__(self, agents: list[str], console: Console) -> None:
        self.agents = agents
        self.console = console
        self._views: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, deque[Text]] = {a: deque(maxlen=LINES) for a in agents}
        self._typing: dict[str, str] = {}

    def add(self, agent_id: str, line: Text) -> None:
        """A new line of an agent."""
        self._lines[agent_id].append(line)
        if not self.console.is_terminal:
            name = self._views.get(agent_id, {}).get("name", agent_id)
            self.console.print(Text(f"{name:<14} ", style="dim").append_text(line))

    def take(self, method: str, params: dict[str, Any]) -> None:
        """A notification."""
        for view in words.parts(params, "agents"):
            self._views[view["id"]] = view
        for delta in params.get("deltas", []):
            kept = self._typing.get(delta["agentId"], "") + delta["text"]
            self._typing[delta["agentId"]] = kept[-200:]
        for event in params.get("events", []):
            self._typing.pop(event["agentId"], None)

    def view(self, agent_id: str) -> dict[str, Any]:
        """An agent's newest view."""
        return self._views[agent_id]

    def requests(self) -> list[dict[str, Any]]:
        """What the agents ask of the user now."""
        return [r for view in self._views.values() for r in view["requests"]]

    def over(self) -> bool:
        """Whether all agents rest."""
        return len(self._views) == len(self.agents) and all(
            v["status"] in ENDED or (v["status"] in OVER and not v["queue"])
            for v in self._views.values()
        )

    def __rich__(self) -> Columns:
        width = max(40, self.console.width // len(self.agents) - 1)
        return Columns([self._panel(a, width) for a in self.agents], padding=0)

    def _panel(self, agent_id: str, width: int) -> Panel:
        view = self._views.get(agent_id)
        lines: list[Text] = [line.copy() for line in self._lines[agent_id]]
        if typing := self._typing.get(agent_id):
            lines.append(Text(typing.strip()[-(width - 6) :] + "▌", style="dim"))
        for line in lines:
            line.truncate(width - 4, overflow="ellipsis")
            line.no_wrap = True
        body = Group(*lines[-LINES:], *[Text("")] * (LINES - len(lines)))
        if view is None:
            return Panel(body, width=width)
        foot = "  ".join(
            filter(None, [words.tokens(view.get("usage")), words.money(view.get("cost"))])
        )
        title = Text(f"{view['name']} · {view['harness']} ").append_text(
            words.status(view["status"])
        )
        return Panel(body, title=title, title_align="left", subtitle=foot, width=width)


@click.command("demo")
@options.harness("Which one works.", default="scripted")
@click.option("--yes/--ask", default=True, help="Answer permissions by itself, or ask you.")
@click.option(
    "--keep/--delete",
    default=None,
    help="Keep the demo's database and repository to go on with; only --json deletes by itself.",
)
@click.option(
    "--note",
    metavar="TEXT",
    help="Words to add to each prompt; {agent} in it is the agent's name.",
)
@json_option
def demo(harness: str, yes: bool, keep: bool | None, note: str | None, as_json: bool) -> None:
    """Show two agents at work, side by side, in a small sample repository.

    Needs no account and no key with the scripted harness; any other one works with your own login.
    Everything is in a new folder, with a daemon and a database of its own.
    """
    is_kept = not as_json if keep is None else keep
    place = Path(tempfile.mkdtemp(prefix="athena-demo-"))
    os.environ["ATHENA_STATE_DIR"] = str(place / "state")
    repository = place / "basket"
    make_sample(repository)
    began = time.monotonic()
    with interruptible(), session() as daemon:
        if not as_json:
            out.print(f"A small repository: [bold]{repository}[/], and a daemon of its own.\n")
        console = Console(quiet=True) if as_json else out
        board, answered = play(daemon, repository, harness, yes, console, note)
        results = [_result(board.view(a)) for a in board.agents]
        kept = place if is_kept else None
        more = "/play tour" if harness == "scripted" else "Write a test for it"
        _tell(results, answered, time.monotonic() - began, kept, more, as_json)
        if not is_kept:
            _end(daemon, board.agents)
    if not is_kept:
        control.stop(paths.state_directory(), force=True)
        shutil.rmtree(place)
    failed = [r for r in results if r["status"] in ENDED]
    if failed:
        raise Failure(f"{failed[0]['name']}: {failed[0]['reason']}", Exit.AGENT_FAILED)


def play(
    daemon: Session,
    repository: Path,
    harness: str,
    yes: bool,
    console: Console,
    note: str | None = None,
) -> tuple[Board, list[str]]:
    """Let two agents work. Returns what `console` shows last, and what was answered."""
    agents = [_spawn(daemon, repository, harness, note, *task) for task in TASKS]
    board = Board(agents, console)
    return board, _watch(daemon, board, yes)


def _spawn(
    daemon: Session,
    repository: Path,
    harness: str,
    note: str | None,
    name: str,
    scenario: str,
    task: str,
) -> str:
    prompt = f"/play {scenario}\n{task}" if harness == "scripted" else task
    if note:
        prompt = f"{prompt}\n\n{note.replace('{agent}', name)}"
    spawned = daemon.call(
        "athena/agent/spawn",
        name=name,
        harness=harness,
        project=str(repository),
        workspace={"kind": "new"},
        prompt=prompt,
    )
    return str(spawned["id"])


def _watch(daemon: Session, board: Board, yes: bool) -> list[str]:
    """Show the agents until all rest; answer what they ask. Returns what was answered."""
    answered: list[str] = []
    printer = Printer(lambda line: None, prefix=False)
    with Live(
        board,
        console=board.console,
        refresh_per_second=12,
        transient=False,
        auto_refresh=board.console.is_terminal,
        vertical_overflow="visible",
    ) as live:
        for method, params in batches(daemon, board.agents, cursor=0, deltas=True):
            board.take(method, params)
            for event in params.get("events", []):
                line = printer.line(event)
                if line is not None:
                    board.add(event["agentId"], line)
            for request in board.requests():
                if request["requestId"] not in answered:
                    answered.append(request["requestId"])
                    _answer(daemon, live, request, yes)
            if board.over():
                return answered
    return answered


def _answer(daemon: Session, live: Live, opened: dict[str, Any], yes: bool) -> None:
    request = opened["request"]
    option = "allow"
    if not yes and request["type"] == "permission":
        live.stop()
        ids = [o["id"] for o in request["options"]]
        option = click.prompt(request["title"], type=click.Choice(ids), default=ids[0])
        live.start()
    if request["type"] == "permission":
        daemon.call("athena/request/answer", requestId=opened["requestId"], option=option)
    else:
        daemon.call("athena/request/answer", requestId=opened["requestId"], cancel=True)


def _result(view: dict[str, Any]) -> dict[str, Any]:
    place = words.part(view, "workspace")
    diff = ""
    if place.get("baseCommit"):
        diff = _git(place["path"], "diff", "--no-color", place["baseCommit"])
    return {
        "id": view["id"],
        "name": view["name"],
        "status": view["status"],
        "reason": view.get("reason"),
        "branch": place.get("branch"),
        "usage": view.get("usage"),
        "cost": view.get("cost"),
        "diff": diff,
    }


def _git(path: str, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", path, *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout


def _tell(
    results: list[dict[str, Any]],
    answered: list[str],
    seconds: float,
    place: Path | None,
    more: str,
    as_json: bool,
) -> None:
    """What came of it, and what can be done next where it was kept."""
    if as_json:
        told = {"agents": results, "answered": answered, "seconds": round(seconds, 2)}
        if place is not None:
            told |= {"stateDirectory": str(place / "state"), "repository": str(place / "basket")}
        tell_json(told)
        return
    for result in results:
        out.print()
        out.print(f"[bold]{result['name']}[/] on [cyan]{result['branch']}[/]")
        out.print(Syntax(result["diff"].rstrip() or "(nothing changed)", "diff", theme="ansi_dark"))
    permissions = "permission" if len(answered) == 1 else "permissions"
    said = f"\n{len(results)} agents, {len(answered)} {permissions} answered, {seconds:.1f} s."
    if place is None:
        out.print(said)
        return
    out.print(f"{said} All of it is in one SQLite file. Go on with:\n", soft_wrap=True)
    first = results[0]["name"]
    for line, meaning in (
        (f"export ATHENA_STATE_DIR={place / 'state'}", ""),
        ("athena ls", "the agents"),
        (f"athena transcript {first}", "what one of them said and did"),
        (f"athena merge {first}", "take its work into main"),
        (f"athena undo {first}", "and put main back"),
        (f"athena prompt {first} --watch '{more}'", "a second turn"),
        ("athena daemon stop", "agents go on; nothing is lost"),
    ):
        comment = f"  # {meaning}" if meaning else ""
        out.print(f"  {line:<46}{comment}".rstrip(), markup=False, soft_wrap=True)


def _end(daemon: Session, agents: list[str]) -> None:
    """End the demo's processes, and wait until they are gone."""
    for agent in agents:
        daemon.call("athena/agent/kill", agent=agent)
    found = daemon.call("athena/agent/list")
    running = {a["id"] for a in found["agents"] if "runId" in a}
    if not running:
        return
    for _, params in batches(daemon, agents, cursor=found["cursor"]):
        running -= {a["id"] for a in words.parts(params, "agents") if "runId" not in a}
        if not running:
            return
