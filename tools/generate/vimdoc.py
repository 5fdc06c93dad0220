"""Neovim's help on all commands and events, and the tags of all its help."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby

from athena.protocol.command import Argument, Command, Source
from tools.generate import MARK, commands
from tools.generate import model as m

WIDTH = 78
INDENT = " " * 8
RULE = "=" * WIDTH
TAG = re.compile(r"(?<!\S)\*([^*\s|]+)\*(?!\S)")

FROM_PLACE = frozenset(
    (
        Source.DOCUMENT,
        Source.DOCUMENT_TEXT,
        Source.FIRST_LINE,
        Source.LAST_LINE,
        Source.SELECTION,
    )
)
"""What Neovim takes from where the cursor is, and nobody types."""

AGENTS = frozenset((Source.AGENT, Source.AGENTS))

HEAD = f"""\
*athena-commands.txt*   Every command and event of Athena's, for reference

{MARK}

How commands are typed is in |athena-commands|. Each also is a mapping,
`<Plug>(athena-{{word}})`; "Key" is the one that follows the option `prefix`.
What is not given, and is needed, is asked for.
"""


def render(model: m.Model) -> str:
    """`athena-commands.txt`."""
    parts = [HEAD]
    for category, rows in groupby(model.commands, key=lambda command: command.category):
        parts.append(_heading(category.upper(), f"athena-commands-{category.lower()}"))
        parts += [_command(model, command) for command in rows]
    parts.append(_heading("EVENTS", "athena-event-kinds"))
    parts.append("Each is a |User| autocommand; |athena-events| says how it is used.\n")
    parts += [_event(model, event) for event in model.events]
    return "\n".join(parts) + "\n vim:tw=78:ts=8:noet:ft=help:norl:\n"


def tags(pages: Mapping[str, str]) -> str:
    """What `:helptags` makes of help pages, by their names."""
    found = {tag: name for name, text in pages.items() for tag in TAG.findall(text)}
    return "".join(
        f"{tag}\t{found[tag]}\t/*{tag.replace(chr(92), chr(92) * 2).replace('/', chr(92) + '/')}*\n"
        for tag in sorted(found)
    )


def _heading(title: str, tag: str) -> str:
    return f"{RULE}\n{title}{f'*{tag}*':>{WIDTH - len(title)}}\n"


def _command(model: m.Model, command: Command) -> str:
    lines = [f"{f'*:Athena-{command.word}*':>{WIDTH}}", *_usage(command)]
    lines += textwrap.wrap(command.summary, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    for argument in command.arguments:
        if argument.source in FROM_PLACE | AGENTS:
            continue
        values = ", ".join(commands.choices(model, command, argument))
        about = argument.title + (f": {values}" if values else "")
        first = f"{INDENT}{argument.name + '=':<14} "
        lines += textwrap.wrap(
            about, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)
        )
    if command.key:
        lines.append(f"{INDENT}Key: {command.key}")
    return "\n".join(lines) + "\n"


def _usage(command: Command) -> Iterator[str]:
    """The command line: the agent first, what is named, then the text."""
    words = [*_words(command)]
    first = f":Athena {command.word} "
    line = " ".join(words)
    yield from textwrap.wrap(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    ) or [first.rstrip()]


def _words(command: Command) -> Iterator[str]:
    typed = [a for a in command.arguments if a.source not in FROM_PLACE]
    text = _text(typed)
    for argument in typed:
        if argument.source in AGENTS:
            yield "{agent} {agent} ..." if argument.source is Source.AGENTS else "[{agent}]"
        elif argument is not text:
            yield f"[{argument.name}=]"
    if text:
        yield f"[{{{text.name}}}]"


def _text(typed: list[Argument]) -> Argument | None:
    """What takes the words that have no name: the first text that is needed, or else a prompt."""
    needed = [a for a in typed if a.required and a.source not in AGENTS]
    return next(iter([*needed, *(a for a in typed if a.source is Source.PROMPT)]), None)


def _event(model: m.Model, event: m.EventKind) -> str:
    name = f"AthenaEvent{event.kind[:1].upper()}{event.kind[1:]}"
    doc = model.structure(event.data).doc.partition("\n\n")[0].replace("\n", " ")
    about = textwrap.wrap(doc, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join([f"{f'*{name}*':>{WIDTH}}", name, *about]) + "\n"
