"""Abstract actions translated to the tools that a harness offered in its request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.fakemodel.schema import example
from tests.support.fakemodel.script import Call, Edit, Read, Run, ToolAction, Write

NAMES: Mapping[str, Sequence[str]] = {
    "read": ("Read", "read_file", "read", "view", "open_file"),
    "edit": ("Edit", "replace", "edit", "edit_file", "str_replace", "str_replace_editor"),
    "write": ("Write", "write_file", "write", "create", "create_file"),
    "run": (
        "Bash",
        "run_shell_command",
        "bash",
        "exec_command",
        "shell",
        "shell_command",
        "execute",
        "terminal",
    ),
}
"""The names under which harnesses offer each kind of tool, the likeliest first."""

KEYS: Mapping[str, Sequence[str]] = {
    "path": ("file_path", "filePath", "absolute_path", "path", "filename", "file"),
    "old": ("old_string", "oldString", "old_str", "oldText", "search"),
    "new": ("new_string", "newString", "new_str", "newText", "replace"),
    "text": ("content", "file_text", "text", "contents"),
    "command": ("command", "cmd", "script"),
}
"""The names of each argument."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the request offers it. `custom` tools take free text instead of JSON."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any])
    required: Sequence[str] = ()
    custom: bool = False
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call to put in the reply; `input` is text for a custom tool, an object for others."""

    name: str
    input: Any
    custom: bool = False
    namespace: str | None = None


Tools = Mapping[str, Tool]


def tool(name: str, schema: Any, custom: bool = False, namespace: str | None = None) -> Tool:
    """A `Tool` from its JSON schema, which some APIs leave out."""
    known = schema if isinstance(schema, dict) else {}
    properties = known.get("properties") or {}
    return Tool(name, properties, tuple(known.get("required") or ()), custom, namespace)


def to_call(action: ToolAction, tools: Tools) -> ToolCall | None:
    """The call that does `action` with one of `tools`, or `None` where none of them can."""
    if isinstance(action, Call):
        return _by_name(action, tools)
    return _direct(action, tools) or _patch(action, tools) or _by_shell(action, tools)


def _by_name(action: Call, tools: Tools) -> ToolCall | None:
    forced = Tool(action.name, namespace=action.namespace) if action.force else None
    offered = tools.get(action.name) or forced
    if offered is None:
        return None
    return ToolCall(action.name, dict(action.input), offered.custom, offered.namespace)


def _values(action: Read | Edit | Write | Run) -> dict[str, str]:
    match action:
        case Read(path):
            return {"path": path}
        case Edit(path, old, new):
            return {"path": path, "old": old, "new": new}
        case Write(path, text):
            return {"path": path, "text": text}
        case Run(command):
            return {"command": command}


def _direct(action: Read | Edit | Write | Run, tools: Tools) -> ToolCall | None:
    values = _values(action)
    for name in NAMES[action.kind]:
        offered = tools.get(name)
        if offered is None or offered.custom:
            continue
        made = _arguments(values, offered) or _edit_list(values, offered)
        if made is not None:
            return ToolCall(name, made, namespace=offered.namespace)
    return None


def _arguments(values: Mapping[str, str], offered: Tool) -> dict[str, Any] | None:
    made: dict[str, Any] = {}
    for want, value in values.items():
        key = next((key for key in KEYS[want] if key in offered.properties), None)
        if key is None:
            return None
        is_argv = want == "command" and offered.properties[key].get("type") == "array"
        made[key] = ["bash", "-lc", value] if is_argv else value
    for key in offered.required:
        made.setdefault(key, _filler(offered.properties.get(key) or {}))
    return made


def _edit_list(values: Mapping[str, str], offered: Tool) -> dict[str, Any] | None:
    """pi takes `{path, edits: [{oldText, newText}]}`."""
    if "edits" not in offered.properties or "old" not in values:
        return None
    key = next((key for key in KEYS["path"] if key in offered.properties), "path")
    edits = [{"oldText": values["old"], "newText": values["new"]}]
    return {key: values["path"], "edits": edits}


def _filler(schema: Mapping[str, Any]) -> Any:
    value = example(schema)
    return "done by the fake model" if isinstance(value, str) and not schema.get("enum") else value


def _patch(action: Read | Edit | Write | Run, tools: Tools) -> ToolCall | None:
    """Codex edits through `apply_patch`: a custom tool, or a function with one text argument."""
    offered = tools.get("apply_patch")
    if offered is None:
        return None
    match action:
        case Edit(path, old, new):
            body = f"*** Update File: {path}\n@@\n{_prefixed('-', old)}{_prefixed('+', new)}"
        case Write(path, text):
            body = f"*** Add File: {path}\n{_prefixed('+', text)}"
        case Read() | Run():
            return None
    text = f"*** Begin Patch\n{body}*** End Patch\n"
    if offered.custom:
        return ToolCall("apply_patch", text, custom=True, namespace=offered.namespace)
    key = next(iter(offered.properties), "input")
    return ToolCall("apply_patch", {key: text}, namespace=offered.namespace)


def _prefixed(sign: str, text: str) -> str:
    return "".join(f"{sign}{line}\n" for line in text.splitlines())


def _by_shell(action: Read | Edit | Write | Run, tools: Tools) -> ToolCall | None:
    """A harness that offers only a shell reads and writes with commands."""
    match action:
        case Read(path):
            return _direct(Run(f"cat '{path}'"), tools)
        case Write(path, text):
            return _direct(Run(f"cat > '{path}' <<'EOF'\n{text}EOF"), tools)
        case Edit(path, old, new):
            code = (
                f"import pathlib; p = pathlib.Path({path!r}); "
                f"p.write_text(p.read_text().replace({old!r}, {new!r}))"
            )
            quoted = code.replace("'", "'\\''")
            return _direct(Run(f"python3 -c '{quoted}'"), tools)
        case Run():
            return None
