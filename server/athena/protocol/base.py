"""The two kinds of wire object: what we are told (strict) and what we tell (open)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

_WIRE = ConfigDict(
    alias_generator=to_camel,
    populate_by_name=True,
    frozen=True,
    # Validators are built when a class is first used: a third of the time of a start.
    defer_build=True,
)


class Request(BaseModel):
    """Something a client sends. Unknown fields are refused, so that a typing error is noticed."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
    )


class Record(BaseModel):
    """Something that is stored or answered. Fields of a newer writer survive a round trip."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        frozen=True,
        defer_build=True,
    )

    def wire(self) -> dict[str, object]:
        """The JSON form: camelCase, absent where null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Empty(Request):
    """The parameters of a method that takes none."""


class Done(Record):
    """The result of a method that has nothing to say but that it was done."""
