"""The command-line options of Claude Code, as they may stand in a spawn's `options`.

Names are Claude Code's own, without the dashes (`max-budget-usd`; `max_budget_usd` and the
camelCase form are understood too). One table says which there are and what each takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from athena.harness.decode import items, texts


class Takes(StrEnum):
    """What a command-line option is followed by."""

    NOTHING = "true or false"
    TEXT = "a text"
    NUMBER = "a number"
    LIST = "a list of texts"
    REPEATED = "a list of texts, given one by one"
    JSON = "an object, or a text"


@dataclass(frozen=True, slots=True)
class CliOption:
    """An option. `hidden` ones exist but are not listed in the help."""

    name: str
    takes: Takes
    hidden: bool = False


OPTIONS: Mapping[str, CliOption] = {
    option.name: option
    for option in (
        CliOption("add-dir", Takes.REPEATED),
        CliOption("agent", Takes.TEXT),
        CliOption("agents", Takes.JSON),
        CliOption("allow-dangerously-skip-permissions", Takes.NOTHING),
        CliOption("allowed-tools", Takes.LIST),
        CliOption("append-system-prompt", Takes.TEXT),
        CliOption("autocompact", Takes.TEXT),
        CliOption("bare", Takes.NOTHING),
        CliOption("betas", Takes.LIST),
        CliOption("brief", Takes.NOTHING),
        CliOption("chrome", Takes.NOTHING),
        CliOption("dangerously-skip-permissions", Takes.NOTHING),
        CliOption("debug", Takes.TEXT),
        CliOption("debug-file", Takes.TEXT),
        CliOption("disable-slash-commands", Takes.NOTHING),
        CliOption("disallowed-tools", Takes.LIST),
        CliOption("effort", Takes.TEXT),
        CliOption("exclude-dynamic-system-prompt-sections", Takes.NOTHING),
        CliOption("fallback-model", Takes.TEXT),
        CliOption("file", Takes.REPEATED),
        CliOption("forward-subagent-text", Takes.NOTHING),
        CliOption("ide", Takes.NOTHING),
        CliOption("include-hook-events", Takes.NOTHING),
        CliOption("json-schema", Takes.JSON),
        CliOption("max-budget-usd", Takes.NUMBER),
        CliOption("max-thinking-tokens", Takes.NUMBER, hidden=True),
        CliOption("max-turns", Takes.NUMBER, hidden=True),
        CliOption("mcp-config", Takes.JSON),
        CliOption("name", Takes.TEXT),
        CliOption("no-chrome", Takes.NOTHING),
        CliOption("no-session-persistence", Takes.NOTHING),
        CliOption("permission-prompts", Takes.TEXT),
        CliOption("plugin-dir", Takes.REPEATED),
        CliOption("plugin-url", Takes.REPEATED),
        CliOption("prompt-suggestions", Takes.TEXT),
        CliOption("restricted", Takes.NOTHING),
        CliOption("safe-mode", Takes.NOTHING),
        CliOption("setting-sources", Takes.LIST),
        CliOption("settings", Takes.JSON),
        CliOption("strict-mcp-config", Takes.NOTHING),
        CliOption("system-prompt", Takes.TEXT),
        CliOption("system-prompt-snapshot", Takes.TEXT),
        CliOption("task-budget", Takes.NUMBER, hidden=True),
        CliOption("thinking", Takes.TEXT, hidden=True),
        CliOption("thinking-display", Takes.TEXT, hidden=True),
        CliOption("tools", Takes.LIST),
    )
}

OWN: Mapping[str, str] = {
    "continue": "resume the agent instead",
    "fork-session": "fork the agent instead",
    "include-partial-messages": "Athena always sets it",
    "input-format": "Athena always sets it",
    "model": "give it as the agent's model",
    "output-format": "Athena always sets it",
    "permission-mode": "give it as the agent's mode",
    "permission-prompt-tool": "Athena answers the permission requests",
    "print": "Athena always sets it",
    "replay-user-messages": "Athena records the prompts itself",
    "resume": "resume the agent instead",
    "session-id": "Athena names the session",
    "verbose": "Athena always sets it",
    "worktree": "give it as the agent's workspace",
}
"""Options that Athena sets by itself, and what to do instead of giving them."""


def arguments(given: Mapping[str, object], known: Collection[str] | None = None) -> list[str]:
    """The arguments for the options of a spawn.

    `known` are the option names that the installed version lists in its help; without them none
    is refused for its version. `ValueError` names an option that does not exist, is Athena's own,
    is not in this version, or has a value of the wrong type.
    """
    found: list[str] = []
    for written, value in given.items():
        name = canonical(written)
        if name in OWN:
            raise ValueError(f"Claude Code's option {written!r} cannot be given: {OWN[name]}.")
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
    match option.takes, value:
        case Takes.NOTHING, bool():
            return [flag] if value else []
        case Takes.NUMBER, int() | float() if not isinstance(value, bool):
            return [flag, f"{value:g}" if isinstance(value, float) else str(value)]
        case Takes.TEXT | Takes.JSON, str():
            return [flag, value]
        case Takes.TEXT, bool() if option.name == "debug":
            return [flag] if value else []
        case Takes.JSON, dict():
            return [flag, json.dumps(value)]
        case Takes.LIST, str():
            return [flag, value]
        case Takes.REPEATED, str():
            return [flag, value]
        case Takes.LIST | Takes.REPEATED, _ if texts(value) and texts(value) == items(value):
            if option.takes is Takes.LIST:
                return [flag, ",".join(texts(value))]
            return [word for one in texts(value) for word in (flag, one)]
        case _:
            pass
    raise ValueError(f"Claude Code's option {option.name!r} takes {option.takes}, not {value!r}.")
