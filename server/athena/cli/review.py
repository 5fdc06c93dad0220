"""`athena diff`, `review`, `who`: what agents changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.syntax import Syntax

from athena.cli import completing, options, words
from athena.cli.advice import quoted
from athena.cli.groups import Suggesting, meant
from athena.cli.landing import need_no_conflicts, tell_applied
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
from athena.cli.patch import patch_of
from athena.cli.session import Session, session
from athena.cli.turns import turn_id
from athena.protocol.counted import counted

SCOPES = click.Choice(["base", "turn", "agent"])
scope_option = click.option(
    "--scope",
    type=SCOPES,
    default="base",
    show_default=True,
    help="All against the base, one turn, or what its turns alone changed.",
)
which_turn = options.turn("Only what this turn changed: its number, or its id.")
SIGNS = {"added": "A", "modified": "M", "deleted": "D", "renamed": "R", "typeChanged": "T"}
MOST_FILES = 10_000
"""Files that are shown with their hunks; of those behind only the names are."""
MARKS = {"accepted": "[green]✓[/]", "rejected": "[red]✗[/]", "open": " "}


@click.command("diff")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("paths", nargs=-1, shell_complete=completing.changed_files)
@scope_option
@which_turn
@options.repository
@click.option(
    "--unified",
    "-U",
    "context",
    metavar="LINES",
    default=3,
    show_default=True,
    help="How many lines to show around each hunk.",
)
@click.option("--stat", is_flag=True, help="Only the files.")
@json_option
def diff(
    agent: str,
    paths: tuple[str, ...],
    scope: str,
    turn: str | None,
    repository: str | None,
    context: int,
    stat: bool,
    as_json: bool,
) -> None:
    """Show what AGENT changed, or PATHS of it (files and folders).

    Each hunk has an id behind its `@@`, which `athena review` takes.
    """
    with session() as daemon:
        which = which_of(daemon, agent, scope, turn, repository)
        wanted = 0 if stat else MOST_FILES
        found = daemon.call("athena/changeset/get", **which, details=wanted)
        details = [f for f in found.pop("details", ()) if not paths or _is_in(f["path"], paths)]
        chosen = [f for f in found["files"] if not paths or _is_in(f["path"], paths)]
        if as_json:
            tell_json({**found, "files": details or chosen})
            return
        _need_known(found["files"], paths)
        for f in chosen:
            _tell_file(f)
        for detail in details:
            if detail["hunkList"]:
                _tell_patch(daemon, which, detail, max(0, context))
        elsewhere = [] if repository or paths else _changed_elsewhere(daemon, which)
    if not chosen and not elsewhere:
        say("Nothing is changed.", style="dim")
    for name, files in elsewhere:
        say(
            f"{counted(files, 'file')} in {name}: athena diff {quoted(agent)} -R {quoted(name)}",
            style="dim",
        )


def _changed_elsewhere(daemon: Session, which: dict[str, str | None]) -> list[tuple[str, int]]:
    """The other repositories of an agent in which something is changed, and how many files."""
    place = words.part(daemon.call("athena/agent/get", agent=which["agent"]), "workspace")
    found: list[tuple[str, int]] = []
    for other in words.others(place):
        asked = {**which, "repository": other["name"]}
        files = daemon.call("athena/changeset/get", **asked)["files"]
        found += [(other["name"], len(files))] if files else []
    return found


def _is_in(path: str, paths: Iterable[str]) -> bool:
    """Whether a path is one of some, or in a folder that is."""
    return any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in paths)


def _need_known(files: list[dict[str, Any]], paths: tuple[str, ...]) -> None:
    """Refuse a path in which nothing is changed: it may be mistyped."""
    for path in paths:
        if not any(_is_in(f["path"], [path]) for f in files):
            near = meant(path, [f["path"] for f in files])
            raise Failure(f"Nothing is changed in {path}.{near}", Exit.NOT_FOUND)


def _tell_file(f: dict[str, Any]) -> None:
    plus, minus = f.get("additions"), f.get("deletions")
    count = "binary" if f["binary"] else f"[green]+{plus}[/] [red]-{minus}[/]"
    sign = f"{MARKS[f['verdict']]} {SIGNS.get(f['status'], '?')}"
    out.print(f"{sign} {escape(name_of(f))}  {count}{mode_of(f)}", soft_wrap=True)


def _tell_patch(
    daemon: Session, which: dict[str, str | None], detail: dict[str, Any], context: int
) -> None:
    old = ""
    if context and detail["status"] != "added":
        side = daemon.call("athena/changeset/text", **which, path=detail["path"], side="old")
        old = side["text"]
    text = patch_of(detail, old.splitlines(), context)
    if is_seen():
        out.print(Syntax(text, "diff", theme="ansi_dark", word_wrap=True))
    else:
        say(text)


def which_of(
    daemon: Session, agent: str, scope: str, turn: str | None, repository: str | None
) -> dict[str, str | None]:
    """The parameters that name a changeset."""
    return {
        "agent": agent,
        "scope": "turn" if turn else scope,
        "turnId": turn_id(daemon, agent, turn),
        "repository": repository,
    }


def name_of(file: dict[str, Any]) -> str:
    """The path of a changed file, and the one it had."""
    old = file.get("oldPath")
    return f"{old} → {file['path']}" if old and old != file["path"] else str(file["path"])


def mode_of(file: dict[str, Any]) -> str:
    """The change of a file's mode, if it changed."""
    old, new = file.get("oldMode"), file.get("newMode")
    return f"  mode {old} → {new}" if old and new and old != new else ""


@click.group("review", cls=Suggesting)
def review() -> None:
    """Accept, reject and comment on what an agent changed; take what was accepted."""


def _verdict(name: str, verdict: str, help_: str) -> None:
    @review.command(name, help=help_)
    @click.argument("agent", shell_complete=completing.agents)
    @click.argument("path", required=False, shell_complete=completing.changed_files)
    @click.option(
        "--hunk",
        "hunks",
        metavar="ID",
        multiple=True,
        shell_complete=completing.hunks,
        help="Only this hunk of PATH: the id that `athena diff` shows, or its beginning.",
    )
    @scope_option
    @which_turn
    @options.repository
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
        with session() as daemon:
            which = which_of(daemon, agent, scope, turn, repository)
            ids = _hunk_ids(daemon, which, path, hunks) if hunks else None
            done = daemon.call(
                "athena/review/verdict", **which, path=path, hunkIds=ids, verdict=verdict
            )
        if as_json:
            tell_json(done)
            return
        what = path or "All changes"
        if hunks:
            what = f"{counted(len(hunks), 'hunk')} of {path}"
        state = {"open": "open again"}.get(verdict, verdict)
        say(f"{what}: {state}.{_after(verdict, agent)}")

    assert command is not None


def _after(verdict: str, agent: str) -> str:
    """What one does with what was accepted."""
    name = quoted(agent)
    return f" To take it: athena review apply {name}" if verdict == "accepted" else ""


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
            count = "no hunk" if not fits else f"{len(fits)} hunks"
            told = ", ".join(h[:12] for h in known)
            raise Failure(f"{wanted!r} names {count} of {path}: {told}", Exit.NOT_FOUND)
        found += fits
    return found


_verdict("accept", "accepted", "Accept all of AGENT's changes, those of PATH, or hunks of it.")
_verdict("reject", "rejected", "Reject changes: they are left out when the work is taken.")
_verdict("reopen", "open", "Take back a verdict.")


@review.command("comment")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("place", shell_complete=completing.changed_files)
@click.argument("text", nargs=-1, required=True)
@click.option("--send", is_flag=True, help="Tell the agent at once.")
@options.repository
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
        _need_file(daemon, agent, path, repository)
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
    elif send:
        say(f"{agent} is told: athena watch {quoted(agent)}")
    else:
        say(f"It waits with the others until you send them: athena review send {quoted(agent)}")


def _need_file(daemon: Session, agent: str, path: str, repository: str | None) -> None:
    """Refuse a path that is neither in the agent's worktree nor changed: it may be mistyped."""
    place = words.part(daemon.call("athena/agent/get", agent=agent), "workspace")
    roots = {None: place.get("path")} | {o["name"]: o["path"] for o in words.others(place)}
    root = roots.get(repository)
    if root is None or not Path(root).is_dir() or Path(root, path).exists():
        return
    which = {"agent": agent, "repository": repository}
    changed = [f["path"] for f in daemon.call("athena/changeset/get", **which)["files"]]
    if path not in changed:
        raise Failure(f"{agent} has no file {path}.{meant(path, changed)}", Exit.NOT_FOUND)


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
        place = f"{c['path']}:{c['line']}" if c["line"] else c["path"]
        said = escape(f"{place}  {c['text']}")
        name = c["commentId"] if agent is None else _number(c)
        out.print(f"{name:<4} [dim]{c['state']:<8}[/] {said}", soft_wrap=True)
    if not found["comments"]:
        say("There are no comments.", style="dim")


@review.command("resolve")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("comment", shell_complete=completing.comments)
@json_option
def resolve(agent: str, comment: str, as_json: bool) -> None:
    """Be done with a COMMENT: its id in `athena review comments`."""
    with session() as daemon:
        found = daemon.call("athena/review/listComments", agent=agent)["comments"]
        ids = [c["commentId"] for c in found if comment in (c["commentId"], _number(c))]
        done = daemon.call(
            "athena/review/resolve", agent=agent, commentId=ids[0] if ids else comment
        )
    if as_json:
        tell_json(done)
    else:
        say(f"Comment {comment} of {agent} is resolved.")


def _number(comment: dict[str, Any]) -> str:
    """What a comment is called among those of its agent: `c1`, `c2`, …"""
    return str(comment["commentId"]).rpartition(".")[2]


@review.command("send")
@click.argument("agent", shell_complete=completing.agents)
@json_option
def send(agent: str, as_json: bool) -> None:
    """Send the pending comments to AGENT as one prompt."""
    with session() as daemon:
        done = daemon.call("athena/review/send", agent=agent)
    if as_json:
        tell_json(done)
    else:
        say(f"{agent} has them: athena watch {quoted(agent)}")


@review.command("apply")
@click.argument("agent", shell_complete=completing.agents)
@click.argument("paths", nargs=-1, shell_complete=completing.changed_files)
@options.into("A branch that is checked out somewhere; else the project's own files.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@scope_option
@which_turn
@options.repository
@json_option
def apply(
    agent: str,
    paths: tuple[str, ...],
    into: str | None,
    dry_run: bool,
    scope: str,
    turn: str | None,
    repository: str | None,
    as_json: bool,
) -> None:
    """Put what was accepted of AGENT's changes (or PATHS) into the project's files.

    Nothing is committed. `athena undo` takes it back.
    """
    with session() as daemon:
        done = daemon.call(
            "athena/review/apply",
            **which_of(daemon, agent, scope, turn, repository),
            target=into or "project",
            paths=list(paths) or None,
            dryRun=dry_run,
        )
    where = f"the files of {into}" if into else "the project's files"
    tell_applied(done, agent, f"applied to {where}", repository, dry_run=dry_run)
    need_no_conflicts(done, dry_run)


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
    made = table("lines", "agent", "turn", "ago", "cost", "prompt", cut=("prompt",))
    for run in found["runs"]:
        lines = f"{run['start']}" + ("" if run["start"] == run["end"] else f"-{run['end']}")
        made.add_row(
            lines,
            escape(run["agentName"]),
            run["turnId"].rpartition(".t")[2],
            words.ago(run["at"]),
            words.money(run.get("cost")),
            short(run["prompt"]),
        )
    tell_table(made)
