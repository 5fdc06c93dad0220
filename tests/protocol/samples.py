"""JSON objects of every type of the protocol: with as little as possible in them, and with all."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema

from athena.protocol import events as e
from athena.protocol.base import Record, Request
from athena.protocol.methods import METHODS, NOTIFICATIONS
from athena.protocol.remedy import Remedy
from tools.generate import jsonschema as generated
from tools.generate import model as m
from tools.generate.read import read

Json = dict[str, Any]
Model = type[Request] | type[Record]

DEEPEST = 6
"""Types that hold themselves end here."""


@functools.cache
def model() -> m.Model:
    """The protocol as the generators see it."""
    return read()


@functools.cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Checks JSON against a type of the generated schema."""
    schema: Json = {"$ref": f"#/$defs/{name}", "$defs": document()["$defs"]}
    return jsonschema.Draft202012Validator(schema)


@functools.cache
def document() -> Json:
    """The generated schema."""
    return json.loads(generated.render(model()))


def classes() -> dict[str, Model]:
    """The pydantic class of every structure."""
    roots: list[Model] = [
        *(o.params for o in METHODS),
        *(o.result for o in METHODS),
        *(n.params for n in NOTIFICATIONS),
        *e.EVENTS,
        Remedy,
    ]
    found: dict[str, Model] = {}

    def note(cls: Any) -> None:
        is_model = isinstance(cls, type) and issubclass(cls, Request | Record)
        if is_model and cls.__name__ not in found:
            found[cls.__name__] = cls
            for base in cls.__bases__:
                if base not in (Request, Record, e.EventData):
                    note(base)
            for info in cls.model_fields.values():
                note(info.annotation)
        for part in getattr(cls, "__args__", ()):
            note(part)

    for root in roots:
        note(root)
    return found


def least(name: str) -> Json:
    """An object with nothing that may be absent."""
    structure = model().structure(name)
    maker = _Maker(full=False, news=False)
    return {
        f.name: maker.value(f.type, f, 0) for f in structure.fields if not structure.may_lack(f)
    }


def most(name: str, *, news: bool = False) -> Json:
    """An object with every field, several levels deep; with `news` a newer writer's as well."""
    return _Maker(full=True, news=news).object(name, 0)


def words_of(kind: m.Type) -> Iterator[str]:
    """The words of a choice, named or not."""
    if isinstance(kind, m.Ref) and isinstance(named := model().types[kind.name], m.Enumeration):
        yield from named.values
    if isinstance(kind, m.Constants):
        yield from kind.values


@dataclass(frozen=True)
class _Maker:
    full: bool
    news: bool

    def object(self, name: str, depth: int) -> Json:
        fields = model().structure(name).fields
        made = {
            f.name: self.value(f.type, f, depth) for f in fields if depth < DEEPEST or f.required
        }
        return {**made, "xNew": {"later": [1, None]}} if self.news else made

    def value(self, kind: m.Type, field: m.Field, depth: int) -> Any:
        if words := list(words_of(kind)):
            return words[-1]
        match kind:
            case m.Scalar("integer"):
                return int(field.limits.get("minimum", 7))
            case m.Scalar("number"):
                return 1.5
            case m.Scalar("boolean"):
                return True
            case m.Scalar("any"):
                return {"free": [1, None, "text"]}
            case m.Ref(name):
                return self._named(name, depth)
            case m.ListOf(item):
                count = int(field.limits.get("minItems", 1 if self.full else 0))
                return [self.value(item, field, depth) for _ in range(count)]
            case m.MapOf(value):
                return {"key": self.value(value, field, depth)} if self.full else {}
            case m.AnyOf(options):
                return self.value(options[0], field, depth)
            case _:
                return "text"

    def _named(self, name: str, depth: int) -> Json:
        named = model().types[name]
        if isinstance(named, m.Union):
            name = list(named.members.values())[-1]
        return self.object(name, depth + 1) if self.full else least(name)
