"""`athena diff`, `review`, `merge`, `revert`, `publish`, `who`: what agents changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from athena.cli import completing, words
from athena.cli.groups import Suggesting
from athena.cli.output import Exit, Failure, json_option, out, tell_json, wants_json
from athena.cli.session import Session, session

SCOPES = click.Choice(["base", "turn", "agent"])
scope_option = click.option(
    "--scope",
    type=SCOPES,
    default="base",
    show_default=True,
    help="All against the base, one turn, or what its turns alone changed.",
)
turn_option = click.option("--turn", help="Which turn; else the last one.")
repository_option = click.option(
    "--repository", "-R", metavar="NAME", help="Another repository that AGENT works in."
)
hooks_option = click.option("--no-hooks", is_flag=True, help="The repository's hooks have no say.")

SIGNS = {"added": "A", "modified": "M", "deleted": "D", "renamed": "R", "typeChanged": "T"}
CONFLICT_LINES = 12
MARKS = {"accepted": "[green]✓[/]", "rejected": "[red]✗[/]", "open": " "}


@click.command("diff")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("paths", nargs=-1)
@scope_option
@turn_option
@repository_option
@click.option("--stat", is_flag=True, help="Only the files.")
@json_option
def diff(
    agent: str,
    paths: tuple[str, ...],
    scope: str,
    turn: str | None,
    repository: str | None,
    stat: bool,
    as_json: bool,
) -> None:
    """Show what AGENT changed."""
    which = which_of(agent, scope, turn, repository)
    with session() as daemon:
        found = daemon.call("athena/changeset/get", **which)
        chosen = [f for f in found["files"] if not paths or f["path"] in paths]
        details = [
            daemon.call("athena/changeset/file", **which, path=f["path"])
            for f in chosen
            if not stat
        ]
    if as_json:
        tell_json({**found, "files": details or chosen})
        return
    for f in chosen:
        plus, minus = f.get("additions"), f.get("deletions")
        count = "binary" if f["binary"] else f"[green]+{plus}[/] [red]-{minus}[/]"
        sign = f"{MARKS[f['verdict']]} {SIGNS.get(f['status'], '?')}"
        out.print(f"{sign} {escape(name_of(f))}  {count}{mode_of(f)}", highlight=False)
    for detail in details:
        if detail["hunkList"]:
            out.print(Syntax(patch_of(detail), "diff", theme="ansi_dark", word_wrap=True))
    if not chosen:
        out.print("Nothing is changed.", style="dim")


def which_of(
    agent: str, scope: str, turn: str | None, repository: str | None
) -> dict[str, str | None]:
    """The parameters that name a changeset."""
    chosen = "turn" if turn else scope
    return {"agent": agent, "scope": chosen, "turnId": turn, "repository": repository}


def name_of(file: dict[str, Any]) -> str:
    """The path of a changed file, and the one it had."""
    old = file.get("oldPath")
    return f"{old} → {file['path']}" if old and old != file["path"] else str(file["path"])


def mode_of(file: dict[str, Any]) -> str:
    """The change of a file's mode, if it changed."""
    old, new = file.get("oldMode"), file.get("newMode")
    return f"  mode {old} → {new}" if old and new and old != new else ""


def patch_of(detail: dict[str, Any]) -> str:
    """The hunks of a file as a patch without context, each with its id."""
    lines = [f"--- {detail.get('oldPath') or detail['path']}", f"+++ {detail['path']}"]
    for hunk in detail["hunkList"]:
        old = f"{hunk['oldStart']},{hunk['oldLines']}"
        new = f"{hunk['newStart']},{hunk['newLines']}"
        mark = "" if hunk["verdict"] == "open" else f" {hunk['verdict']}"
        lines.append(f"@@ -{old} +{new} @@ {hunk['hunkId'][:12]}{mark} {hunk['section']}".rstrip())
        lines += [f"-{x}" for x in hunk["removed"]]
        lines += [f"+{x}" for x in hunk["added"]]
    return "\n".join(lines)


@click.group("review", cls=Suggesting)
def review() -> None:
    """Accept, reject and comment on what an agent changed; take what was accepted."""


def _verdict(name: str, verdict: str, help_: str) -> None:
    @review.command(name, help=help_)
    @click.argument("agent", shell_complete=completing.agents)
    @click.argument("path", required=False)
    @click.option("--hunk", "hunks", multiple=True, help="Only this hunk (its id's beginning).")
    @scope_option
    @turn_option
    @repository_option
    @json_option
    def command(
        agent: str,
        path: str | None,
        hunks: tuple[str, ...],
        scope: str,
        turn: str | None,
        repository: str | None,
        as_json: bool,
    ) -> None:
        which = which_of(agent, scope, turn, repository)
        with session() as daemon:
            ids = _hunk_ids(daemon, which, path, hunks) if hunks else None
            done = daemon.call(
                "athena/review/verdict", **which, path=path, hunkIds=ids, verdict=verdict
            )
        if as_json:
            tell_json(done)

    assert command is not None


def _hunk_ids(
    daemon: Session, which: dict[str, Any], path: str | None, hunks: tuple[str, ...]
) -> list[str]:
    """Whole ids for beginnings of ids."""
    if path is None:
        raise Failure("A hunk needs the path of its file.", Exit.USAGE)
    known = [
        h["hunkId"] for h in daemon.call("athena/changeset/file", **which, path=path)["hunkList"]
    ]
    found: list[str] = []
    for wanted in hunks:
        fits = [h for h in known if h.startswith(wanted)]
        if len(fits) != 1:
            raise Failure(f"{wanted!r} names {len(fits)} hunks of {path}.", Exit.NOT_FOUND)
        found += fits
    return found


_verdict("accept", "accepted", "Accept all of AGENT's changes, those of PATH, or hunks of it.")
_verdict("reject", "rejected", "Reject changes: they are left out when the work is taken.")
_verdict("reopen", "open", "Take back a verdict.")


@review.command("comment")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("place")
@click.argument("text", nargs=-1, required=True)
@click.option("--send", is_flag=True, help="Tell the agent at once.")
@repository_option
@json_option
def comment(
    agent: str,
    place: str,
    text: tuple[str, ...],
    send: bool,
    repository: str | None,
    as_json: bool,
) -> None:
    """Comment on PLACE (path or path:line) of AGENT's changes."""
    path, colon, line = place.rpartition(":")
    if not colon or not line.isdigit():
        path, line = place, "0"
    with session() as daemon:
        done = daemon.call(
            "athena/review/comment",
            agent=agent,
            path=path,
            line=int(line),
            text=" ".join(text),
            send=send,
            repository=repository,
        )
    if as_json:
        tell_json(done)


@review.command("comments")
@click.argument("agent", required=False, shell_complete=completing.agents)
@json_option
def comments(agent: str | None, as_json: bool) -> None:
    """Show the comments."""
    with session() as daemon:
        found = daemon.call("athena/review/listComments", agent=agent)
    if as_json:
        tell_json(found)
        return
    for c in found["comments"]:
        said = escape(f"{c['path']}:{c['line']}  {c['text']}")
        out.print(f"[dim]{c['state']:<8}[/] {said}", highlight=False)


@review.command("send")
@click.argument("agent", shell_complete=completing.agents)
@json_option
def send(agent: str, as_json: bool) -> None:
    """Send the pending comments to AGENT as one prompt."""
    with session() as daemon:
        done = daemon.call("athena/review/send", agent=agent)
    if as_json:
        tell_json(done)


@review.command("apply")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("paths", nargs=-1)
@click.option("--target", default="project", help="The project, or a branch checked out somewhere.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@scope_option
@turn_option
@repository_option
@json_option
def apply(
    agent: str,
    paths: tuple[str, ...],
    target: str,
    dry_run: bool,
    scope: str,
    turn: str | None,
    repository: str | None,
    as_json: bool,
) -> None:
    """Put what was accepted of AGENT's changes (or PATHS) into the project's files."""
    with session() as daemon:
        done = daemon.call(
            "athena/review/apply",
            **which_of(agent, scope, turn, repository),
            target=target,
            paths=list(paths) or None,
            dryRun=dry_run,
        )
    tell_applied(done, dry_run)


@click.command("merge")
@click.argument("agent", shell_complete=completing.agents)
@click.option("--into", help="The branch to merge into; else the one the project has.")
@click.option("--squash", "how", flag_value="squash", help="As one commit.")
@click.option("--rebase", "how", flag_value="rebase", help="Commit by commit, on top.")
@click.option("--message", "-m", help="The commit message.")
@click.option("--dry-run", is_flag=True, help="Only predict the conflicts.")
@click.option("--resolve", is_flag=True, help="Have the agent resolve conflicts.")
@hooks_option
@repository_option
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
    """Bring AGENT's work into a branch."""
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
    tell_applied(done, dry_run)


@click.command("revert")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("paths", nargs=-1)
@click.option("--turn", help="Which turn; else all of them.")
@click.option("--undo", "undo_ref", metavar="REF", help="Take a revert back.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@repository_option
@json_option
def revert(
    agent: str,
    paths: tuple[str, ...],
    turn: str | None,
    undo_ref: str | None,
    dry_run: bool,
    repository: str | None,
    as_json: bool,
) -> None:
    """Undo what AGENT changed: one turn of it, some files, or all. What others wrote stays."""
    with session() as daemon:
        if undo_ref:
            done = daemon.call(
                "athena/revert/undo", agent=agent, ref=undo_ref, repository=repository
            )
        else:
            done = daemon.call(
                "athena/revert/run",
                agent=agent,
                turnId=turn,
                paths=list(paths) or None,
                dryRun=dry_run,
                repository=repository,
            )
    tell_applied(done, dry_run)


@click.command("publish")
@click.argument("agent", shell_complete=completing.agents)
@click.option("--remote", help="The remote; else origin.")
@click.option("--pull-request", "--pr", is_flag=True, help="Open a pull request too.")
@click.option("--title", help="Its title.")
@click.option("--body", help="Its text.")
@click.option("--draft", is_flag=True, help="As a draft.")
@click.option("--into", help="The branch that it is for; else the one the project has.")
@click.option("--forge", type=click.Choice(["github", "gitlab"]), help="What the remote is.")
@click.option("--force", is_flag=True, help="Overwrite the remote branch if nobody else moved it.")
@hooks_option
@repository_option
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
    out.print(f"{done['branch']} is on {done['remote']}", markup=False, highlight=False)
    for line in [done.get("url"), *done.get("notes", [])]:
        if line:
            out.print(line, soft_wrap=True, highlight=False)


def tell_applied(done: dict[str, Any], dry_run: bool) -> None:
    """The result of moving work; conflicts end the command with code 4.

    Of each conflict the lines of the target (-) and of the agent (+) are shown.
    """
    if wants_json():
        tell_json(done)
    else:
        for path in done["files"]:
            out.print(f"  {path}", markup=False, highlight=False)
        for note in done.get("notes", []):
            out.print(note, style="dim", soft_wrap=True)
        for c in done["conflicts"]:
            place = f"{c['path']}:{c['start']}" if c.get("start") else c["path"]
            out.print(f"[red]✗ {escape(place)}[/] {escape(c['reason'])}", highlight=False)
            for sign, lines in (("-", c.get("ours", [])), ("+", c.get("theirs", []))):
                shown = [*lines[:CONFLICT_LINES], *(["…"] if len(lines) > CONFLICT_LINES else [])]
                for line in shown:
                    out.print(f"    {sign}{line}", markup=False, highlight=False, style="dim")
        if done["done"]:
            where = done.get("commit") or done.get("branch") or ""
            out.print(f"[green]✓ done[/] {where}", highlight=False)
            if done.get("undo"):
                out.print(f"  undo: {done['undo']}", style="dim", soft_wrap=True)
    if done["conflicts"] and not dry_run:
        begun = "It is not merged yet." if done.get("undo") else "nothing was changed."
        raise Failure(f"There are conflicts; {begun}", Exit.CONFLICT)


@click.command("who")
@click.argument("place")
@json_option
def who(place: str, as_json: bool) -> None:
    """Say which agent, turn and prompt wrote PLACE (path or path:line)."""
    path, colon, line = place.rpartition(":")
    if not colon or not line.isdigit():
        path, line = place, ""
    number = int(line) if line else None
    with session() as daemon:
        found = daemon.call(
            "athena/line/authors", path=str(Path(path).resolve()), start=number, end=number
        )
    if as_json:
        tell_json(found)
        return
    if not found["runs"]:
        out.print("No agent that is known here wrote it.", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("lines", "agent", "turn", "harness", "ago", "cost", "prompt"):
        table.add_column(column)
    for run in found["runs"]:
        lines = f"{run['start']}" + ("" if run["start"] == run["end"] else f"-{run['end']}")
        asked = " ".join(run["prompt"].split())
        table.add_row(
            lines,
            run["agentName"],
            run["turnId"],
            run["harness"],
            words.ago(run["at"]),
            words.money(run.get("cost")),
            asked[:60],
        )
    out.print(table)
