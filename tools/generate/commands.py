"""The user commands as data, the same for every client."""

from __future__ import annotations

from collections.abc import Iterable

from athena.protocol.command import Argument, Command, When
from tools.generate import model as m


def table(model: m.Model) -> list[dict[str, object]]:
    """All rows."""
    return [_row(model, command) for command in model.commands]


def choices(model: m.Model, command: Command, argument: Argument) -> tuple[str, ...]:
    """The values that the parameter may have, where they are few."""
    if command.target is None:
        return ()
    fields = model.structure(command.target.params.__name__).fields
    match next((field.type for field in fields if field.name == argument.name), None):
        case m.Constants(values):
            return values
        case m.Ref(name) if isinstance(named := model.types[name], m.Enumeration):
            return named.values
        case _:
            return ()


def _row(model: m.Model, command: Command) -> dict[str, object]:
    row: dict[str, object] = {
        "id": command.id,
        "word": command.word,
        "title": command.title,
        "category": command.category,
        "summary": command.summary,
        "icon": command.icon,
    }
    if command.method:
        row["method"] = command.method
    if command.key:
        row["key"] = command.key
    if command.destructive:
        row["destructive"] = True
    row["arguments"] = [
        _argument(argument, choices(model, command, argument)) for argument in command.arguments
    ]
    if command.preset:
        row["preset"] = dict(command.preset)
    if command.when is not None:
        row["when"] = _when(command.when)
    return row


def _argument(argument: Argument, values: Iterable[str]) -> dict[str, object]:
    row: dict[str, object] = {
        "name": argument.name,
        "title": argument.title,
        "source": argument.source.value,
        "required": argument.required,
    }
    if argument.instead_of:
        row["insteadOf"] = argument.instead_of
    if values := list(values):
        row["choices"] = values
    return row


def _when(when: When) -> dict[str, object]:
    row: dict[str, object] = {}
    if when.statuses:
        row["statuses"] = [status.value for status in when.statuses]
    if when.running is not None:
        row["running"] = when.running
    if when.archived is not None:
        row["archived"] = when.archived
    return row
