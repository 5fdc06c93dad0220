"""What the shell offers when one presses TAB: names of agents, harnesses, requests.

The daemon is asked, but not started, and not waited for: a shell that hangs is worse than no offer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from athena import __version__
from athena.relay import paths
from athena.relay.client import CallError, HeadlessClient
from athena.relay.failure import RelayError

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
            return _fitting(typed, ((f"{q['id']}=", q["text"]) for q in request["questions"]))
    return []


def harnesses(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Harnesses of the settings here."""
    from athena.app import settings

    try:
        rows = settings.load(Path.cwd()).harnesses().values()
    except Exception:  # noqa: BLE001  Whatever is wrong is said when the command runs.
        return []
    return _fitting(typed, ((row.name, row.title) for row in rows))


def archetypes(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Archetypes of the settings here."""
    from athena.app import settings

    try:
        rows = settings.load(Path.cwd()).archetypes()
    except Exception:  # noqa: BLE001  Whatever is wrong is said when the command runs.
        return []
    return _fitting(typed, ((row.name, row.description) for row in rows))


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
