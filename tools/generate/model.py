"""The protocol as the generators see it: named types, methods, events, nothing of pydantic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from athena.protocol.command import Command


@dataclass(frozen=True, slots=True)
class Scalar:
    """A JSON value without a name; `any` is any JSON at all."""

    kind: Literal["string", "integer", "number", "boolean", "any"]


@dataclass(frozen=True, slots=True)
class Constants:
    """One of a few strings, where that choice has no name of its own."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A named type."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose keys are data."""

    value: Type


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A value of one of several scalar types."""

    options: tuple[Type, ...]


Type = Scalar | Constants | Ref | ListOf | MapOf | AnyOf


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an object, under its name on the wire.

    `required` has no default. `default` is the JSON value taken when it is absent. A `nullable` one
    is left away by Athena where it has no value. `limits` are JSON Schema's words for bounds.
    """

    name: str
    type: Type
    required: bool
    nullable: bool
    default: object
    limits: Mapping[str, int | float]

    @property
    def is_tag(self) -> bool:
        """Whether it tells which member of a union an object is."""
        return isinstance(self.type, Constants) and len(self.type.values) == 1


@dataclass(frozen=True, slots=True)
class Structure:
    """An object. `given` to Athena by a client, `told` to a client by Athena, or both.

    `own` are the fields that `base` does not have. A `closed` one takes no unknown fields.
    """

    name: str
    doc: str
    base: str | None
    fields: tuple[Field, ...]
    own: tuple[Field, ...]
    closed: bool
    given: bool
    told: bool

    def may_lack(self, field: Field) -> bool:
        """Whether the object may come, or be sent, without this field."""
        if field.is_tag:
            return False
        return (self.given and not field.required) or (self.told and field.nullable)


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One of a few strings, with a name."""

    name: str
    doc: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """An object of one of several kinds. Its field `tag` has the value that leads to each."""

    name: str
    tag: str
    members: Mapping[str, str]
    given: bool
    told: bool


Named = Structure | Enumeration | Union
T = TypeVar("T", Structure, Enumeration, Union)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method that a client calls; `params` and `result` name structures."""

    name: str
    params: str
    result: str
    lane: str
    summary: str

    @property
    def noun(self) -> str:
        """What it is about."""
        return self.name.split("/")[1]

    @property
    def verb(self) -> str:
        """What it does with it."""
        return self.name.split("/")[2]


@dataclass(frozen=True, slots=True)
class Signal:
    """A notification that Athena sends."""

    name: str
    params: str
    droppable: bool
    summary: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: `data` names the structure of its payload."""

    kind: str
    version: int
    data: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An error code."""

    name: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Model:
    """All of the protocol. `types` are in the order of their names."""

    version: int
    types: Mapping[str, Named]
    operations: tuple[Operation, ...]
    signals: tuple[Signal, ...]
    events: tuple[EventKind, ...]
    faults: tuple[Fault, ...]
    commands: tuple[Command, ...]

    def all(self, kind: type[T]) -> Iterator[T]:
        """The types of one sort."""
        return (named for named in self.types.values() if isinstance(named, kind))

    def structure(self, name: str) -> Structure:
        """The structure of this name."""
        found = self.types[name]
        assert isinstance(found, Structure)
        return found

    def unions_of(self, name: str) -> Iterator[tuple[Union, str]]:
        """The unions that a structure belongs to, each with the tag's value."""
        for union in self.all(Union):
            for value, member in union.members.items():
                if member == name:
                    yield union, value
