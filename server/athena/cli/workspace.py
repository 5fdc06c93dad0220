"""`athena workspace …`, `athena permission …`: trees on disk, and rules that answer."""

from __future__ import annotations

import click
from rich.table import Table

from athena.cli import completing, words
from athena.cli.groups import Suggesting
from athena.cli.inbox import answer, inbox
from athena.cli.output import json_option, out, tell_json
from athena.cli.review import hooks_option, repository_option
from athena.cli.session import session


@click.group("workspace", cls=Suggesting)
def workspace() -> None:
    """Workspaces: where agents work, and how lost work comes back."""


@workspace.command("list")
@click.option("--project", "-C", help="Only those of this project.")
@json_option
def list_(project: str | None, as_json: bool) -> None:
    """Show the workspaces with what they hold, orphans too."""
    with session() as daemon:
        found = daemon.call("athena/workspace/list", project=project)
    if as_json:
        tell_json(found)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("agent", "branch", "changed", "ahead", "behind", "holds", "path"):
        table.add_column(column)
    for w in found["workspaces"]:
        holds = w.get("vanished") or w.get("problem") or "; ".join(w["hazards"].values())
        table.add_row(
            w.get("agentName") or "[dim](orphan)[/]",
            w.get("branch") or "",
            str(w["changed"] + w["untracked"] or ""),
            str(w["ahead"] or ""),
            str(w["behind"] or ""),
            holds,
            w["path"],
        )
    out.print(table)


@workspace.command("remove")
@click.argument("agent", required=False, shell_complete=completing.agents)
@click.option("--path", help="The folder of an orphan.")
@click.option("--insist", multiple=True, help="A hazard to pass over: dirty, unpushed, …")
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
    for kept in [done.get("rescue"), *done["also"]]:
        if kept:
            out.print(f"Removed; kept as {kept['ref']}", soft_wrap=True, highlight=False)
    if done.get("movedTo"):
        said = f"It could not be captured, so its files are in {done['movedTo']}"
        out.print(said, soft_wrap=True, highlight=False)


@workspace.command("restore")
@click.argument("agent", required=False, shell_complete=completing.agents)
@click.option("--ref", help="A rescue or checkpoint; else as it was last.")
@click.option("--path", help="Where to; else where it was.")
@json_option
def restore(agent: str | None, ref: str | None, path: str | None, as_json: bool) -> None:
    """Bring captured work of AGENT back."""
    with session() as daemon:
        done = daemon.call("athena/workspace/restore", agent=agent, ref=ref, path=path)
    if as_json:
        tell_json(done)
        return
    out.print(done["path"], soft_wrap=True, highlight=False)
    for note in done["notes"]:
        out.print(note, style="dim", soft_wrap=True, highlight=False)


@workspace.command("rescues")
@click.argument("agent", required=False, shell_complete=completing.agents)
@json_option
def rescues(agent: str | None, as_json: bool) -> None:
    """Show captured work that can be brought back, newest first."""
    with session() as daemon:
        found = daemon.call("athena/rescue/list", agent=agent)
    if as_json:
        tell_json(found)
        return
    for r in found["rescues"]:
        out.print(f"{r['ref']}  [dim]{r['reason']}[/]", soft_wrap=True, highlight=False)


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
        out.print(f"{script['scriptId']}  {script['command']}", markup=False)
    if found["scripts"] and place.get("firstPort"):
        out.print(f"ATHENA_PORT is {place['firstPort']}", style="dim")


@workspace.command("trust")
@click.option("--project", "-C", help="The project; else the current directory.")
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
    out.print(f"{found['project']} {is_it} to name commands.", highlight=False, soft_wrap=True)
    for command in found["commands"]:
        out.print(f"  {command}", markup=False)
    out.print(found["file"], style="dim", soft_wrap=True)


@workspace.command("checkpoints")
@click.argument("agent", shell_complete=completing.agents)
@repository_option
@json_option
def checkpoints(agent: str, repository: str | None, as_json: bool) -> None:
    """Show the captured states of AGENT's tree, by turn."""
    with session() as daemon:
        found = daemon.call("athena/checkpoint/list", agent=agent, repository=repository)
    if as_json:
        tell_json(found)
        return
    for c in found["checkpoints"]:
        at = words.ago(c["at"])
        turn = f"{c.get('turnId') or ''} {c.get('edge') or ''}"
        out.print(f"{c['ref']}  {turn} [dim]{at} ago[/]", soft_wrap=True, highlight=False)


@workspace.command("prune")
@click.option("--project", "-C", help="The project; else the current directory.")
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
        out.print(f"{c['ref']}  [dim]{words.ago(c['at'])} ago[/]", soft_wrap=True, highlight=False)
    verb = "would be forgotten" if dry_run else "forgotten"
    out.print(f"{len(found['checkpoints'])} {verb}, {found['left']} left", style="dim")


@workspace.command("commit")
@click.argument("agent", shell_complete=completing.agents)
@click.option("--message", "-m", help="The commit message.")
@hooks_option
@repository_option
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
    if as_json:
        tell_json(done)
    else:
        out.print(done["commit"], highlight=False)


@workspace.command("collisions")
@click.option("--project", "-C", help="Only those of this project.")
@json_option
def collisions(project: str | None, as_json: bool) -> None:
    """Show where live workspaces changed the same lines."""
    with session() as daemon:
        found = daemon.call("athena/collision/list", project=project)
        names = {a["id"]: a["name"] for a in daemon.call("athena/agent/list")["agents"]}
    if as_json:
        tell_json(found)
        return
    for c in found["collisions"]:
        style = "red" if c["conflict"] else "yellow"
        pair = f"{names.get(c['agentId'])} and {names.get(c['otherId'])}"
        out.print(f"[{style}]{pair}[/]", highlight=False)
        for r in c["ranges"]:
            mine = f":{r['start']}-{r['end']}" if r["start"] else ""
            theirs = f" and {r['otherStart']}-{r['otherEnd']}" if r["otherStart"] else ""
            conflict = "  conflict" if r["conflict"] else ""
            out.print(f"  {r['path']}{mine}{theirs}{conflict}", markup=False, highlight=False)


@click.group("permission", cls=Suggesting)
def permission() -> None:
    """Permissions: what waits, and rules that answer for you."""


permission.add_command(inbox, "list")
permission.add_command(answer, "answer")


@permission.command("rules")
@click.option("--project", "-C", help="The project; else the current directory.")
@json_option
def rules(project: str | None, as_json: bool) -> None:
    """Show the rules in force, and the files they are in."""
    with session() as daemon:
        found = daemon.call("athena/rule/list", project=project)
    if as_json:
        tell_json(found)
        return
    for i, rule in enumerate(found["rules"]):
        said = " ".join(
            f"{k}={rule[k]}" for k in ("tool", "name", "path", "command", "host") if rule.get(k)
        )
        out.print(f"{i:>3}  {rule['decision']:<6} {said}  [dim]{rule['source']}[/]")
    for file in found["files"]:
        out.print(file, style="dim", soft_wrap=True)


@permission.command("add-rule")
@click.argument("decision", type=click.Choice(["allow", "reject", "ask"]))
@click.option("--tool", help="read, edit, execute, fetch, …")
@click.option("--command", help="A glob for the command line.")
@click.option("--path", help="A glob for the files, from the workspace.")
@click.option("--host", help="A glob for the host.")
@click.option("--everywhere", is_flag=True, help="In all projects.")
@click.option("--project", "-C", help="The project; else the current directory.")
@json_option
def add(
    decision: str,
    tool: str | None,
    command: str | None,
    path: str | None,
    host: str | None,
    everywhere: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Add a rule in front of the others."""
    given = {"tool": tool, "command": command, "path": path, "host": host}
    rule = {
        "decision": decision,
        "source": "user" if everywhere else "project",
        **{k: v for k, v in given.items() if v},
    }
    with session() as daemon:
        found = daemon.call("athena/rule/add", rule=rule, project=project)
    if as_json:
        tell_json(found)


@permission.command("remove-rule")
@click.argument("index", type=int)
@click.option("--project", "-C", help="The project; else the current directory.")
@json_option
def remove_rule(index: int, project: str | None, as_json: bool) -> None:
    """Remove the rule at INDEX of `rules`."""
    with session() as daemon:
        found = daemon.call("athena/rule/remove", index=index, project=project)
    if as_json:
        tell_json(found)
