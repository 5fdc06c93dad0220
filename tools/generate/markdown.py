"""The reference tables of `docs/protocol.md`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from tools.generate import model as m
from tools.generate.commands import choices


def sections(model: m.Model) -> dict[str, str]:
    """Each section's name and text."""
    return {
        "methods": _methods(model),
        "notifications": _table(
            ("Notification", "Parameters", "May be dropped", ""),
            (
                (f"`{s.name}`", _link(s.params), "yes" if s.droppable else "no", s.summary)
                for s in model.signals
            ),
        ),
        "events": _table(
            ("Event", "Version", "Data", ""),
            (
                (f"`{e.kind}`", str(e.version), _fields(s), s.doc)
                for e in model.events
                for s in (model.structure(e.data),)
            ),
        ),
        "items": _union_table(model, "Item"),
        "commands": _commands(model),
        "errors": _table(
            ("Code", "Name", ""), ((str(f.code), f"`{f.name}`", f.text) for f in model.faults)
        ),
        "types": _types(model),
    }


FIRST_SENTENCE = re.compile(r"(?P<first>.*?\.)(?:\s+(?P<rest>.*))?", re.DOTALL)
PREAMBLE = re.compile(r"[^:]*: ")


def _methods(model: m.Model) -> str:
    """A table for each noun."""
    head = ("Method", "Parameters", "Result", "Lane", "")
    rows: dict[str, list[tuple[str, ...]]] = {}
    for operation in model.operations:
        rows.setdefault(operation.noun, []).append(_method(model, operation))
    return "\n".join(f"### {noun}\n\n{_table(head, rows[noun])}" for noun in rows)


def _method(model: m.Model, operation: m.Operation) -> tuple[str, ...]:
    params = model.structure(operation.params)
    about = f"{operation.summary} {_remarks(params.doc)}".strip()
    result = _link(operation.result)
    return f"`{operation.name}`", _fields(params), result, operation.lane, about


def _remarks(doc: str) -> str:
    """What the words on the parameters add to the method's summary.

    Their first sentence only names the method, unless it goes on to speak of a parameter.
    """
    found = FIRST_SENTENCE.fullmatch(doc)
    if found is None:
        return ""
    first = PREAMBLE.sub("", found["first"], count=1) if ": " in found["first"] else ""
    kept = first[:1].upper() + first[1:] if "`" in first else ""
    return f"{kept} {found['rest'] or ''}".strip()


def _commands(model: m.Model) -> str:
    rows: list[tuple[str, ...]] = []
    for command in model.commands:
        arguments = [
            f"`{a.name}{'' if a.required else '?'}`"
            + (f" ({', '.join(values)})" if (values := choices(model, command, a)) else "")
            for a in command.arguments
        ]
        does = f"`{command.method}`" if command.method else "opens something in the client"
        if command.preset:
            does += " with " + ", ".join(f"`{k}: {v}`" for k, v in command.preset.items())
        rows.append(
            (
                f"`{command.id}`",
                command.word,
                f"`athena {command.verb}`" if command.verb else "",
                command.title,
                does,
                ", ".join(arguments),
            )
        )
    head = ("Command", "Word", "In a shell", "Title", "Method", "Arguments")
    return _table(head, rows)


def _types(model: m.Model) -> str:
    """Every type that is neither the parameters of a method nor the data of an event."""
    shown = {o.params for o in model.operations} | {e.data for e in model.events}
    return _table(
        ("Type", "Fields", ""),
        (
            (f'<a id="{name.lower()}"></a>`{name}`', _content(named), _doc(named))
            for name, named in model.types.items()
            if name not in shown
        ),
    )


def _union_table(model: m.Model, name: str) -> str:
    union = model.types[name]
    assert isinstance(union, m.Union)
    members = ((tag, model.structure(member)) for tag, member in union.members.items())
    return _table(("`type`", "Fields", ""), ((f"`{tag}`", _fields(s), s.doc) for tag, s in members))


def _content(named: m.Named) -> str:
    match named:
        case m.Enumeration(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case m.Union(members=members):
            return "one of " + ", ".join(map(_link, members.values()))
        case m.Structure():
            return _fields(named)


def _doc(named: m.Named) -> str:
    return "" if isinstance(named, m.Union) else named.doc


def _fields(structure: m.Structure) -> str:
    return ", ".join(_field(structure, field) for field in structure.fields)


def _field(structure: m.Structure, field: m.Field) -> str:
    told = f"`{field.name}{'?' if structure.may_lack(field) else ''}`: {_type(field.type)}"
    has_default = structure.given and field.default not in (None, [], {}) and not field.is_tag
    return f"{told} = {json.dumps(field.default)}" if has_default else told


def _type(kind: m.Type) -> str:
    match kind:
        case m.Scalar("any"):
            return "any JSON"
        case m.Scalar(name):
            return name
        case m.Constants(values):
            return " or ".join(f'"{value}"' for value in values)
        case m.Ref(name):
            return _link(name)
        case m.ListOf(item):
            return f"list of {_type(item)}"
        case m.MapOf(value):
            return f"map of {_type(value)}"
        case m.AnyOf(options):
            return " or ".join(map(_type, options))


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_row(head), _row("---" for _ in head), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n\n", "<br>") for cell in cells)
    return f"| {' | '.join(escaped)} |"
