"""What the shell offers when one presses TAB: names of agents, harnesses, requests.

The daemon is asked, but not started, and not waited for: a shell that hangs is worse than no offer.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from click.shell_completion import CompletionItem

from athena import __version__
from athena.cli import words
from athena.relay import paths
from athena.relay.client import CallError, HeadlessClient
from athena.relay.failure import RelayError

if TYPE_CHECKING:
    from athena.app.settings import Settings

SECONDS = 2.0

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def agents(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of agents that are not put away; of one name, ids."""
    found = _ask(ctx, "athena/agent/list", {}).get("agents", [])
    names = [a["name"] for a in found]
    return _fitting(
        typed,
        ((a["name"] if names.count(a["name"]) == 1 else a["id"], a["status"]) for a in found),
    )


def archived(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of agents that were put away."""
    found = _ask(ctx, "athena/agent/list", {"archived": True}).get("agents", [])
    return _fitting(typed, ((a["name"], a["harness"]) for a in found if a["archived"]))


def askers(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Agents that ask for something, or the requests of one that asks for more than one thing."""
    found = _ask(ctx, "athena/request/list", {}).get("requests", [])
    names = [r["agentName"] for r in found]
    return _fitting(
        typed,
        (
            (name if names.count(name) == 1 else r["requestId"], _title(r))
            for name, r in zip(names, found, strict=True)
        ),
    )


def answers(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The options of the request that was named, or its questions."""
    asked = ctx.params.get("request")
    for opened in _ask(ctx, "athena/request/list", {}).get("requests", []):
        if asked in (opened["agentName"], opened["agentId"], opened["requestId"]):
            request = opened["request"]
            if request["type"] == "permission":
                return _fitting(typed, ((o["id"], o["name"]) for o in request["options"]))
            questions = request["questions"]
            if len(questions) == 1 and questions[0]["choices"]:
                return _fitting(typed, ((c["label"], "") for c in questions[0]["choices"]))
            return _fitting(typed, ((f"{q['id']}=", q["text"]) for q in questions))
    return []


def harnesses(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Harnesses of the settings here."""
    return _of_settings(
        typed, lambda known: ((r.name, r.title) for r in known.harnesses().values())
    )


def archetypes(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Archetypes of the settings here."""
    return _of_settings(typed, lambda known: ((r.name, r.description) for r in known.archetypes()))


def changed_files(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Files that the agent that was named changed."""
    found = _ask(ctx, "athena/changeset/get", _named(ctx)).get("files", [])
    return _fitting(typed, ((f["path"], f["status"]) for f in found))


def hunks(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Hunks of the file that was named, by the beginning of their ids."""
    asked = {**_named(ctx), "path": _given(ctx, "path") or ""}
    found = _ask(ctx, "athena/changeset/file", asked).get("hunkList", [])
    lines = ((h["hunkId"][:12], " ".join([*h["added"], *h["removed"]][:1])) for h in found)
    return _fitting(typed, lines)


def turns(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The numbers of the turns of the agent that was named, the last first."""
    count = _ask(ctx, "athena/agent/get", _named(ctx)).get("turns", 0)
    return _fitting(typed, ((str(n), "") for n in range(count, 0, -1)))


def repositories(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The other repositories of the agent that was named."""
    place = words.part(_ask(ctx, "athena/agent/get", _named(ctx)), "workspace")
    return _fitting(typed, ((one["name"], one["path"]) for one in words.others(place)))


def undos(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """What was done with the work of the agent that was named, the last first."""
    asked: dict[str, object] = {**_named(ctx), "kinds": ["changesApplied"], "limit": 1000}
    found = _ask(ctx, "athena/event/list", asked).get("events", [])
    done = [e["data"] for e in reversed(found) if e["data"].get("undo")]
    return _fitting(typed, ((d["undo"], f"{d['what']} {d['target']}") for d in done))


def rescues(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Captured work of the agent that was named, or of all."""
    found = _ask(ctx, "athena/rescue/list", _named(ctx)).get("rescues", [])
    return _fitting(typed, ((r["ref"], r["reason"]) for r in found))


def comments(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Comments on the agent that was named which are not resolved."""
    found = _ask(ctx, "athena/review/listComments", _named(ctx)).get("comments", [])
    open_ = (c for c in found if c["state"] != "resolved")
    return _fitting(typed, ((c["commentId"].rpartition(".")[2], c["text"]) for c in open_))


def prompts(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Prompts of the agent that was named which still wait."""
    found = _ask(ctx, "athena/agent/get", _named(ctx)).get("queue", [])
    return _fitting(typed, ((p["promptId"], words.text_of(p["content"])) for p in found))


def rules(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The numbers of the rules in force."""
    found = _ask(ctx, "athena/rule/list", {}).get("rules", [])
    return _fitting(typed, ((str(n), r["decision"]) for n, r in enumerate(found)))


def sessions(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Sessions that were made outside."""
    found = _ask(ctx, "athena/session/list", {}).get("sessions", [])
    return _fitting(typed, ((s["sessionId"], s["title"]) for s in found))


def kinds(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Kinds of events."""
    from athena.protocol.events import EVENTS

    return _fitting(typed, ((one.KIND, "") for one in EVENTS))


def files(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Files, which the shell itself completes."""
    return [CompletionItem(typed, type="file")]


def directories(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Directories, which the shell itself completes."""
    return [CompletionItem(typed, type="dir")]


def branches(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Local branches of the repository that one is in."""
    command = ["git", "for-each-ref", "--format=%(refname:short)", "refs/heads"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return _fitting(typed, ((name, "") for name in told.stdout.split()))


def _named(ctx: click.Context) -> dict[str, object]:
    """The agent that the command line names so far."""
    agent = _given(ctx, "agent")
    return {"agent": agent} if agent else {}


def _given(ctx: click.Context, name: str) -> str | None:
    """An argument that is there already, by its name."""
    if value := ctx.params.get(name):
        return str(value)
    # Behind an option that waits for its value, click has not told the arguments apart yet.
    names = [p.name for p in ctx.command.params if isinstance(p, click.Argument)]
    return dict(zip(names, ctx.args, strict=False)).get(name)


def _of_settings(
    typed: str, offered: Callable[[Settings], Iterable[tuple[str, str]]]
) -> list[CompletionItem]:
    from athena.app import settings

    try:
        return _fitting(typed, offered(settings.load(Path.cwd())))
    except Exception:  # noqa: BLE001  Whatever is wrong is said when the command runs.
        return []


def _title(opened: dict[str, Any]) -> str:
    request = opened["request"]
    return str(request["title"] if request["type"] == "permission" else "questions")


def _fitting(typed: str, offered: Any) -> list[CompletionItem]:
    return [
        CompletionItem(value, help=" ".join(str(words).split()))
        for value, words in offered
        if value.startswith(typed)
    ]


def _ask(ctx: click.Context, method: str, params: dict[str, object]) -> dict[str, Any]:
    """The answer of a daemon that runs; nothing when there is none or it takes too long."""
    given = ctx.find_root().params.get("state_dir")
    state = str(given) if given else paths.state_directory(os.environ)
    try:
        with HeadlessClient(
            state, start=False, name="athena", version=__version__, say=lambda _: None
        ) as client:
            return cast("dict[str, Any]", client.call(method, params, timeout=SECONDS))
    except (RelayError, CallError, OSError):  # TimeoutError is an OSError.
        return {}
