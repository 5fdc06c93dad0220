"""Types for Neovim's Lua, as LuaCATS annotations, and a module with the tables it needs."""

from __future__ import annotations

from collections.abc import Iterator

from athena.protocol.command import OFFERS, Source
from tools.generate import MARK, commands
from tools.generate import model as m
from tools.generate.layout import LUA, literal, quoted
from tools.generate.text import line_comment

SCALARS = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "any": "any",
}

COMMANDS = """\
---@class athena.Argument
---@field name string a parameter of the method
---@field title string the label in a dialog
---@field source athena.Source
---@field required boolean
---@field insteadOf? string never asked for; where it is given, the other is not asked for either
---@field choices? string[]

---The agents for which a command makes sense; what is nil does not matter.
---@class athena.When
---@field statuses? athena.Status[]
---@field running? boolean whether it has a process (`runId`)
---@field archived? boolean

---@class athena.Command
---@field id string
---@field word string its name where commands are typed: `:Athena spawn`
---@field title string
---@field category string
---@field summary string
---@field icon string a codicon's name
---@field method? athena.Method nil where the client opens something itself
---@field key? string the letter after the client's own prefix
---@field destructive? boolean asks first
---@field arguments athena.Argument[]
---@field preset? table<string, any> parameters that are always sent
---@field when? athena.When nil where no agent is needed
"""


def render_types(model: m.Model) -> str:
    """`types.gen.lua`, which is read by language servers and never loaded."""
    return "\n".join(
        (
            f"---@meta\n-- {MARK}\n",
            *(_named(named) for named in model.types.values()),
            *_methods(model),
            *_events(model),
            _sources(),
            COMMANDS,
        )
    )


def render_tables(model: m.Model) -> str:
    """`generated.lua`, the module `athena.generated`."""
    codes = {fault.name: fault.code for fault in model.faults}
    versions = {event.kind: event.version for event in model.events}
    return (
        f"-- {MARK}\n\n"
        "local M = {}\n\n"
        f"M.protocol_version = {model.version}\n\n"
        f"---@enum athena.ErrorCode\nM.error_codes = {literal(codes, LUA)}\n\n"
        "---The version of each kind of event whose data has the shape of `athena.EventKinds`.\n"
        f"---@type table<string, integer>\nM.event_versions = {literal(versions, LUA)}\n\n"
        f"---@type athena.Command[]\nM.commands = {literal(commands.table(model), LUA)}\n\n"
        "return M\n"
    )


def _named(named: m.Named) -> str:
    match named:
        case m.Enumeration():
            values = "".join(f"---| {quoted(value)}\n" for value in named.values)
            return f"{line_comment(named.doc, '---')}---@alias athena.{named.name}\n{values}"
        case m.Union():
            members = "".join(f"---| athena.{member}\n" for member in named.members.values())
            return f"---@alias athena.{named.name}\n{members}"
        case m.Structure():
            return line_comment(named.doc, "---") + _class(named)


def _class(structure: m.Structure) -> str:
    base = f": athena.{structure.base}" if structure.base else ""
    fields = "".join(
        f"---@field {field.name}{'?' if structure.may_lack(field) else ''} {_type(field.type)}\n"
        for field in structure.own
    )
    return f"---@class athena.{structure.name}{base}\n{fields}"


def _type(kind: m.Type) -> str:
    match kind:
        case m.Scalar(name):
            return SCALARS[name]
        case m.Constants(values):
            return "|".join(map(quoted, values))
        case m.Ref(name):
            return f"athena.{name}"
        case m.ListOf(m.AnyOf() | m.Constants() as item):
            return f"({_type(item)})[]"
        case m.ListOf(item):
            return f"{_type(item)}[]"
        case m.MapOf(value):
            return f"table<string, {_type(value)}>"
        case m.AnyOf(options):
            return "|".join(map(_type, options))


def _methods(model: m.Model) -> Iterator[str]:
    names = "".join(f"---| {quoted(o.name)} # {o.summary}\n" for o in model.operations)
    yield f"---@alias athena.Method\n{names}"
    yield (
        "---@class athena.Error\n---@field code athena.ErrorCode|integer\n"
        "---@field message string\n---@field data? table<string, any>\n"
    )
    rows = "".join(
        f"---@overload fun(method: {quoted(o.name)}, params: athena.{o.params}, "
        f"done: fun(error?: athena.Error, result?: athena.{o.result}))\n"
        for o in model.operations
    )
    yield (
        "---A function that sends requests, typed by the method's name.\n"
        f"---@class athena.Request\n{rows}"
    )
    rows = "".join(
        f"---@field [{quoted(s.name)}]? fun(params: athena.{s.params})\n" for s in model.signals
    )
    yield f"---What is called for each notification.\n---@class athena.Notifications\n{rows}"


def _events(model: m.Model) -> Iterator[str]:
    kinds = "".join(f"---| {quoted(event.kind)}\n" for event in model.events)
    yield f"---@alias athena.EventKind\n{kinds}"
    rows = "".join(f"---@field {event.kind} athena.{event.data}\n" for event in model.events)
    yield f"---The type of `data` for each kind of event.\n---@class athena.EventKinds\n{rows}"


def _sources() -> str:
    rows = "".join(f"---| {quoted(source)} # {OFFERS[source]}\n" for source in Source)
    return (
        "---What a client offers for an argument, and takes its value from.\n"
        f"---@alias athena.Source\n{rows}"
    )
