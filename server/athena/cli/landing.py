"""`athena merge`, `revert`, `undo`, `publish`: bringing an agent's work in, and taking it back."""

from __future__ import annotations

from typing import Any

import click
from rich.markup import escape

from athena.cli import completing, options
from athena.cli.advice import quoted
from athena.cli.output import Exit, Failure, json_option, out, say, tell_json, wants_json
from athena.cli.session import session
from athena.cli.turns import turn_id

CONFLICT_LINES = 12


@click.command("merge")
@click.argument("agent", shell_complete=completing.agents)
@options.into("The branch to merge into; else the one the project has.")
@click.option("--squash", "how", flag_value="squash", help="As one commit.")
@click.option("--rebase", "how", flag_value="rebase", help="Commit by commit, on top.")
@options.message
@click.option("--dry-run", is_flag=True, help="Only predict the conflicts.")
@click.option("--resolve", is_flag=True, help="Have the agent resolve conflicts.")
@options.hooks
@options.repository
@json_option
def merge(
    agent: str,
    into: str | None,
    how: str | None,
    message: str | None,
    dry_run: bool,
    resolve: bool,
    no_hooks: bool,
    repository: str | None,
    as_json: bool,
) -> None:
    """Bring AGENT's work into a branch. `athena undo` takes it back."""
    with session() as daemon:
        done = daemon.call(
            "athena/merge/run",
            agent=agent,
            into=into,
            how=how or "merge",
            message=message,
            dryRun=dry_run,
            resolve=resolve,
            hooks=not no_hooks,
            repository=repository,
        )
    tell_applied(done, agent, f"merged into {done.get('branch')}", repository, dry_run=dry_run)
    if done["conflicts"] and not dry_run:
        options_ = {"into": into, "repository": repository}
        again = [f"athena merge {quoted(agent)}", *([f"--{how}"] if how else [])]
        again += [f"--{name} {quoted(value)}" for name, value in options_.items() if value]
        command = " ".join(again)
        if resolve and done.get("undo"):
            hint = f"when the agent is done: {command}"
            raise Failure("It is not merged yet.", Exit.CONFLICT, hint=hint)
        hint = f"to have the agent resolve them: {command} --resolve"
        raise Failure("There are conflicts; nothing was changed.", Exit.CONFLICT, hint=hint)


@click.command("revert")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("paths", nargs=-1, shell_complete=completing.changed_files)
@options.turn("Which turn; else all of them.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@options.repository
@json_option
def revert(
    agent: str,
    paths: tuple[str, ...],
    turn: str | None,
    dry_run: bool,
    repository: str | None,
    as_json: bool,
) -> None:
    """Take back what AGENT changed in its own tree: all, one turn, or PATHS.

    What others wrote stays. `athena undo` brings it back.
    """
    with session() as daemon:
        done = daemon.call(
            "athena/revert/run",
            agent=agent,
            turnId=turn_id(daemon, agent, turn),
            paths=list(paths) or None,
            dryRun=dry_run,
            repository=repository,
        )
    tell_applied(done, agent, "reverted", repository, dry_run=dry_run)
    need_no_conflicts(done, dry_run)


@click.command("undo")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("ref", required=False, shell_complete=completing.undos)
@options.repository
@json_option
def undo(agent: str, ref: str | None, repository: str | None, as_json: bool) -> None:
    """Take back what was merged, applied or reverted last of AGENT, or what REF names.

    What was edited since stays. A branch is moved back only while nothing came after the merge and
    it was not pushed. An undo can be undone as well, by its REF.
    """
    with session() as daemon:
        done = daemon.call("athena/revert/undo", agent=agent, ref=ref, repository=repository)
    where = f"{done['branch']} is back at" if done.get("branch") else "undone"
    tell_applied(done, agent, where, repository, again=True)
    need_no_conflicts(done, False)


@click.command("publish")
@click.argument("agent", shell_complete=completing.agents)
@click.option("--remote", metavar="REMOTE", help="The remote; else origin.")
@click.option("--pull-request", "--pr", is_flag=True, help="Open a pull request too.")
@click.option("--title", metavar="TEXT", help="Its title.")
@click.option("--body", metavar="TEXT", help="Its text.")
@click.option("--draft", is_flag=True, help="As a draft.")
@options.into("The branch that it is for; else the one the project has.")
@click.option("--forge", type=click.Choice(["github", "gitlab"]), help="What the remote is.")
@click.option("--force", is_flag=True, help="Overwrite the remote branch if nobody else moved it.")
@options.hooks
@options.repository
@json_option
def publish(
    agent: str,
    remote: str | None,
    pull_request: bool,
    title: str | None,
    body: str | None,
    draft: bool,
    into: str | None,
    forge: str | None,
    force: bool,
    no_hooks: bool,
    repository: str | None,
    as_json: bool,
) -> None:
    """Push AGENT's branch, and open a pull request if asked."""
    with session() as daemon:
        done = daemon.call(
            "athena/publish/run",
            agent=agent,
            remote=remote,
            pullRequest=pull_request,
            title=title,
            body=body,
            draft=draft,
            into=into,
            forge=forge,
            force=force,
            hooks=not no_hooks,
            repository=repository,
        )
    if as_json:
        tell_json(done)
        return
    at = f" ({done['commit'][:10]})" if done.get("commit") else ""
    say(f"✓ {done['branch']} is on {done['remote']}{at}")
    for line in [done.get("url"), *done.get("notes", [])]:
        if line:
            say(line)


def tell_applied(
    done: dict[str, Any],
    agent: str,
    what: str,
    repository: str | None = None,
    *,
    dry_run: bool = False,
    again: bool = False,
) -> None:
    """The result of moving work: the files, the conflicts, and how to take it back.

    Of each conflict the lines of the target (-) and of the agent (+) are shown.
    """
    if wants_json():
        tell_json(done)
        return
    for path in done["files"]:
        say(f"  {path}")
    for note in done.get("notes", []):
        say(note)
    for conflict in done["conflicts"]:
        _tell_conflict(conflict)
    if done["done"]:
        say(f"✓ {' '.join(filter(None, [what, (done.get('commit') or '')[:10]]))}", style="green")
        if ref := done.get("undo"):
            where = f" -R {quoted(repository)}" if repository else ""
            back = f" {ref}" if again else ""
            label = "again" if again else "back"
            say(f"  {label}: athena undo {quoted(agent)}{back}{where}", style="dim")
    elif dry_run:
        fits = "It would fit without conflicts." if done["files"] else "Nothing would change."
        say("It would conflict, and change nothing." if done["conflicts"] else fits)


def need_no_conflicts(done: dict[str, Any], dry_run: bool) -> None:
    """End the command with code 4 where there are conflicts."""
    if done["conflicts"] and not dry_run:
        raise Failure("There are conflicts; nothing was changed.", Exit.CONFLICT)


def _tell_conflict(conflict: dict[str, Any]) -> None:
    path, start = conflict["path"], conflict.get("start")
    place = f"{path}:{start}" if start else path
    out.print(f"[red]✗ {escape(place)}[/] {escape(conflict['reason'])}", soft_wrap=True)
    for sign, lines in (("-", conflict.get("ours", [])), ("+", conflict.get("theirs", []))):
        shown = [*lines[:CONFLICT_LINES], *(["…"] if len(lines) > CONFLICT_LINES else [])]
        for line in shown:
            say(f"    {sign}{line}", style="dim")
