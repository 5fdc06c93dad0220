"""`protocol.gen.ts`: types for the compiler, and the few tables that a client needs at run time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from athena.protocol.command import OFFERS, Source
from tools.generate import MARK, commands
from tools.generate import model as m
from tools.generate.layout import TYPESCRIPT, WIDTH, literal, quoted
from tools.generate.text import block_comment, pascal

SCALARS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "any": "unknown",
}

EVENTS = """\
export type EventKind = keyof EventKinds;

/** An event of a kind, and in a version, that this client knows: `kind` tells what `data` is. */
export type KnownEvent<K extends EventKind = EventKind> = {
  [P in K]: Omit<Event, "kind" | "data"> & { kind: P; data: EventKinds[P] };
}[K];

/** Whether `data` has the shape that this client knows; a newer server may send other events. */
export function isKnown(event: Event): event is Event & KnownEvent {
  const versions: Record<string, number | undefined> = EVENT_VERSIONS;
  return Object.hasOwn(versions, event.kind) && versions[event.kind] === event.v;
}
"""

COMMANDS = """\
/**
 * An argument of a command: `name` is a parameter of its method, `title` the label in a dialog. One
 * with `insteadOf` is never asked for; where it is given, the other is not asked for either.
 */
export interface Argument {
  name: string;
  title: string;
  source: Source;
  required: boolean;
  insteadOf?: string;
  choices?: string[];
}

/** The agents for which a command makes sense; what is absent does not matter. */
export interface When {
  statuses?: Status[];
  running?: boolean;
  archived?: boolean;
}

/**
 * A user command. Without a `method` the client opens something itself. `word` is its name where
 * commands are typed, `icon` a codicon, `key` the letter after the client's own prefix. `preset`
 * are parameters that are always sent. A `destructive` command asks first. Without `when` it needs
 * no agent.
 */
export interface Command {
  id: CommandId;
  word: string;
  title: string;
  category: string;
  summary: string;
  icon: string;
  method?: Method;
  key?: string;
  destructive?: boolean;
  arguments: Argument[];
  preset?: Record<string, unknown>;
  when?: When;
}
"""


def render(model: m.Model) -> str:
    """The file."""
    return "\n".join(
        (
            f"// {MARK}\n",
            f"export const PROTOCOL_VERSION = {model.version};\n",
            *(_named(named) for named in model.types.values()),
            *_tables(model),
            *_events(model),
            _faults(model),
            *_commands(model),
        )
    )


def _named(named: m.Named) -> str:
    match named:
        case m.Enumeration():
            choice = _choice(map(quoted, named.values), f"export type {named.name} =", "")
            return block_comment(named.doc) + choice
        case m.Union():
            return _choice(named.members.values(), f"export type {named.name} =", "")
        case m.Structure():
            return block_comment(named.doc) + _interface(named)


def _interface(structure: m.Structure) -> str:
    head = f"export interface {structure.name}"
    if structure.base:
        head += f" extends {structure.base}"
    if not structure.fields:
        content = "never" if structure.closed else "unknown"
        return f"export type {structure.name} = Record<string, {content}>;\n"
    return f"{head} {{\n{''.join(_member(structure, f) for f in structure.own)}}}\n"


def _member(structure: m.Structure, field: m.Field) -> str:
    name = f"  {field.name}{'?' if structure.may_lack(field) else ''}:"
    if isinstance(field.type, m.Constants):
        return _choice(map(quoted, field.type.values), name, "  ")
    return f"{name} {_type(field.type)};\n"


def _type(kind: m.Type) -> str:
    match kind:
        case m.Scalar(name):
            return SCALARS[name]
        case m.Constants(values):
            return " | ".join(map(quoted, values))
        case m.Ref(name):
            return name
        case m.ListOf(m.AnyOf() | m.Constants() as item):
            return f"({_type(item)})[]"
        case m.ListOf(item):
            return f"{_type(item)}[]"
        case m.MapOf(value):
            return f"Record<string, {_type(value)}>"
        case m.AnyOf(options):
            return " | ".join(map(_type, options))


def _choice(options: Iterable[str], head: str, indent: str) -> str:
    """A union type after `head`, on one line if it fits."""
    options = tuple(options)
    line = f"{head} {' | '.join(options)};\n"
    if len(line) <= WIDTH + 1:
        return line
    return head + "".join(f"\n{indent}  | {option}" for option in options) + ";\n"


def _tables(model: m.Model) -> Iterator[str]:
    rows = "".join(
        block_comment(o.summary, "  ")
        + f"  {quoted(o.name)}: {{ params: {o.params}; result: {o.result} }};\n"
        for o in model.operations
    )
    yield (
        "/** What a client may ask, by the method's name. */\n"
        f"export interface Methods {{\n{rows}}}\n"
    )
    yield "export type Method = keyof Methods;\n"
    rows = "".join(
        block_comment(s.summary, "  ") + f"  {quoted(s.name)}: {s.params};\n" for s in model.signals
    )
    yield (
        "/** What Athena tells by itself, by the notification's name. */\n"
        f"export interface Notifications {{\n{rows}}}\n"
    )


def _events(model: m.Model) -> Iterator[str]:
    kinds = "".join(f"  {event.kind}: {event.data};\n" for event in model.events)
    yield f"/** The payload of each kind of event. */\nexport interface EventKinds {{\n{kinds}}}\n"
    versions = {event.kind: event.version for event in model.events}
    head = "export const EVENT_VERSIONS: Record<keyof EventKinds, number> ="
    yield f"{head} {literal(versions, TYPESCRIPT, taken=len(head))};\n"
    yield EVENTS


def _faults(model: m.Model) -> str:
    rows = "".join(
        block_comment(f.text, "  ") + f"  {pascal(f.name)}: {f.code},\n" for f in model.faults
    )
    return f"export const ErrorCode = {{\n{rows}}} as const;\n"


def _commands(model: m.Model) -> Iterator[str]:
    ids = (quoted(command.id) for command in model.commands)
    yield _choice(ids, "export type CommandId =", "")
    offers = "".join(f"\n  /** {OFFERS[s]} */\n  | {quoted(s)}" for s in Source)
    yield (
        "/** What a client offers for an argument, and takes its value from. */\n"
        f"export type Source ={offers};\n"
    )
    yield COMMANDS
    head = "export const COMMANDS: readonly Command[] ="
    yield f"{head} {literal(commands.table(model), TYPESCRIPT, taken=WIDTH)};\n"
