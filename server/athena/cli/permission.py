"""`athena permission …`: what agents ask, and rules that answer."""

from __future__ import annotations

from typing import Any

import click
from rich.markup import escape

from athena.cli import completing, options, words
from athena.cli.advice import quoted
from athena.cli.groups import Suggesting
from athena.cli.inbox import answer, inbox
from athena.cli.output import json_option, out, say, tell_json
from athena.cli.session import session


@click.group("permission", cls=Suggesting)
def permission() -> None:
    """Permissions: what waits, and rules that answer for you."""


permission.add_command(inbox, "list")
permission.add_command(answer, "answer")


@permission.command("rules")
@options.project()
@json_option
def rules(project: str | None, as_json: bool) -> None:
    """Show the rules in force, and the files they are in."""
    with session() as daemon:
        found = daemon.call("athena/rule/list", project=project)
    if as_json:
        tell_json(found)
        return
    for number, rule in enumerate(found["rules"]):
        out.print(f"{number:>3}  {escape(_said(rule))}  [dim]{rule['source']}[/]", soft_wrap=True)
    if not found["rules"]:
        say("No rule is set: what agents ask waits for you.")
    for file in found["files"]:
        say(f"(read from {file})", style="dim")


def _said(rule: dict[str, Any]) -> str:
    """A rule on a line, as `add-rule` takes it."""
    of = " ".join(
        f"--{k} {quoted(rule[k])}"
        for k in ("tool", "name", "path", "command", "host")
        if rule.get(k)
    )
    return f"{rule['decision']:<6} {of}"


@permission.command("add-rule")
@click.argument("decision", type=click.Choice(["allow", "reject", "ask"]))
@click.option(
    "--tool",
    metavar="KIND",
    type=click.Choice(list(words.TOOL_SIGNS)),
    help=f"The kind of tool: {', '.join(words.TOOL_SIGNS)}.",
)
@click.option("--name", metavar="NAME", help="The tool's name, as its harness calls it.")
@click.option("--command", metavar="GLOB", help="What the command line is like: 'git *'.")
@click.option("--path", metavar="GLOB", help="What the files are like, from the workspace.")
@click.option("--host", metavar="GLOB", help="What the host is like.")
@click.option("--everywhere", is_flag=True, help="In all projects.")
@options.project()
@json_option
def add(
    decision: str,
    tool: str | None,
    name: str | None,
    command: str | None,
    path: str | None,
    host: str | None,
    everywhere: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Add a rule in front of the others."""
    given = {"tool": tool, "name": name, "command": command, "path": path, "host": host}
    rule = {
        "decision": decision,
        "source": "user" if everywhere else "project",
        **{k: v for k, v in given.items() if v},
    }
    with session() as daemon:
        found = daemon.call("athena/rule/add", rule=rule, project=project)
    if as_json:
        tell_json(found)
    else:
        say("Added. All that are in force: athena permission rules")


@permission.command("remove-rule")
@click.argument("number", type=int, shell_complete=completing.rules)
@options.project()
@json_option
def remove_rule(number: int, project: str | None, as_json: bool) -> None:
    """Remove the rule with this NUMBER in `athena permission rules`."""
    with session() as daemon:
        found = daemon.call("athena/rule/remove", index=number, project=project)
    if as_json:
        tell_json(found)
    else:
        say(f"Removed rule {number}. Those behind it have other numbers now.")
