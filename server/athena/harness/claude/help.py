"""What `claude --help` tells of a version: its options, and the choices of some."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from athena.protocol.capability import Ability, Capabilities, Choice

OPTION = re.compile(r"^  (?:-\w, )?(--[\w-]+)((?:, --[\w-]+)*)", re.MULTILINE)
CHOICES = re.compile(r'"([\w-]+)"')


@dataclass(frozen=True, slots=True)
class Help:
    """Names without dashes; `choices` of the options that have them."""

    options: tuple[str, ...]
    choices: Mapping[str, Sequence[str]]


def read_help(text: str) -> Help:
    """Read the text of the help."""
    found = list(OPTION.finditer(text))
    names: list[str] = []
    choices: dict[str, Sequence[str]] = {}
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        own = [match[1], *match[2].split(", ")]
        names += [name.removeprefix("--") for name in own if name]
        listed = re.search(r"\(choices:(.*?)(?:default:|preset:|\))", text[match.end() : end], re.S)
        if listed is not None:
            choices[match[1].removeprefix("--")] = CHOICES.findall(listed[1])
    return Help(tuple(names), choices)


def known_from(help_: Help) -> Capabilities:
    """The abilities that the options stand for: a version without the option has them not."""

    def has(name: str) -> Ability:
        if not help_.options:
            return Ability.UNKNOWN
        return Ability.YES if name in help_.options else Ability.NO

    # The command line's `manual` is the mode that sessions call `default`.
    named = help_.choices.get("permission-mode", ())
    modes = ["default" if name == "manual" else name for name in named]
    return Capabilities(
        resume=has("resume"),
        load=has("resume"),
        fork=has("fork-session"),
        mcp=has("mcp-config"),
        output_schema=has("json-schema"),
        sandbox=Ability.UNKNOWN,
        modes=[Choice(id=name, name=name) for name in modes],
    )
