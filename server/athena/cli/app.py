"""The `athena` command: its verbs, imported only when they are used."""

from __future__ import annotations

import importlib
import os

import click

from athena import __version__
from athena.cli.groups import Suggesting

SECTIONS: dict[str, dict[str, tuple[str, str, str]]] = {
    "Work with agents": {
        "spawn": ("athena.cli.agents", "spawn", "Start a new agent."),
        "prompt": ("athena.cli.agents", "prompt", "Give an agent a prompt."),
        "steer": ("athena.cli.agents", "steer", "Send a prompt into an agent's running turn."),
        "inbox": ("athena.cli.inbox", "inbox", "Show what agents ask of you."),
        "answer": ("athena.cli.inbox", "answer", "Answer a permission request or a question."),
        "agent": ("athena.cli.agents", "group", "Agents: stop, resume, rename, move, and more."),
    },
    "See what they do": {
        "ls": ("athena.cli.agents", "list_", "Show the agents."),
        "watch": ("athena.cli.watch", "watch", "Show what agents do, as it happens."),
        "transcript": ("athena.cli.transcript", "transcript", "Show what an agent said and did."),
        "compare": ("athena.cli.sums", "compare", "Show agents side by side."),
        "cost": ("athena.cli.sums", "cost", "Show what agents cost."),
    },
    "Take what they did": {
        "diff": ("athena.cli.review", "diff", "Show what an agent changed."),
        "review": ("athena.cli.review", "review", "Accept, reject, comment on, apply changes."),
        "merge": ("athena.cli.landing", "merge", "Bring an agent's work into a branch."),
        "publish": (
            "athena.cli.landing",
            "publish",
            "Push an agent's branch; open a pull request.",
        ),
        "undo": ("athena.cli.landing", "undo", "Take back a merge, what was applied, or a revert."),
        "revert": ("athena.cli.landing", "revert", "Take back what an agent changed in its tree."),
        "who": ("athena.cli.review", "who", "Say which agent, turn and prompt wrote a line."),
        "workspace": (
            "athena.cli.workspace",
            "workspace",
            "Worktrees, and lost work brought back.",
        ),
    },
    "Set up": {
        "doctor": ("athena.cli.doctor", "doctor", "Say what is missing here and how to get it."),
        "demo": ("athena.cli.demo", "demo", "Show two agents at work in a sample repository."),
        "harness": ("athena.cli.harness", "harness", "Harnesses: the programs that do the work."),
        "archetype": ("athena.cli.catalog", "archetype", "Archetypes: kinds of agents."),
        "permission": ("athena.cli.permission", "permission", "Rules that answer for you."),
        "session": ("athena.cli.outside", "group", "Sessions made outside: import and adopt them."),
        "completion": ("athena.cli.completion", "completion", "Print the shell completion."),
    },
    "Data and daemon": {
        "event": ("athena.cli.catalog", "event", "Events: the log itself."),
        "export": ("athena.cli.data", "export", "Write all data to a file."),
        "import": ("athena.cli.data", "import_", "Fill an empty state directory from an export."),
        "db": ("athena.cli.data", "db", "The database: verify and back up."),
        "daemon": ("athena.cli.daemon", "group", "The daemon: status, start, stop, restart."),
    },
    "For programs": {
        "lsp": ("athena.cli.programs", "lsp", "Be a language server (for editors)."),
        "headless": ("athena.cli.programs", "headless", "Speak JSON-RPC on stdio (for scripts)."),
        "scripted": ("athena.cli.programs", "scripted", "Be the scripted harness (speaks ACP)."),
        "dev": ("athena.cli.dev", "dev", "For those who work on Athena itself."),
    },
}
"""The verbs in the order of the help: module, attribute, one line."""

VERBS = {name: row for section in SECTIONS.values() for name, row in section.items()}


class Lazy(Suggesting):
    """A group whose commands are imported when they are run, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, attribute, _ = VERBS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing any of them."""
        width = max(map(len, VERBS))
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", row[2]) for name, row in section.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="athena")
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False),
    help="Where the database and the runs are; else $ATHENA_STATE_DIR.",
)
def app(state_dir: str | None) -> None:
    """Run coding agents side by side, each in its own git worktree.

    Start with: athena spawn "what to do" --watch

    Each verb has --help, and --json for scripts. Try it all without a key: athena demo
    """
    if state_dir:
        os.environ["ATHENA_STATE_DIR"] = state_dir
