"""Following agents: what they do, as it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.text import Text

from athena.cli import completing, words
from athena.cli.output import interruptible, is_seen, json_option, out, tell_json_line
from athena.cli.session import Lost, Session, session

ASKING = {"needsPermission", "needsInput"}
OVER = {"idle", "done", "interrupted", "failed", "dead", "imported"}
AT_REST = OVER | ASKING

MOST_LOSSES = 3
"""How many daemons may end one after the other before any of them said anything."""

PAGE = 2000

CLIENTS = {"athena": "the command line"}
"""Clients whose names say too little."""


def batches(
    daemon: Session, agents: list[str] | None, cursor: int | None = None, deltas: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Notifications of a subscription; the first is ("snapshot", the subscription).

    It misses no event: it goes on where it stopped when the daemon ended or was too fast.
    """
    losses = 0
    while True:
        try:
            for method, params in _subscribed(daemon, agents, cursor, deltas):
                cursor = params.get("cursor", cursor)
                losses = 0 if method == "athena/event/batch" else losses
                yield method, params
                if method == "athena/event/lagged":
                    for page in _missed(daemon, agents, params["cursor"]):
                        cursor = page["cursor"]
                        yield "athena/event/batch", page
                    break
            else:
                return
        except Lost:
            losses += 1
            if losses > MOST_LOSSES:
                raise
            daemon.reopen()


def _subscribed(
    daemon: Session, agents: list[str] | None, cursor: int | None, deltas: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    opened = daemon.call("athena/event/subscribe", agents=agents, cursor=cursor, deltas=deltas)
    yield "snapshot", opened
    for method, params in daemon.notifications():
        if params.get("subscriptionId") == opened["subscriptionId"]:
            yield method, params


def _missed(daemon: Session, agents: list[str] | None, cursor: int) -> Iterator[dict[str, Any]]:
    """What the log has after a position; the last page has the agents as they are now."""
    wanted = None if agents is None else {ident(daemon, name) for name in agents}
    more = True
    while more:
        page = daemon.call("athena/event/list", after=cursor, limit=PAGE)
        more, cursor = page["more"], page["cursor"]
        events = [e for e in page["events"] if wanted is None or e["agentId"] in wanted]
        views: list[dict[str, Any]] = []
        if not more:
            every = daemon.call("athena/agent/list", archived=True)["agents"]
            views = [a for a in every if wanted is None or a["id"] in wanted]
        yield {"events": events, "cursor": cursor, "agents": views}


def ident(daemon: Session, name: str) -> str:
    """The id of the agent that a name, or a beginning of its id, means."""
    return str(daemon.call("athena/agent/get", agent=name)["id"])


class Printer:
    """Prints events as lines: each item once, when it is complete or as soon as a tool starts.

    A tool that is pending has no more than its name yet: what it is used for comes with its start.
    """

    def __init__(self, show: Callable[[Text], None], prefix: bool) -> None:
        self._show = show
        self._prefix = prefix
        self.names: dict[str, str] = {}
        self._begun: set[str] = set()
        self._pending: dict[str, dict[str, Any]] = {}

    def batch(self, params: dict[str, Any]) -> None:
        """Print the events of a notification."""
        self.names |= {a["id"]: a["name"] for a in words.parts(params, "agents")}
        for event in words.parts(params, "events"):
            line = self.line(event)
            if line is not None:
                self._say(event["agentId"], line)

    def _say(self, agent_id: str, line: Text) -> None:
        if self._prefix:
            name = self.names.get(agent_id, agent_id)
            line = Text(f"{name[:14]:<14} ", style="dim").append_text(line)
        self._show(line)

    def line(self, event: dict[str, Any]) -> Text | None:
        """An event as a line; None for one that says nothing new to a person."""
        data = event["data"]
        match event["kind"]:
            case "itemStarted" if data["item"]["type"] == "toolCall":
                return self._tool(data["itemId"], data["item"])
            case "itemUpdated" if data["itemId"] in self._pending:
                return self._tool(
                    data["itemId"], {**self._pending[data["itemId"]], **data["changes"]}
                )
            case "itemCompleted":
                return self._completed(data)
            case "requestOpened":
                return _request_line(data)
            case "requestClosed":
                by = CLIENTS.get(data["by"], data["by"])
                return Text(f"  {data.get('optionId') or data['outcome']}, by {by}", style="yellow")
            case "turnEnded":
                return _turn_line(data)
            case "workspaceReady" if data.get("branch"):
                return Text(f"  on branch {data['branch']} in {data['path']}", style="dim")
            case "workspaceFailed":
                return Text(f"  no workspace: {data['error']}", style="red")
            case "runEnded" if data["reason"] in ("failed", "lost", "exited"):
                style = "red" if data.get("error") else "dim"
                return Text(f"  ended: {data.get('error') or data['reason']}", style=style)
            case "agentStalled":
                return Text(f"  nothing was heard for {data['seconds']:.0f} s", style="yellow")
            case _:
                return None

    def _tool(self, item_id: str, item: dict[str, Any]) -> Text | None:
        if item["status"] == "pending":
            self._pending[item_id] = item
            return None
        self._pending.pop(item_id, None)
        self._begun.add(item_id)
        return words.item_line(item)

    def _completed(self, data: dict[str, Any]) -> Text | None:
        item = data["item"]
        self._pending.pop(data["itemId"], None)
        if data["itemId"] in self._begun and item.get("status") == "completed":
            return None
        return words.item_line(item)


def _request_line(data: dict[str, Any]) -> Text:
    request = data["request"]
    if request["type"] == "permission":
        options = ", ".join(o["name"] for o in request["options"])
        return Text(f"? {request['title']}  [{options}]  {data['requestId']}", style="bold yellow")
    asked = "; ".join(q["text"] for q in request["questions"])
    return Text(f"? {asked}  {data['requestId']}", style="bold yellow")


def _turn_line(data: dict[str, Any]) -> Text:
    parts = [words.tokens(data.get("usage")), words.money(data.get("cost"))]
    if data.get("error"):
        return Text(f"✗ {data['error']['message']}", style="red")
    said = {"endTurn": "✓ done", "cancelled": "‖ interrupted"}.get(
        data["stopReason"], f"■ {data['stopReason']}"
    )
    return Text("  ".join([said, *filter(None, parts)]), style="green")


def follow(
    daemon: Session, agents: list[str] | None, until_rest: bool, after: int | None = None
) -> None:
    """Print what agents do; with `until_rest` until all of them rest or wait for the user."""
    printer = Printer(_show, prefix=agents is None or len(agents) > 1)
    for params in until(daemon, agents, until_rest, after):
        printer.batch(params)


def _show(line: Text) -> None:
    """Print a line; where nobody looks it is not broken."""
    out.print(line, soft_wrap=not is_seen())


def until(
    daemon: Session, agents: list[str] | None, rest: bool, after: int | None = None
) -> Iterator[dict[str, Any]]:
    """What agents do after a position or from now on, with `rest` until all of them rest.

    With `rest` agents that are named are shown from their beginning. An agent that a batch tells
    of may be further than the events of that batch: it rests when those have been shown, too.
    """
    if after is None and rest and agents is not None:
        after = 0
    named = agents if rest and agents is not None else []
    known = {a["id"]: a for a in (daemon.call("athena/agent/get", agent=n) for n in named)}
    shown: dict[str, int] = {}
    for method, params in batches(daemon, agents, cursor=after):
        views = words.parts(params, "agents")
        known |= {a["id"]: a for a in views}
        if method == "snapshot":
            shown |= {a["id"]: a["version"] for a in views}
        shown |= {e["agentId"]: e["version"] for e in words.parts(params, "events")}
        yield params
        if rest and all(_rests(a) and shown.get(i, 0) >= a["version"] for i, a in known.items()):
            return


def _rests(agent: dict[str, Any]) -> bool:
    """Whether nothing goes on by itself: prompts that wait for a process that ended stay there."""
    if agent["status"] not in OVER:
        return agent["status"] in AT_REST
    return not agent["queue"] or "runId" not in agent


def wait_for_rest(daemon: Session, agents: list[str]) -> None:
    """Wait until agents rest or wait for the user."""
    known: dict[str, dict[str, Any]] = {}
    for _, params in batches(daemon, agents):
        known |= {a["id"]: a for a in words.parts(params, "agents")}
        if known and all(_rests(a) for a in known.values()):
            return


@click.command("watch")
@click.argument("agents", nargs=-1, shell_complete=completing.agents)
@click.option("--until-rest", is_flag=True, help="End when all of them rest.")
@json_option
def watch(agents: tuple[str, ...], until_rest: bool, as_json: bool) -> None:
    """Show what AGENTS do, as it happens; without names, all of them."""
    with session() as daemon, interruptible():
        if not as_json:
            follow(daemon, list(agents) or None, until_rest)
            return
        for params in until(daemon, list(agents) or None, until_rest):
            for event in words.parts(params, "events"):
                tell_json_line(event)
