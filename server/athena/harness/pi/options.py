"""pi's command line, from what is wanted of an agent."""

from __future__ import annotations

from collections.abc import Mapping

from athena.harness.driver import Launch
from athena.harness.takes import Takes, read

OPTIONS: Mapping[str, Takes] = {
    "append-system-prompt": Takes.TEXTS,
    "extension": Takes.TEXTS,
    "no-builtin-tools": Takes.FLAG,
    "no-context-files": Takes.FLAG,
    "no-extensions": Takes.FLAG,
    "no-prompt-templates": Takes.FLAG,
    "no-session": Takes.FLAG,
    "no-skills": Takes.FLAG,
    "no-tools": Takes.FLAG,
    "offline": Takes.FLAG,
    "prompt-template": Takes.TEXTS,
    "provider": Takes.TEXT,
    "session-dir": Takes.TEXT,
    "skill": Takes.TEXTS,
    "system-prompt": Takes.TEXT,
    "thinking": Takes.TEXT,
    "tools": Takes.TEXTS,
}
"""Options of a spawn that are options of the command line, and what they take. Those about sessions
and about pi's own interface are no matter of a spawn, and a key is none of a command line."""

TOOLS = "tools"
"""The option whose texts are one word, with commas between them; an empty one is no tool."""

READING_TOOLS = ("read", "grep", "find", "ls")
"""What a read-only agent is given."""


def arguments(launch: Launch) -> list[str]:
    """The words of the command line. `ValueError` in words for options that make no sense."""
    spec = launch.spec
    if spec.mode is not None:
        raise ValueError(
            f"pi has no mode {spec.mode!r}: what it may do is for its tools and its extensions."
        )
    words: list[str] = []
    if launch.resume is not None:
        words += ["--fork" if launch.fork else "--session", launch.resume]
    if spec.model:
        words += ["--model", spec.model]
    if spec.instructions:
        words += ["--append-system-prompt", spec.instructions]
    given = dict(spec.options)
    if spec.readonly:
        given[TOOLS] = list(READING_TOOLS)
    elif spec.allowed_tools is not None:
        given.setdefault(TOOLS, spec.allowed_tools)
    for name, value in given.items():
        words += _option(name, value)
    return words


def _option(name: str, value: object) -> list[str]:
    takes = OPTIONS.get(name)
    if takes is None:
        raise ValueError(f"pi has no option {name!r}. There are: {', '.join(OPTIONS)}.")
    wanted = read(takes, value)
    if wanted is None:
        raise ValueError(f"pi's option {name!r} takes {takes}, not {value!r}.")
    if takes is Takes.FLAG:
        return [f"--{name}"] if wanted else []
    if name == TOOLS:
        return [f"--{name}", ",".join(wanted)]
    values = wanted if takes is Takes.TEXTS else [wanted]
    return [word for one in values for word in (f"--{name}", one)]
