"""The command-line options of Claude Code, as they may stand in a spawn's `options`.

Names are Claude Code's own, without the dashes (`max-budget-usd`; `max_budget_usd` and the
camelCase form are understood too). One table says which there are and what each takes, another one
which of them cannot be given and what to do instead. Together they are all that its help lists
(`tests/harnesses/test_detection.py` looks).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from athena.harness.takes import Takes, read


@dataclass(frozen=True, slots=True)
class CliOption:
    """An option. `hidden` ones exist but are not listed in the help.

    `repeated`: the option comes again before each of several values. `alone`: it may also come
    without its value, for `true`. `empty`: no value at all says something, too.
    """

    name: str
    takes: Takes
    hidden: bool = False
    repeated: bool = False
    alone: bool = False
    empty: bool = False


FLAG, TEXT, NUMBER, TEXTS = Takes.FLAG, Takes.TEXT, Takes.NUMBER, Takes.TEXTS
DOCUMENT, DOCUMENTS = Takes.DOCUMENT, Takes.DOCUMENTS

OPTIONS: Mapping[str, CliOption] = {
    option.name: option
    for option in (
        CliOption("add-dir", TEXTS, repeated=True),
        CliOption("advisor", TEXT, hidden=True),
        CliOption("agent", TEXT),
        CliOption("agents", DOCUMENT),
        CliOption("allow-dangerously-skip-permissions", FLAG),
        CliOption("allowed-tools", TEXTS),
        CliOption("append-subagent-system-prompt", TEXT, hidden=True),
        CliOption("append-subagent-system-prompt-file", TEXT, hidden=True),
        CliOption("append-system-prompt", TEXT),
        CliOption("append-system-prompt-file", TEXT, hidden=True),
        CliOption("autocompact", TEXT),
        CliOption("bare", FLAG),
        CliOption("betas", TEXTS),
        CliOption("brief", FLAG),
        CliOption("chrome", FLAG),
        CliOption("dangerously-skip-permissions", FLAG),
        CliOption("debug", TEXT, alone=True),
        CliOption("debug-file", TEXT),
        CliOption("disable-slash-commands", FLAG),
        CliOption("disallowed-tools", TEXTS),
        CliOption("effort", TEXT),
        CliOption("exclude-dynamic-system-prompt-sections", FLAG),
        CliOption("fallback-model", TEXT),
        CliOption("fast-mode", TEXT, hidden=True),
        CliOption("file", TEXTS, repeated=True),
        CliOption("forward-subagent-text", FLAG),
        CliOption("ide", FLAG),
        CliOption("include-hook-events", FLAG),
        CliOption("init", FLAG, hidden=True),
        CliOption("json-schema", DOCUMENT),
        CliOption("maintenance", FLAG, hidden=True),
        CliOption("managed-settings", DOCUMENT, hidden=True),
        CliOption("max-budget-usd", NUMBER),
        CliOption("max-thinking-tokens", NUMBER, hidden=True),
        CliOption("max-turns", NUMBER, hidden=True),
        CliOption("mcp-config", DOCUMENTS, repeated=True),
        CliOption("name", TEXT),
        CliOption("no-chrome", FLAG),
        CliOption("no-session-persistence", FLAG),
        CliOption("permission-prompts", TEXT),
        CliOption("plan-mode-instructions", TEXT, hidden=True),
        CliOption("plugin-dir", TEXTS, repeated=True),
        CliOption("plugin-dir-no-mcp", TEXTS, repeated=True, hidden=True),
        CliOption("plugin-url", TEXTS, repeated=True),
        CliOption("prompt-suggestions", TEXT, alone=True),
        CliOption("restricted", FLAG),
        CliOption("safe-mode", FLAG),
        CliOption("setting-sources", TEXTS, empty=True),
        CliOption("settings", DOCUMENT),
        CliOption("strict-mcp-config", FLAG),
        CliOption("system-prompt", TEXT),
        CliOption("system-prompt-file", TEXT, hidden=True),
        CliOption("system-prompt-snapshot", TEXT),
        CliOption("task-budget", NUMBER, hidden=True),
        CliOption("thinking", TEXT, hidden=True),
        CliOption("thinking-display", TEXT, hidden=True),
        CliOption("tools", TEXTS, empty=True),
    )
}

SET = "Athena always sets it"
PRINTS = "it prints something and ends; `athena harness doctor` says what it is about"
SCREEN = "it is for the program on a screen"
ELSEWHERE = "Athena's agents run on this machine"

REFUSED: Mapping[str, str] = {
    "ax-screen-reader": SCREEN,
    "background": "Athena's agents run in the background anyway",
    "bg": "Athena's agents run in the background anyway",
    "cloud": ELSEWHERE,
    "continue": "resume the agent instead",
    "desktop": SCREEN,
    "environment": ELSEWHERE,
    "fork-session": "Athena names the session",
    "from-pr": "adopt the session instead, with `athena session adopt`",
    "help": PRINTS,
    "include-partial-messages": SET,
    "input-format": SET,
    "model": "give it as the agent's model",
    "output-format": SET,
    "permission-mode": "give it as the agent's mode",
    "permission-prompt-tool": "Athena answers the permission requests",
    "print": SET,
    "remote-control": ELSEWHERE,
    "remote-control-session-name-prefix": ELSEWHERE,
    "replay-user-messages": "Athena records the prompts itself",
    "resume": "resume the agent instead",
    "session-id": "Athena names the session",
    "teleport": ELSEWHERE,
    "tmux": "give it as the agent's workspace",
    "verbose": SET,
    "version": PRINTS,
    "worktree": "give it as the agent's workspace",
}
"""Options that cannot be given, and why, or what to do instead."""


def arguments(given: Mapping[str, object], known: Collection[str] | None = None) -> list[str]:
    """The arguments for the options of a spawn.

    `known` are the option names that the installed version lists in its help; without them none
    is refused for its version. `ValueError` names an option that does not exist, cannot be given,
    is not in this version, or has a value of the wrong type.
    """
    found: list[str] = []
    for written, value in given.items():
        name = canonical(written)
        if name in REFUSED:
            raise ValueError(f"Claude Code's option {written!r} cannot be given: {REFUSED[name]}.")
        option = OPTIONS.get(name)
        if option is None:
            names = ", ".join(OPTIONS)
            raise ValueError(f"Claude Code has no option {written!r}. There are: {names}.")
        if known is not None and not option.hidden and name not in known:
            raise ValueError(
                f"The installed Claude Code has no option {written!r}; another version may."
            )
        found += _argument(option, value)
    return found


def canonical(name: str) -> str:
    """An option's name as the table has it: `maxBudgetUsd` and `--max_budget_usd` alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.strip().lstrip("-"))
    return spaced.replace("_", "-").lower()


def _argument(option: CliOption, value: object) -> list[str]:
    flag = f"--{option.name}"
    if option.alone and (alone := read(FLAG, value)) is not None:
        return [flag] if alone else []
    given: Any = read(option.takes, value)
    if given is None:
        takes = f"{option.takes}, or {FLAG}" if option.alone else option.takes
        raise ValueError(f"Claude Code's option {option.name!r} takes {takes}, not {value!r}.")
    match option.takes:
        case Takes.FLAG:
            return [flag] if given else []
        case Takes.TEXTS if option.repeated:
            return [word for one in given for word in (flag, one)]
        case Takes.TEXTS:
            return [flag, ",".join(given)] if given or option.empty else []
        case Takes.DOCUMENTS:
            return [word for one in given for word in (flag, _text(one))]
        case _:
            return [flag, _text(given)]


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case float():
            return f"{value:g}"
        case _:
            return json.dumps(value)
