"""Whether clients and logs of the committed schema still work with a new one.

What clients give may only become wider, what Athena tells only narrower; new members, new words of
a choice and new kinds that Athena tells are no break, since clients must pass over what they do not
know. What is in the log stays there: a member that every new event has is missing in the old ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

Schema = Mapping[str, object]

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaks(old: Schema, new: Schema) -> list[str]:
    """What would break, in words; nothing when the protocol's version was raised."""
    if cast("int", new["x-protocol"]) > cast("int", old["x-protocol"]):
        return []
    return sorted(set(_breaks(old, new)))


def _breaks(old: Schema, new: Schema) -> Iterator[str]:
    given = _Comparison(old, new, given=True)
    told = _Comparison(old, new, given=False)
    for name, before, after in _pairs("x-methods", old, new):
        if after is None:
            yield f"{name} is gone"
        else:
            yield from given.compare(_at(before, "params"), _at(after, "params"), name)
            yield from told.compare(_at(before, "result"), _at(after, "result"), f"{name} result")
    for name, before, after in _pairs("x-notifications", old, new):
        if after is None:
            yield f"{name} is gone"
        else:
            yield from told.compare(_at(before, "params"), _at(after, "params"), name)
    for kind, before, after in _pairs("x-events", old, new):
        if after is None:
            yield f"event {kind} is gone, but logs have it"
        elif before["version"] == after["version"]:
            stored = replace(told, stored=True)
            yield from stored.compare(_at(before, "data"), _at(after, "data"), f"event {kind}")


def _pairs(table: str, old: Schema, new: Schema) -> Iterator[tuple[str, Schema, Schema | None]]:
    after = cast("Mapping[str, Schema]", new[table])
    for name, row in cast("Mapping[str, Schema]", old[table]).items():
        yield name, row, after.get(name)


def _at(schema: Schema, member: str) -> Schema:
    return cast("Schema", schema.get(member, {}))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Compares types in one direction. `stored`: what is told may be as old as the log."""

    old: Schema
    new: Schema
    given: bool
    stored: bool = False
    inside: frozenset[tuple[object, object]] = frozenset()

    def compare(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        """The breaks of one type and of all that it is made of."""
        pair = (before.get("$ref"), after.get("$ref"))
        if None not in pair:
            if pair in self.inside:
                return
            self = replace(self, inside=self.inside | {pair})
        old, new = _forms(self.old, before), _forms(self.new, after)
        if self.given:
            for form in old.keys() - new.keys() if "any" not in new else ():
                yield f"{where} takes no {form} any more"
        else:
            for form in new.keys() - old.keys() if "any" not in old else ():
                yield f"{where} may now be {form}"
        for form in old.keys() & new.keys():
            yield from self._form(form, old[form], new[form], where)

    def _form(self, form: str, before: Schema, after: Schema, where: str) -> Iterator[str]:
        if form == "union":
            yield from self._union(before, after, where)
        elif form == "array":
            yield from self.compare(_at(before, "items"), _at(after, "items"), f"{where}[]")
        elif form == "map":
            values = (_at(before, "additionalProperties"), _at(after, "additionalProperties"))
            yield from self.compare(*values, f"{where}{{}}")
        elif form == "object":
            yield from self._object(before, after, where)
        else:
            yield from self._words(before, after, where)
        if self.given:
            yield from _limits(before, after, where)

    def _object(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        old, new = _at(before, "properties"), _at(after, "properties")
        for name in old:
            if name not in new:
                yield f"{where}.{name} is gone"
            else:
                yield from self.compare(_at(old, name), _at(new, name), f"{where}.{name}")
        needed_before = set(cast("list[str]", before.get("required", ())))
        needed_after = set(cast("list[str]", after.get("required", ())))
        if self.given:
            for name in needed_after - needed_before:
                yield f"{where}.{name} must now be given"
        else:
            for name in (needed_before - needed_after) & new.keys():
                yield f"{where}.{name} may now be absent"
        if self.stored:
            for name in needed_after - old.keys():
                yield f"{where}.{name} is in all new events and in no old one"

    def _union(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        old, new = _members(self.old, before), _members(self.new, after)
        for tag in old.keys() - new.keys():
            if self.given or self.stored:
                yield f"{where} knows no {tag} any more"
        for tag in old.keys() & new.keys():
            yield from self.compare(old[tag], new[tag], f"{where}({tag})")

    def _words(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        old, new = _choice(before), _choice(after)
        if self.given and new is not None:
            for word in ("other words",) if old is None else sorted(old - new):
                yield f"{where} takes no {word} any more"
        if not self.given and old is not None and new is None:
            yield f"{where} may now be any text"


def _forms(document: Schema, schema: Schema) -> dict[str, Schema]:
    """The forms that a value may have, by name: `string`, `object`, `union`, …"""
    if isinstance(target := schema.get("$ref"), str):
        definitions = cast("Mapping[str, Schema]", document["$defs"])
        return _forms(document, definitions[target.rpartition("/")[2]])
    if "anyOf" in schema:
        options = cast("list[Schema]", schema["anyOf"])
        return {name: form for option in options for name, form in _forms(document, option).items()}
    if "oneOf" in schema:
        return {"union": schema}
    if "const" in schema:
        return {"string": schema}
    kinds = schema.get("type")
    if kinds is None:
        return {"any": schema}
    names = [kinds] if isinstance(kinds, str) else cast("list[str]", kinds)
    is_map = isinstance(schema.get("additionalProperties"), Mapping)
    return {"map" if name == "object" and is_map else name: schema for name in names}


def _members(document: Schema, union: Schema) -> dict[str, Schema]:
    """The members of a union by the words of their tags."""
    members: dict[str, Schema] = {}
    for member in cast("list[Schema]", union["oneOf"]):
        for properties in _forms(document, member).values():
            for field in cast("Mapping[str, Schema]", properties.get("properties", {})).values():
                if isinstance(tag := field.get("const"), str):
                    members[tag] = member
    return members


def _choice(schema: Schema) -> set[str] | None:
    if isinstance(only := schema.get("const"), str):
        return {only}
    values = schema.get("enum")
    return None if values is None else set(cast("list[str]", values))


def _limits(before: Schema, after: Schema, where: str) -> Iterator[str]:
    for names, sign in ((LOWER, 1), (UPPER, -1)):
        for name in names:
            old, new = cast("float | None", before.get(name)), cast("float | None", after.get(name))
            if new is not None and (old is None or new * sign > old * sign):
                yield f"{where} has a narrower {name}"
