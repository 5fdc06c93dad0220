"""From `athena.protocol` to the model of the generators."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from functools import cache
from typing import Any

import annotated_types
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

import athena.protocol
from athena.protocol.commands import COMMANDS
from athena.protocol.errors import ERROR_TEXTS
from athena.protocol.events import EVENTS
from athena.protocol.methods import METHODS, NOTIFICATIONS, PROTOCOL_VERSION
from athena.protocol.remedy import Remedy
from tools.generate import model as m

SCALARS: dict[object, m.Scalar] = {
    str: m.Scalar("string"),
    int: m.Scalar("integer"),
    float: m.Scalar("number"),
    bool: m.Scalar("boolean"),
    object: m.Scalar("any"),
    Any: m.Scalar("any"),
}

ANYTHING = TypeAdapter[Any](Any)

LIMITS: dict[type, tuple[str, str]] = {
    annotated_types.Ge: ("ge", "minimum"),
    annotated_types.Le: ("le", "maximum"),
    annotated_types.Gt: ("gt", "exclusiveMinimum"),
    annotated_types.Lt: ("lt", "exclusiveMaximum"),
}
LENGTHS: dict[type, tuple[str, str]] = {
    annotated_types.MinLen: ("min_length", "min"),
    annotated_types.MaxLen: ("max_length", "max"),
}


RESERVED = {
    *("Method", "Methods", "Notifications", "Request", "Error", "ErrorCode"),
    *("EventKind", "EventKinds", "KnownEvent", "EventData", "UnknownEvent"),
    *("Command", "CommandId", "Argument", "Source", "When"),
}
"""Names that the generated files have beside those of the protocol's types."""


class UnclearType(Exception):
    """The protocol has a type that some language cannot write; the words say what to do."""


def read() -> m.Model:
    """The protocol as it is declared now. Raises `UnclearType`."""
    reader = _Reader()
    for method in METHODS:
        reader.note(method.params)
        reader.note(method.result)
    for notification in NOTIFICATIONS:
        reader.note(notification.params)
    for event in EVENTS:
        reader.note(event)
    reader.note(Remedy)
    for command in COMMANDS:
        for status in command.when.statuses if command.when else ():
            reader.note(type(status))
    given = set(_reachable(reader.types, (method.params.__name__ for method in METHODS)))
    if taken := RESERVED & reader.types.keys():
        raise UnclearType(f"Generated files use the name {taken.pop()} themselves; take another.")
    told = set(
        _reachable(
            reader.types,
            (
                *(method.result.__name__ for method in METHODS),
                *(notification.params.__name__ for notification in NOTIFICATIONS),
                *(event.__name__ for event in EVENTS),
                Remedy.__name__,
            ),
        )
    )
    return m.Model(
        version=PROTOCOL_VERSION,
        types={
            name: _directed(reader.types[name], name in given, name in told)
            for name in sorted(reader.types)
        },
        operations=tuple(
            m.Operation(o.name, o.params.__name__, o.result.__name__, o.lane, o.summary)
            for o in METHODS
        ),
        signals=tuple(
            m.Signal(n.name, n.params.__name__, n.droppable, n.summary) for n in NOTIFICATIONS
        ),
        events=tuple(m.EventKind(e.KIND, e.VERSION, e.__name__) for e in EVENTS),
        faults=tuple(m.Fault(code.name, int(code), text) for code, text in ERROR_TEXTS.items()),
        commands=COMMANDS,
    )


class _Reader:
    """Collects named types, beginning with those that methods and events name."""

    def __init__(self) -> None:
        self.types: dict[str, m.Named] = {}
        self._classes: dict[str, type] = {}

    def note(self, cls: type) -> str:
        """The name of a class, which is read if it is met for the first time."""
        name = cls.__name__
        if self._classes.setdefault(name, cls) is not cls:
            raise UnclearType(f"Two classes are named {name}; give one of them another name.")
        if name not in self.types:
            if issubclass(cls, BaseModel):
                # Named before its fields are read, so that a type may refer to itself.
                self.types[name] = _outline(cls)
                self.types[name] = self._structure(cls)
            else:
                assert issubclass(cls, Enum)
                self.types[name] = m.Enumeration(name, _doc(cls), tuple(v.value for v in cls))
        return name

    def _structure(self, cls: type[BaseModel]) -> m.Structure:
        fields = {name: self._field(info) for name, info in cls.model_fields.items()}
        parent = cls.__base__
        inherited: set[str] = set()
        base = None
        if parent is not None and issubclass(parent, BaseModel) and parent.model_fields:
            base, inherited = self.note(parent), set(parent.model_fields)
        return replace(
            _outline(cls),
            base=base,
            fields=tuple(fields.values()),
            own=tuple(field for name, field in fields.items() if name not in inherited),
        )

    def _field(self, info: FieldInfo) -> m.Field:
        kind, nullable = self._type(info.annotation)
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        assert info.alias is not None
        return m.Field(
            name=info.alias,
            type=kind,
            required=info.is_required(),
            nullable=nullable,
            default=ANYTHING.dump_python(default, mode="json", by_alias=True, exclude_none=True),
            limits=dict(_limits(info, kind)),
        )

    def _type(self, annotation: object) -> tuple[m.Type, bool]:
        """The type, and whether it may be null."""
        if isinstance(annotation, type) and issubclass(annotation, BaseModel | Enum):
            return m.Ref(self.note(annotation)), False
        if annotation in SCALARS:
            return SCALARS[annotation], False
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self._type(arguments[0])
        if origin is typing.Literal:
            return self._constants(arguments), False
        if origin in (list, tuple):
            return m.ListOf(self._type(arguments[0])[0]), False
        if origin is dict and arguments[0] is str:
            return m.MapOf(self._type(arguments[1])[0]), False
        if origin in (typing.Union, types.UnionType):
            rest = tuple(a for a in arguments if a is not type(None))
            return self._one_of(rest), len(rest) < len(arguments)
        raise UnclearType(f"{annotation!r} has no form in every client's language; use a model.")

    def _constants(self, values: tuple[str, ...]) -> m.Type:
        """A choice under the name that a module gave it, if one did."""
        name = _declared().get(frozenset(values))
        if name is None:
            if not all(values):
                raise UnclearType(f"{values!r} has an empty word; use None where there is none.")
            return m.Constants(values)
        self.types[name] = m.Enumeration(name, "", values)
        return m.Ref(name)

    def _one_of(self, options: tuple[Any, ...]) -> m.Type:
        if len(options) == 1:
            return self._type(options[0])[0]
        if all(isinstance(o, type) and issubclass(o, BaseModel) for o in options):
            return m.Ref(self._union(options))
        kinds = tuple(self._type(o)[0] for o in options)
        if not all(isinstance(kind, m.Scalar) for kind in kinds):
            raise UnclearType(f"{options!r} mixes objects with other values; use a tagged union.")
        return m.AnyOf(kinds)

    def _union(self, options: tuple[type[BaseModel], ...]) -> str:
        name = _declared().get(frozenset(options))
        if name is None:
            names = " | ".join(option.__name__ for option in options)
            raise UnclearType(f"Name the union {names}: declare it at the top of its module.")
        structures = [self._noted(option) for option in options]
        tags = [{field.name: field for field in s.fields if field.is_tag} for s in structures]
        common = set(tags[0]).intersection(*tags[1:])
        if len(common) != 1:
            raise UnclearType(
                f"The members of {name} need one Literal field that tells them apart."
            )
        tag = common.pop()
        self.types[name] = m.Union(
            name,
            tag,
            {
                typing.cast("m.Constants", fields[tag].type).values[0]: structure.name
                for fields, structure in zip(tags, structures, strict=True)
            },
            given=False,
            told=False,
        )
        return name

    def _noted(self, cls: type[BaseModel]) -> m.Structure:
        return typing.cast("m.Structure", self.types[self.note(cls)])


def _outline(cls: type[BaseModel]) -> m.Structure:
    closed = cls.model_config.get("extra") == "forbid"
    return m.Structure(cls.__name__, _doc(cls), None, (), (), closed, given=False, told=False)


def _doc(cls: type) -> str:
    """The docstring, one line a paragraph; fields are named as on the wire: `baseCommit`."""
    paragraphs = inspect.cleandoc(cls.__doc__ or "").split("\n\n")
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    if issubclass(cls, BaseModel):
        for name, info in cls.model_fields.items():
            text = text.replace(f"`{name}`", f"`{info.alias}`")
    return text


def _limits(info: FieldInfo, kind: m.Type) -> Iterator[tuple[str, int | float]]:
    for entry in info.metadata:
        if type(entry) in LIMITS:
            attribute, word = LIMITS[type(entry)]
        elif type(entry) in LENGTHS:
            attribute, end = LENGTHS[type(entry)]
            word = end + ("Items" if isinstance(kind, m.ListOf) else "Length")
        else:
            raise UnclearType(
                f"The bound {entry!r} is not known to tools/generate/read.py; add it."
            )
        yield word, getattr(entry, attribute)


@cache
def _declared() -> dict[frozenset[object], str]:
    """The names that modules of the protocol give to unions of models and to choices of words."""
    names: dict[frozenset[object], str] = {}
    for info in pkgutil.iter_modules(athena.protocol.__path__, "athena.protocol."):
        for name, value in vars(importlib.import_module(info.name)).items():
            is_annotated = typing.get_origin(value) is typing.Annotated
            bare = typing.get_args(value)[0] if is_annotated else value
            members = typing.get_args(bare)
            if _is_union_of_models(bare) or typing.get_origin(bare) is typing.Literal:
                names[frozenset(members)] = name
    return names


def _is_union_of_models(value: object) -> bool:
    return typing.get_origin(value) in (typing.Union, types.UnionType) and all(
        isinstance(member, type) and issubclass(member, BaseModel)
        for member in typing.get_args(value)
    )


def _reachable(known: dict[str, m.Named], roots: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        match known[name]:
            case m.Structure() as structure:
                # A base goes the same way as what is made of it.
                waiting += [structure.base] if structure.base is not None else []
                waiting += [n for field in structure.fields for n in _named_in(field.type)]
            case m.Union() as union:
                waiting += union.members.values()
            case m.Enumeration():
                pass


def _named_in(kind: m.Type) -> Iterator[str]:
    match kind:
        case m.Ref(name):
            yield name
        case m.ListOf(inner) | m.MapOf(inner):
            yield from _named_in(inner)
        case _:
            pass


def _directed(named: m.Named, given: bool, told: bool) -> m.Named:
    if isinstance(named, m.Enumeration):
        return named
    return replace(named, given=given, told=told)
