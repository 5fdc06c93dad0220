"""Permission rules: which one fits a request, and which option it means."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from athena.protocol.items import ToolCall, ToolKind
from athena.protocol.request import OptionKind, Permission
from athena.protocol.rule import Rule

JOINERS = frozenset(";&|<>`$(){}\n\\")
"""Characters by which one shell line can be more than one command."""


URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s'\"<>|;&)]+", re.I)


def first_fit(
    rules: Iterable[Rule], permission: Permission, harness: str, root: str
) -> Rule | None:
    """The first rule that fits a request; `root` is the directory that paths are relative to."""
    call = permission.tool_call
    if call is None:
        return None
    return next((rule for rule in rules if fits(rule, call, harness, root)), None)


def fits(rule: Rule, call: ToolCall, harness: str, root: str) -> bool:
    """Whether all that a rule says is true of a tool call.

    An allowing rule fits only if it fits all that the call touches; a rejecting one if it fits any
    of it.
    """
    every = rule.decision == "allow"
    if rule.harness is not None and rule.harness != harness:
        return False
    if rule.tool is not None and rule.tool != call.tool:
        return False
    if rule.name is not None and not fnmatchcase(call.name or "", rule.name):
        return False
    if rule.path is not None and not _paths_fit(rule.path, call, root, every):
        return False
    if rule.command is not None and not _command_fits(rule.command, command_of(call), every):
        return False
    return rule.host is None or _host_fits(rule.host, call, every)


def option_for(rule: Rule, permission: Permission) -> str | None:
    """The option that carries out a rule's decision, for this one time where it is offered."""
    wanted = {
        "allow": (OptionKind.ALLOW_ONCE, OptionKind.ALLOW_ALWAYS),
        "reject": (OptionKind.REJECT_ONCE, OptionKind.REJECT_ALWAYS),
        "ask": (),
    }[rule.decision]
    for kind in wanted:
        for option in permission.options:
            if option.kind == kind:
                return option.id
    return None


def remembered(permission: Permission, allow: bool, root: str) -> Rule | None:
    """A rule for requests just like this one; None for a call that says too little of itself."""
    call = permission.tool_call
    if call is None:
        return None
    decision = "allow" if allow else "reject"
    command = command_of(call)
    if command:
        return Rule(decision=decision, tool=call.tool, command=escape(command))
    paths = paths_of(call, root)
    if len(paths) == 1:
        return Rule(decision=decision, tool=call.tool, path=escape(paths[0]))
    return Rule(decision=decision, tool=call.tool, name=escape(call.name)) if call.name else None


def escape(text: str) -> str:
    """A glob that fits `text` and nothing else."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def command_of(call: ToolCall) -> str:
    """The command line of a tool call; empty when it runs none."""
    given = call.input
    if isinstance(given, dict):
        command: object = given.get("command") or given.get("cmd")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(command, str):
            return command
        if isinstance(command, list):
            return shlex.join(str(word) for word in command)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return call.title if call.tool == ToolKind.EXECUTE else ""


def paths_of(call: ToolCall, root: str) -> list[str]:
    """The files of a tool call, relative to `root` where they are inside it."""
    found: list[str] = []
    for location in call.locations:
        path = PurePosixPath(location.path)
        if ".." in path.parts:
            found.append(str(path))
        elif path.is_relative_to(root):
            found.append(str(path.relative_to(root)))
        else:
            found.append(str(path))
    return found


def _paths_fit(glob: str, call: ToolCall, root: str, every: bool) -> bool:
    paths = paths_of(call, root)
    if not paths:
        return False
    fit = [_path_fits(path, glob) for path in paths]
    return all(fit) if every else any(fit)


def _path_fits(path: str, glob: str) -> bool:
    """A glob without a leading slash never fits a path outside of the workspace."""
    outside = path.startswith("/") or ".." in PurePosixPath(path).parts
    if outside and not glob.startswith("/"):
        return False
    return fnmatchcase(path, glob)


def _command_fits(glob: str, command: str, every: bool) -> bool:
    """`git *` must not allow `git status; rm -rf ~`, so a joined line has to be spelled out.

    A rejecting rule looks at each part of a joined line.
    """
    if not command:
        return False
    if every:
        joined = any(c in JOINERS for c in command)
        return glob == escape(command) or (not joined and fnmatchcase(command, glob))
    return any(fnmatchcase(part.strip(), glob) for part in _parts(command))


def _parts(command: str) -> Sequence[str]:
    cut = command
    for mark in ("&&", "||", ";", "|", "&", "\n"):
        cut = cut.replace(mark, "\0")
    return [command, *cut.split("\0")]


def _host_fits(glob: str, call: ToolCall, every: bool) -> bool:
    """A rule that allows a host allows to fetch from it, and no command that names it.

    A rejecting rule looks at the addresses in a command line, too.
    """
    given = call.input
    url: object = given.get("url") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    urls = [url] if isinstance(url, str) else []
    if not every:
        urls += URL.findall(command_of(call))
    return any(fnmatchcase(host, glob) for one in urls if (host := _host_of(one)))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
