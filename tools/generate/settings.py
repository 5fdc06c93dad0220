"""The tables of `docs/settings.md`: every key of `athena.toml`."""

from __future__ import annotations

import json
import types
import typing

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from athena.app.tables import OWN_ONLY, SettingsFile
from tools.generate import model as m


def sections(model: m.Model) -> dict[str, str]:
    """The one section: a table of keys for each table of the file."""
    return {"settings": "\n".join(_tables())}


def _tables() -> list[str]:
    return [
        _table(name, *_shape(field.annotation)) for name, field in SettingsFile.model_fields.items()
    ]


def _shape(annotation: object) -> tuple[type[BaseModel], bool]:
    """The class of a table, and whether the user names tables of this kind."""
    if typing.get_origin(annotation) is dict:
        return typing.get_args(annotation)[1], True
    assert isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation, False


def _table(name: str, shape: type[BaseModel], named: bool) -> str:
    about = " ".join((shape.__doc__ or "").split())
    head = f"### `[{name}{'.NAME' if named else ''}]`\n\n{about}\n"
    own = "" if name in OWN_ONLY else "\nIn both files; a project's goes before yours.\n"
    rows = ["| Key | Type | Default | |", "| --- | --- | --- | --- |"]
    rows += [_row(key, field) for key, field in shape.model_fields.items()]
    return f"{head}{own}\n" + "\n".join(rows) + "\n"


def _row(key: str, field: FieldInfo) -> str:
    assert field.description, f"{key} has no description"
    words = field.description.replace("|", "\\|")
    return f"| `{key}` | {_type(field.annotation)} | {_default(field)} | {words} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    return "" if field.default is None else f"`{json.dumps(field.default)}`"


def _type(annotation: object) -> str:
    """What a person calls it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _type(next(a for a in arguments if a is not type(None)))
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is typing.Literal:
        return " or ".join(f"`{json.dumps(a)}`" for a in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "table of texts"
    names = {str: "text", int: "number", float: "number", bool: "yes or no"}
    assert isinstance(annotation, type)
    return names[annotation]
