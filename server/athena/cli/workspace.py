"""`athena workspace …`: trees on disk, and what was captured of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.text import Text

from athena.cli import completing, options, words
from athena.cli.advice import quoted
from athena.cli.groups import Suggesting
from athena.cli.landing import tell_applied
from athena.cli.output import (
    Exit,
    Failure,
    is_seen,
    json_option,
    out,
    say,
    short,
    table,
    tell_json,
    tell_table,
)
from athena.cli.session import session
from athena.protocol.counted import counted

WITH_PATHS = 120
"""Columns from which on there is room for the paths of workspaces."""


@click.group("workspace", cls=Suggesting)
def workspace() -> None:
    """Workspaces: where agents work, and how lost work comes back."""


@workspace.command("list")
@options.project("Only those of this project.")
@json_option
def list_(project: str | None, as_json: bool) -> None:
    """Show the workspaces with what they hold, orphans too."""
    with session() as daemon:
        found = daemon.call("athena/workspace/list", project=project)
    if as_json:
        tell_json(found)
        return
    if not found["workspaces"]:
        say("No agent has a workspace here.", style="dim")
        return
    names = ["agent", "branch", "changed", "ahead", "behind", "holds", "path"]
    if is_seen() and out.width < WITH_PATHS:
        names.remove("path")
    made = table(*names, cut=("holds",))
    for w in found["workspaces"]:
        cells = _cells(w)
        made.add_row(*(cells[name] for name in names))
    tell_table(made)


def _cells(w: dict[str, Any]) -> dict[str, str | Text]:
    holds = w.get("vanished") or w.get("problem") or "; ".join(w["hazards"].values())
    return {
        "agent": escape(w.get("agentName") or f"orphan {Path(w['path']).name}"),
        "branch": escape(w.get("branch") or ""),
        "changed": str(w["changed"] + w["untracked"] or ""),
        "ahead": str(w["ahead"] or ""),
        "behind": str(w["behind"] or ""),
        "holds": short(holds),
        "path": escape(w["path"]),
    }


@workspace.command("remove")
@click.argument("agent", required=False, shell_complete=completing.agents)
@options.directory("The folder of an orphan.")
@click.option(
    "--insist",
    metavar="HAZARD",
    multiple=True,
    help="Remove it in spite of this: dirty, unpushed, … as the refusal says.",
)
@click.option("--delete-branch", is_flag=True, help="The branch too.")
@json_option
def remove(
    agent: str | None, path: str | None, insist: tuple[str, ...], delete_branch: bool, as_json: bool
) -> None:
    """Remove AGENT's worktree. All of it is captured first; `restore` brings it back."""
    with session() as daemon:
        done = daemon.call(
            "athena/workspace/remove",
            agent=agent,
            path=path,
            insist=list(insist),
            keepBranch=not delete_branch,
        )
    if as_json:
        tell_json(done)
        return
    say(f"✓ removed{f': athena workspace restore {quoted(agent)} brings it back' if agent else ''}")
    for kept in [done.get("rescue"), *done["also"]]:
        if kept:
            say(f"  kept as {kept['ref']}", style="dim")
    if done.get("movedTo"):
        say(f"It could not be captured, so its files are in {done['movedTo']}")


@workspace.command("restore")
@click.argument("agent", required=False, shell_complete=completing.agents)
@click.option(
    "--ref",
    metavar="REF",
    shell_complete=completing.rescues,
    help="A rescue or checkpoint; else as it was last.",
)
@options.directory("Where to; else where it was.")
@json_option
def restore(agent: str | None, ref: str | None, path: str | None, as_json: bool) -> None:
    """Bring captured work of AGENT back, or what REF names."""
    if agent is None and ref is None:
        known = "athena workspace rescues"
        raise Failure("Name an agent, or what to bring back.", Exit.USAGE, hint=known)
    with session() as daemon:
        done = daemon.call("athena/workspace/restore", agent=agent, ref=ref, path=path)
    if as_json:
        tell_json(done)
        return
    say(f"✓ back in {done['path']}")
    for note in done["notes"]:
        say(f"  {note}", style="dim")


@workspace.command("rescues")
@click.argument("agent", required=False, shell_complete=completing.agents)
@json_option
def rescues(agent: str | None, as_json: bool) -> None:
    """Show captured work that can be brought back, newest first."""
    with session() as daemon:
        found = daemon.call("athena/rescue/list", agent=agent)
        every = daemon.call("athena/agent/list", archived=True)["agents"]
    if as_json:
        tell_json(found)
        return
    names = {a["id"]: a["name"] for a in every}
    if not found["rescues"]:
        say("Nothing was captured that could be brought back.", style="dim")
    for r in found["rescues"]:
        of = "" if agent else f"{names.get(r['agentId'], r['agentId'])}: "
        say(f"{words.ago(r['at']):>4}  {of}{r['reason']}")
        say(f"      {r['ref']}", style="dim")


@workspace.command("run")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("command", required=False)
@click.option("--stop", is_flag=True, help="End what runs.")
@json_option
def run(agent: str, command: str | None, stop: bool, as_json: bool) -> None:
    """Start the project's run scripts, or COMMAND, in AGENT's worktree."""
    with session() as daemon:
        found = daemon.call("athena/workspace/run", agent=agent, command=command, stop=stop)
        place = words.part(daemon.call("athena/agent/get", agent=agent), "workspace")
    if as_json:
        tell_json(found)
        return
    for script in found["scripts"]:
        say(f"{script['scriptId']}  {script['command']}")
    if not found["scripts"]:
        say("Nothing runs.")
    elif place.get("firstPort"):
        say(f"ATHENA_PORT is {place['firstPort']}", style="dim")


@workspace.command("trust")
@options.project()
@click.option("--revoke", is_flag=True, help="Take it back.")
@click.option("--show", is_flag=True, help="Change nothing, only tell.")
@json_option
def trust(project: str | None, revoke: bool, show: bool, as_json: bool) -> None:
    """Let the project's own files name commands that Athena runs in its worktrees."""
    with session() as daemon:
        method = "athena/workspace/trust"
        # The default of the method is to trust, so that only a null that is said tells and no more.
        found = daemon.ask(method, {"project": project, "trusted": None if show else not revoke})
    if as_json:
        tell_json(found)
        return
    is_it = "is trusted" if found["trusted"] else "is not trusted"
    say(f"{found['project']} {is_it} to name commands.")
    for command in found["commands"]:
        say(f"  {command}")
    say(f"(kept in {found['file']})", style="dim")


@workspace.command("checkpoints")
@click.argument("agent", shell_complete=completing.agents)
@options.repository
@json_option
def checkpoints(agent: str, repository: str | None, as_json: bool) -> None:
    """Show the captured states of AGENT's tree, by turn."""
    with session() as daemon:
        found = daemon.call("athena/checkpoint/list", agent=agent, repository=repository)
    if as_json:
        tell_json(found)
        return
    for c in found["checkpoints"]:
        say(f"{words.ago(c['at']):>4}  {_edge(c):<12} {c['ref']}")
    if not found["checkpoints"]:
        say(f"Nothing of {agent} is captured.", style="dim")


def _edge(checkpoint: dict[str, Any]) -> str:
    """Of which turn it is, and whether of its start or its end."""
    turn = (checkpoint.get("turnId") or "").rpartition(".t")[2]
    return f"turn {turn} {checkpoint.get('edge') or ''}" if turn else ""


@workspace.command("prune")
@options.project()
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten.")
@json_option
def prune(project: str | None, dry_run: bool, as_json: bool) -> None:
    """Forget the checkpoints that [checkpoint] of athena.toml does not keep.

    The daemon does so by itself from time to time. Rescued work is always kept.
    """
    with session() as daemon:
        found = daemon.call("athena/checkpoint/prune", project=project, dryRun=dry_run)
    if as_json:
        tell_json(found)
        return
    for c in found["checkpoints"]:
        say(f"{words.ago(c['at']):>4}  {c['ref']}")
    count = counted(len(found["checkpoints"]), "checkpoint")
    verb = "would be forgotten" if dry_run else "forgotten"
    say(f"{count} {verb}, {found['left']} left")


@workspace.command("commit")
@click.argument("agent", shell_complete=completing.agents)
@options.message
@options.hooks
@options.repository
@json_option
def commit(
    agent: str, message: str | None, no_hooks: bool, repository: str | None, as_json: bool
) -> None:
    """Commit what is uncommitted in AGENT's worktree, with trailers that name it."""
    with session() as daemon:
        done = daemon.call(
            "athena/workspace/commit",
            agent=agent,
            message=message,
            hooks=not no_hooks,
            repository=repository,
        )
    tell_applied(done, agent, f"committed on {done.get('branch')}", repository)


@workspace.command("collisions")
@options.project("Only those of this project.")
@json_option
def collisions(project: str | None, as_json: bool) -> None:
    """Show where live workspaces changed the same lines."""
    with session() as daemon:
        found = daemon.call("athena/collision/list", project=project)
        names = {a["id"]: a["name"] for a in daemon.call("athena/agent/list")["agents"]}
    if as_json:
        tell_json(found)
        return
    if not found["collisions"]:
        say("No two agents changed the same lines.", style="dim")
    for c in found["collisions"]:
        style = "red" if c["conflict"] else "yellow"
        pair = f"{names.get(c['agentId'])} and {names.get(c['otherId'])}"
        out.print(f"[{style}]{escape(pair)}[/]")
        for r in c["ranges"]:
            mine, theirs = _lines(r["start"], r["end"]), _lines(r["otherStart"], r["otherEnd"])
            both = mine if mine == theirs else " and ".join(filter(None, [mine, theirs]))
            conflict = "  would conflict" if r["conflict"] else ""
            say(f"  {r['path']}{f':{both}' if both else ''}{conflict}")


def _lines(first: int | None, last: int | None) -> str:
    """Lines as `3` or `3-5`; empty where a file is meant as a whole."""
    if not first:
        return ""
    return str(first) if first == last else f"{first}-{last}"
