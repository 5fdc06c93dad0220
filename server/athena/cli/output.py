"""What every command shares: JSON or words, colours where there is a terminal, exit codes."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from threading import Timer
from typing import Any, cast

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from athena.protocol.errors import AthenaError, ErrorCode


class Exit(IntEnum):
    """Exit codes. 2 is click's own for wrong usage."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    NO_DAEMON = 5
    HARNESS = 6
    LOG = 7
    AGENT_FAILED = 8
    INTERRUPTED = 130


EXIT_OF: dict[int, Exit] = {
    ErrorCode.INVALID_PARAMS: Exit.USAGE,
    ErrorCode.NOT_FOUND: Exit.NOT_FOUND,
    ErrorCode.AMBIGUOUS: Exit.NOT_FOUND,
    ErrorCode.CONFLICT: Exit.CONFLICT,
    ErrorCode.WRONG_STATE: Exit.CONFLICT,
    ErrorCode.REFUSED: Exit.CONFLICT,
    ErrorCode.HARNESS_UNAVAILABLE: Exit.HARNESS,
    ErrorCode.NOT_CAPABLE: Exit.HARNESS,
    ErrorCode.LOG_UNAVAILABLE: Exit.LOG,
}

EXIT_OF_KIND: dict[str, Exit] = {
    "unknownRevision": Exit.NOT_FOUND,
    "targetBusy": Exit.CONFLICT,
    "targetMoved": Exit.CONFLICT,
    "changedMeanwhile": Exit.CONFLICT,
    "nothingToDo": Exit.CONFLICT,
    "conflicted": Exit.CONFLICT,
    "lockHeld": Exit.CONFLICT,
}
"""What git refused, by the `kind` in the error's data."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


MOMENT = 0.5
"""Seconds after which something takes long."""

TOOL_LINES = 30
"""How much is shown of what a tool printed; --json has all of it."""

WIDE = 10_000
"""Columns of what a program reads, so that nothing of it is cut off or broken."""


def is_seen() -> bool:
    """Whether somebody looks at a terminal of a known width; else whole lines are of more use."""
    return out.is_terminal or "COLUMNS" in os.environ


def tell_table(made: Table) -> None:
    """A table, as wide as the terminal; where nobody looks, as its contents, without blanks."""
    if out.is_terminal:
        out.print(made)
        return
    page = Console(width=out.width if is_seen() else WIDE, highlight=False, color_system=None)
    with page.capture() as captured:
        page.print(made)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def table(*columns: str, cut: tuple[str, ...] = ()) -> Table:
    """A table for `tell_table`. Where there is no room, columns in `cut` are cut short; their cells
    are made by `short`.

    Without names there is no line of names.
    """
    made = Table(box=None, pad_edge=False, header_style="dim", show_header=any(columns))
    for column in columns:
        header = Text(column, no_wrap=True, overflow="ellipsis")
        made.add_column(header, overflow="ellipsis", no_wrap=column not in cut)
    return made


def short(words: str) -> Text:
    """A cell on one line, cut short where there is no room."""
    return Text(" ".join(words.split()), no_wrap=True, overflow="ellipsis")


SIGNS = {
    "ok": "[green]✓[/]",
    "absent": "[dim]–[/]",
    "warning": "[yellow]![/]",
    "error": "[red]✗[/]",
}


def tell_finding(level: str, name: str, words: str, hint: str | None) -> None:
    """Something that was looked at, and below it what to do about it."""
    out.print(f"{SIGNS[level]} [bold]{escape(name)}[/]  {escape(words)}", soft_wrap=True)
    if hint:
        say(f"    {hint}", style="dim")


def say(words: str, style: str | None = None) -> None:
    """A line as it stands: whatever is in it, and however long it is."""
    out.print(words, style=style, markup=False, soft_wrap=True)


class Failure(click.ClickException):
    """An error in words, with the exit code it ends the command with."""

    def __init__(
        self,
        message: str,
        code: Exit = Exit.FAILED,
        data: object = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.exit_code = int(code)  # pyright: ignore[reportAttributeAccessIssue]
        self.data = data
        self.hint = hint
        # It is shown when the command's context is gone.
        self.as_json = wants_json()

    def show(self, file: object = None) -> None:
        """Say it on stderr; with --json as an object."""
        if self.as_json:
            told: dict[str, object] = {
                "message": self.message,
                "exitCode": self.exit_code,
                "data": self.data,
            }
            if self.hint:
                told["hint"] = self.hint
            sys.stderr.write(json.dumps({"error": told}) + "\n")
        else:
            err.print("[bold red]athena:[/]", escape(self.message), soft_wrap=True)
            for line in _printed(self.data):
                err.print(f"  {line}", markup=False, soft_wrap=True, style="dim")
            for line in (self.hint or "").splitlines():
                err.print(f"  {line}", markup=False, soft_wrap=True)


def _printed(data: object) -> list[str]:
    """The last lines that git, a hook or another tool printed, where an error holds them."""
    text = cast("dict[str, Any]", data).get("stderr") if isinstance(data, dict) else None
    return text.strip().splitlines()[-TOOL_LINES:] if isinstance(text, str) else []


def run(command: click.Command) -> int:
    """Run the command line. Whatever fails is told, in words or in JSON, with its exit code."""
    _replace_what_has_no_code()
    try:
        result: object = command.main(prog_name="athena", standalone_mode=False)
        sys.stdout.flush()
    except Failure as failure:
        failure.show()
        return failure.exit_code
    except click.UsageError as error:
        return _misused(error)
    except click.Abort:
        return Exit.INTERRUPTED
    except AthenaError as error:
        # Some verbs read settings themselves, without the daemon.
        failure = Failure(error.message, EXIT_OF.get(error.code, Exit.FAILED), error.data)
        failure.as_json = asks_for_json(sys.argv[1:])
        failure.show()
        return failure.exit_code
    except (OSError, UnicodeError) as error:
        # What could not be written is not tried again at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        failure = Failure(_in_words(error))
        failure.as_json = asks_for_json(sys.argv[1:])
        failure.show()
        return failure.exit_code
    return result if isinstance(result, int) else Exit.OK


def _replace_what_has_no_code() -> None:
    """A sign that the user's encoding has no code for becomes a question mark, and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _misused(error: click.UsageError) -> int:
    """A command that was not understood: click's own words, or the same in JSON."""
    if not asks_for_json(sys.argv[1:]):
        error.show()
        return Exit.USAGE
    usage = error.ctx.get_usage().removeprefix("Usage: ") if error.ctx else "athena --help"
    failure = Failure(error.format_message(), Exit.USAGE, {"usage": usage})
    failure.as_json = True
    failure.show()
    return Exit.USAGE


def _in_words(error: OSError | UnicodeError) -> str:
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}"
    return str(error)


def asks_for_json(arguments: list[str]) -> bool:
    """Whether a command line that may not be understood has the option `--json`."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def wants_json() -> bool:
    """Whether the command was asked for JSON."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if context.params.get("as_json"):
            return True
        context = context.parent
    return False


def tell_json(value: object) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def tell_json_line(value: object) -> None:
    """One line of JSON, written at once: for streams."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@contextmanager
def waiting() -> Generator[None]:
    """Show that something goes on, where somebody looks and it takes longer than a moment."""
    context = click.get_current_context(silent=True)
    if not err.is_terminal or wants_json() or context is None:
        yield
        return
    sign = err.status(f"[dim]{escape(context.command_path)} …[/]")
    timer = Timer(MOMENT, sign.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        sign.stop()


@contextmanager
def interruptible() -> Generator[None]:
    """Ctrl-C ends a command that waits, with its own exit code and no traceback."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
"""Every verb has it."""
